"""Telling applications that a session ended (OpenID Connect Back-Channel Logout 1.0)."""

from datetime import datetime, timedelta
from functools import lru_cache
from http import HTTPStatus
from time import monotonic
from urllib.parse import urlencode
from uuid import UUID

from gatehouse.audit.service import record, record_attempt
from gatehouse.clients.queries import KnownClient, find_client_by_id
from gatehouse.core.addresses import Limits
from gatehouse.core.context import Context
from gatehouse.core.forms import FORM
from gatehouse.core.outbound import AddressRefused, NotReached, Outbound
from gatehouse.core.reactions import GivenUp, Postponed, Received
from gatehouse.oidc_provider.events import LogoutDelivered, LogoutDue, LogoutFailed
from gatehouse.oidc_provider.service.subjects import may_be_told_at
from gatehouse.oidc_provider.service.tokens import issuer_of
from gatehouse.signing_keys.service import sign

TYPE = "logout+jwt"  # 2.4
EVENT = "http://schemas.openid.net/event/backchannel-logout"
LIFE = timedelta(seconds=120)
LIMITS = Limits(connect=5.0, read=5.0, total=5.0, body=64 * 1024)
REST = 4.0  # seconds in which nobody of this process asks again who did not answer
PUT_OFF = timedelta(seconds=30)  # what came up in that time
MOST_RESTING = 1000


def logout_token(
    ctx: Context, client: KnownClient, event: LogoutDue, message: Received, now: datetime
) -> str:
    """A token as in 2.4. Its name is that of the message: who is told twice can know it."""
    issued = int(now.timestamp())
    claims = {
        "iss": issuer_of(ctx.runtime),
        "aud": client.client_id,
        "iat": issued,
        "exp": issued + int(LIFE.total_seconds()),
        "jti": str(message.id),
        "events": {EVENT: {}},
        "sid": str(event.sid),
    }
    if may_be_told_at(client, client.options.backchannel_logout_uri or ""):
        claims["sub"] = event.sub
    return sign(ctx.runtime, claims, alg=client.options.id_token_signed_response_alg, typ=TYPE)


def tell(ctx: Context, event: LogoutDue, message: Received) -> None:
    """Post the token to the client, and put on record what came of it.

    Before the transaction begins. Raises what lets the message come up again, or GivenUp.
    """
    client = find_client_by_id(ctx.runtime, event.client_row_id)
    uri = client.options.backchannel_logout_uri if client is not None else None
    if client is None or not client.is_usable or not uri:
        return
    if resting().get(client.id, 0) > monotonic():
        raise Postponed(PUT_OFF)
    ctx.stay_out_of_the_transaction()
    outbound = Outbound.of(ctx.settings)
    token = logout_token(ctx, client, event, message, ctx.now)
    try:
        answer = outbound.send(
            "POST",
            uri,
            headers={"Content-Type": FORM, "Accept": "application/json"},
            content=urlencode({"logout_token": token}).encode(),
            schemes=outbound.schemes_for(uri),
            limits=LIMITS,
        )
    except AddressRefused as error:
        _failed(ctx, event, "address_refused", is_final=True)
        raise GivenUp(str(error)) from error
    except NotReached:
        _let_rest(client.id)
        if not message.is_retry:
            _failed(ctx, event, "no_answer", is_final=False)
        raise
    _judge(ctx, event, message, answer.status)


def _judge(ctx: Context, event: LogoutDue, message: Received, status: int) -> None:
    """2xx is heard, 400 is no for good (2.8); all else is a trouble that may pass."""
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        done = LogoutDelivered(
            org_id=event.org_id,
            user_id=event.user_id,
            client_row_id=event.client_row_id,
            sid=event.sid,
        )
        record(ctx, done)
        return
    if status == HTTPStatus.BAD_REQUEST:
        _failed(ctx, event, "refused", is_final=True)
        raise GivenUp("It refused the logout token: 400.")
    if not message.is_retry:
        _failed(ctx, event, f"status_{status}", is_final=False)
    raise NotReached(f"It answered the logout token with {status}.")


def _failed(ctx: Context, event: LogoutDue, reason: str, *, is_final: bool) -> None:
    failed = LogoutFailed(
        org_id=event.org_id,
        user_id=event.user_id,
        client_row_id=event.client_row_id,
        sid=event.sid,
        reason=reason,
        is_final=is_final,
    )
    record_attempt(ctx, failed)


def _let_rest(client_id: UUID) -> None:
    known = resting()
    if len(known) >= MOST_RESTING:
        known.clear()
    known[client_id] = monotonic() + REST


@lru_cache(maxsize=1)
def resting() -> dict[UUID, float]:
    """Until when whom is left alone: a dead receiver costs a thread its time once in a while."""
    return {}
