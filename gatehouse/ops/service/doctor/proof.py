"""Proving to our own service that the doctor asks, and to the doctor that our own service answers.

Both know SECRET_KEY. So nobody else can ask the service what it sees, and no other service can
pass for ours.
"""

from datetime import datetime, timedelta

from gatehouse.core.crypto import fingerprint, same

LIFE = timedelta(minutes=10)  # Also how far two clocks may be apart.


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
