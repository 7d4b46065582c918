"""What a database says when it refuses, in a line, and what to do about it."""

from sqlalchemy.exc import DBAPIError

NO_SCHEMA = "Is it there, and up to date? python manage.py db upgrade brings the schema up."
NO_HOST = "DATABASE_URL must name a host that can be found."
# What to do, by a part of what the database says.
REMEDIES = {
    "not a database": "DATABASE_URL names a file of another kind. Name another, or move it away.",
    "unable to open": "DATABASE_URL must name a file, in a folder that you may write to.",
    "already exists": "It holds tables without the note of their version. Name an empty database.",
    "password authentication": "DATABASE_URL must hold the password that the server knows.",
    "onnection refused": "DATABASE_URL must name a server that runs, and its port.",
    "could not translate": NO_HOST,
    "failed to resolve": NO_HOST,
    "timeout expired": "DATABASE_URL must name a server that can be reached from here.",
    "closed the connection": "DATABASE_URL must name a PostgreSQL server, and its port.",
    "FATAL:  database": "DATABASE_URL must name a database that is there: createdb makes one.",
    "readonly": "DATABASE_URL must name a file that you may write to.",
}


def cause_of(error: DBAPIError) -> str:
    """The first line of what the database says."""
    return (str(error.orig).strip().splitlines() or [type(error.orig).__name__])[0]


def remedy_for(error: DBAPIError, otherwise: str = NO_SCHEMA) -> str:
    cause = cause_of(error)
    return next((text for part, text in REMEDIES.items() if part in cause), otherwise)
