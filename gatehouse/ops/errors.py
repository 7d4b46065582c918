"""How the house can be unwell."""

from gatehouse.core.errors import Unavailable


class Unhealthy(Unavailable):
    """``details`` says which part is down."""

    message = "The service is not healthy."


class NoSchema(Unhealthy):
    """The database answers, and lacks tables of this version."""

    message = (
        "The database does not have the schema of this version."
        " Whoever runs the service: python manage.py db upgrade. If that refuses,"
        " python manage.py doctor says what to do."
    )
