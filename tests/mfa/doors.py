"""The ways to use and to register a passkey, and what a refusal leaves behind."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import select

from gatehouse.mfa.models import Passkey
from gatehouse.sessions.models import Session
from tests.audit.record import entry_of
from tests.mfa.lies import Lie
from tests.mfa.owners import BEGIN, REAUTHENTICATE, KeyOwner

Sent = Callable[[Any], Any]
Door = Callable[[KeyOwner], tuple[Any, Sent]]


def alone(holder: KeyOwner) -> tuple[Any, Sent]:
    return holder.asked(), holder.use


def by_address(holder: KeyOwner) -> tuple[Any, Sent]:
    return holder.asked(email=holder.user.email), holder.use


def second(holder: KeyOwner) -> tuple[Any, Sent]:
    token = holder.begin()["mfa_token"]
    return holder.asked(mfa_token=token), lambda answer: holder.use(answer, mfa_token=token)


def confirming(holder: KeyOwner) -> tuple[Any, Sent]:
    options = holder.http.post(BEGIN, json={}, headers=holder.headers).json
    return options, lambda answer: holder.http.post(
        REAUTHENTICATE, json={"passkey": answer}, headers=holder.headers
    )


def registering(holder: KeyOwner) -> tuple[Any, Sent]:
    return holder.options(), holder.send


DOORS = {"alone": alone, "address": by_address, "second": second, "confirming": confirming}
SIGN_IN, FACTOR = "auth.sign_in_refused", "mfa.refused"
ACTIONS = {"alone": SIGN_IN, "address": SIGN_IN, "second": FACTOR, "confirming": FACTOR}


def kept(holder: KeyOwner) -> list[Any]:
    """All that an answer could change."""
    with holder.runtime.reading() as db:
        keys = db.execute(select(Passkey.__table__).where(Passkey.user_id == holder.user.id))
        sessions = select(Session.id, Session.amr, Session.auth_time, Session.mfa_time)
        theirs = db.execute(sessions.where(Session.user_id == holder.user.id).order_by(Session.id))
        return [*keys.all(), *theirs.all()]


def outcome(holder: KeyOwner, reply: Any) -> tuple[Any, ...]:
    """What was answered, and what the record says of it. There is no secret in either."""
    entry = entry_of(holder.http, reply)
    assert set(entry.details) == {"reason"}
    assert entry.success is False
    return reply.status_code, reply.json["error"]["details"], entry.action, entry.details["reason"]


def refused(status: int, reason: str, action: str, why: str = "") -> tuple[Any, ...]:
    return status, {"reason": reason}, action, f"passkey_{why or reason}"


def is_spent(reply: Any) -> bool:
    return reply.json["error"].get("details") == {"reason": "wrong_challenge"}


def told(holder: KeyOwner, lie: Lie, options: Any) -> Any:
    return holder.key.lying(**lie.tell(options))
