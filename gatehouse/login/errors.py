"""How coming in can fail, beside a wrong credential."""

from gatehouse.core.errors import Conflict, Forbidden


class RegistrationClosed(Forbidden):
    message = "Registration is closed here. Ask the people who run this service for an account."


class SignedInAlready(Conflict):
    message = "Somebody is signed in with this browser. Sign out first."
