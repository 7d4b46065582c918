"""How the house can be unwell."""

from gatehouse.core.errors import Unavailable


class Unhealthy(Unavailable):
    """``details`` says which part is down."""

    message = "The service is not healthy."
