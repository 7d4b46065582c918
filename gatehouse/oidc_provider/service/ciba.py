"""A client asks for a person by its back channel (OpenID Connect CIBA Core 7), and then polls."""

from datetime import timedelta
from typing import Any
from unicodedata import category
from uuid import UUID

from sqlalchemy import select, update
from uuid_utils.compat import uuid7

from gatehouse.accounts.models import AccountStatus, User
from gatehouse.accounts.rules import email_key
from gatehouse.audit.service import record
from gatehouse.clients.errors import UnauthorizedClient
from gatehouse.clients.queries import KnownClient
from gatehouse.core.context import Context
from gatehouse.core.db import insert_unless_there
from gatehouse.core.protocol import Call, InvalidRequest
from gatehouse.core.rate_limit import count, parse
from gatehouse.core.tokens import hash_token, mint
from gatehouse.oidc_provider.errors import InvalidBindingMessage, InvalidScope
from gatehouse.oidc_provider.events import AccessAsked
from gatehouse.oidc_provider.models import DeviceRequest, DeviceStatus
from gatehouse.oidc_provider.rules.asked import scopes_of
from gatehouse.oidc_provider.rules.details import refuse_details
from gatehouse.oidc_provider.rules.devices import INTERVAL, LIFE
from gatehouse.oidc_provider.service.admission import may_enter
from gatehouse.oidc_provider.service.hints import sub_of_hint
from gatehouse.oidc_provider.service.resources import check_resources
from gatehouse.oidc_provider.service.subjects import user_of_sub

CIBA_GRANT = "urn:openid:params:grant-type:ciba"
CIBA = "gbr_"
KIND = "ciba"
HINTS = ("login_hint", "id_token_hint", "login_hint_token")
NOT_TAKEN = ("request", "login_hint_token")
LONGEST_MESSAGE = 64
LONGEST_AGENT = 255
MOST_WAITING = 3  # of one client for one person: whoever asks more wants to tire them out
ASKED = parse("60/minute;1000/hour")  # of one client


def begin_ciba(ctx: Context, call: Call, client: KnownClient) -> dict[str, Any]:
    """Keep a request for whoever is meant, and give its name (CIBA Core 7.3).

    Nobody learns here who has an account: a request that is for nobody, or for somebody who may not
    use the client, waits like any other, and no one ever answers it.
    """
    if CIBA_GRANT not in client.options.grant_types or client.options.is_public:
        raise UnauthorizedClient
    _limit(ctx, client)
    sent, options = call.sent, client.options
    for name in NOT_TAKEN:
        if name in sent:
            raise InvalidRequest(f"The parameter {name} is not supported.")
    refuse_details(sent)
    scopes = scopes_of(call.need("scope"), options.scopes, ())  # It has to be sent (CIBA Core 7.1).
    if "openid" not in scopes:
        raise InvalidScope("The scope openid is missing.")
    message = message_of(sent.get("binding_message"))
    seconds = seconds_of(sent.get("requested_expiry"))
    resources = check_resources(ctx, client, call.several.get("resource", []))
    params = {"scopes": list(scopes), "resources": list(resources), "message": message}
    user_id, code = _asked_person(ctx, client, sent), mint(CIBA)
    row = _row(ctx, client, params, seconds) | {"code_hash": hash_token(code)}
    if user_id is not None and _waits_for(ctx, client, user_id, row):
        event = AccessAsked(
            org_id=client.org_id,
            user_id=user_id,
            client_row_id=client.id,
            request_id=row["id"],
            scopes=scopes,
        )
        record(ctx, event)
    else:
        insert_unless_there(ctx.db, DeviceRequest, row)
    return {"auth_req_id": code, "expires_in": seconds, "interval": INTERVAL}


def _row(ctx: Context, client: KnownClient, params: dict[str, Any], seconds: int) -> dict[str, Any]:
    return {
        "id": uuid7(),
        "kind": KIND,
        "client_row_id": client.id,
        "params": params,
        "status": DeviceStatus.PENDING,
        "ip": ctx.origin.ip,
        "user_agent": (ctx.origin.user_agent or "")[:LONGEST_AGENT] or None,
        "interval": INTERVAL,
        "created_at": ctx.now,
        "expires_at": ctx.now + timedelta(seconds=seconds),
    }


def _waits_for(ctx: Context, client: KnownClient, user_id: UUID, row: dict[str, Any]) -> bool:
    """Write the request down in one of the places that this client has with the person: a unique
    index gives each to one of those that wait. Whoever asks more is not heard.
    """
    over = update(DeviceRequest).where(
        DeviceRequest.client_row_id == client.id,
        DeviceRequest.user_id == user_id,
        DeviceRequest.place.is_not(None),
        DeviceRequest.status == DeviceStatus.PENDING,
        DeviceRequest.expires_at <= ctx.now,
    )
    ctx.execute(over.values(place=None).execution_options(synchronize_session=False))
    places = ({**row, "user_id": user_id, "place": place} for place in range(MOST_WAITING))
    return any(insert_unless_there(ctx.db, DeviceRequest, each) for each in places)


def message_of(text: str | None) -> str | None:
    """What both sides show, so that the person can compare. Raises InvalidBindingMessage."""
    if text is None:
        return None
    is_plain = all(category(sign)[0] in "LNPS" or sign == " " for sign in text)
    if not is_plain or not 0 < len(text.strip()) <= LONGEST_MESSAGE:
        raise InvalidBindingMessage
    return text.strip()


def seconds_of(text: str | None) -> int:
    """How long the request waits: ten minutes, or less if the client wants it so."""
    most = int(LIFE.total_seconds())
    if text is None:
        return most
    if not (text.isascii() and text.isdigit() and int(text[:9]) > 0):
        raise InvalidRequest("The parameter requested_expiry is a number of seconds.")
    return min(int(text[:9]), most)


def _asked_person(ctx: Context, client: KnownClient, sent: dict[str, str]) -> UUID | None:
    """Whom the one hint names (7.1), if they can be asked."""
    if sum(name in sent for name in HINTS) != 1:
        raise InvalidRequest("Send either login_hint or id_token_hint.")
    if "id_token_hint" in sent:
        user_id = user_of_sub(ctx, client, sub_of_hint(ctx, client, sent["id_token_hint"]))
        named = User.id == user_id
    else:
        named = User.email_key == email_key(sent["login_hint"])
    found: UUID | None = ctx.db.scalar(
        select(User.id).where(named, User.status == AccountStatus.ACTIVE, User.deleted_at.is_(None))
    )
    if found is None or not may_enter(ctx, client, found):
        return None
    return found


def _limit(ctx: Context, client: KnownClient) -> None:
    if ctx.settings.ratelimit_enabled:
        ctx.stay_out_of_the_transaction()
        name = f"ciba-begin:{client.id}"
        count(ctx.runtime.store, name, ASKED, ctx.now.timestamp()).refuse_if_over()
