"""Proving to our own service that the doctor asks, and to the doctor that our own service answers.

Both know SECRET_KEY. So nobody else can ask the service what it sees, and no other service can
pass for ours.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError

from gatehouse.core.crypto import fingerprint, same
from gatehouse.core.db import missing_file
from gatehouse.core.runtime import Runtime

LIFE = timedelta(minutes=10)  # Also how far two clocks may be apart.
MARK_LIFE = 60  # seconds


def make_proof(secret: str, now: datetime) -> str:
    moment = str(int(now.timestamp()))
    return f"{moment}.{fingerprint(secret, 'doctor asks', moment)}"


def is_ours(secret: str, proof: str, now: datetime) -> bool:
    moment, _, told = proof.partition(".")
    if not moment.isascii() or not moment.isdigit() or len(moment) > len("9999999999"):
        return False
    is_fresh = abs(now.timestamp() - int(moment)) <= LIFE.total_seconds()
    return is_fresh and same(told, fingerprint(secret, "doctor asks", moment))


def answer_to(secret: str, proof: str) -> str:
    return fingerprint(secret, "doctor is answered", proof)


@contextmanager
def mark_left(runtime: Runtime, proof: str) -> Iterator[bool]:
    """Leave a mark in our database for the service to find in its own. False: it took none."""
    is_left = False
    with suppress(SQLAlchemyError):
        if missing_file(runtime.settings.database_url) is None:
            is_left = runtime.guards.put(_mark(runtime, proof), b"", MARK_LIFE)
    try:
        yield is_left
    finally:
        if is_left:
            runtime.guards.delete(_mark(runtime, proof))


def find_mark(runtime: Runtime, proof: str) -> bool:
    """Whether this is the database in which whoever asks has left a mark."""
    try:
        return runtime.guards.get(_mark(runtime, proof)) is not None
    except SQLAlchemyError:
        return False


def _mark(runtime: Runtime, proof: str) -> str:
    return f"doctor:{fingerprint(runtime.settings.secret_key, 'doctor was here', proof)}"
