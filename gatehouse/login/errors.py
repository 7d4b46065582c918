"""How coming in can fail, beside a wrong credential."""

from gatehouse.core.errors import Forbidden


class RegistrationClosed(Forbidden):
    message = "Registration is closed here. Ask the people who run this service for an account."
