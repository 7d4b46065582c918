"""An application asks that a person signs out here as well (OpenID Connect RP-Initiated Logout).

What it asks is read and kept first; who it is about is looked at on a page of ours, which a form of
another site cannot know (RP-Initiated Logout 6).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import quote
from uuid import UUID

from sqlalchemy import select

from gatehouse.clients.queries import KnownClient, find_client_by_id
from gatehouse.core.context import Context
from gatehouse.core.languages import wishes_of
from gatehouse.core.protocol import InvalidRequest, read_parameters
from gatehouse.core.rendering import origin_of
from gatehouse.core.sayings import _
from gatehouse.core.showing import Destination
from gatehouse.core.tokens import hash_token, mint
from gatehouse.grants.models import ClientSession
from gatehouse.login.service import sign_out
from gatehouse.oidc_provider import errors
from gatehouse.oidc_provider.models import RequestKind, StoredRequest
from gatehouse.oidc_provider.queries import find_kept
from gatehouse.oidc_provider.rules.asked import LONGEST_STATE
from gatehouse.oidc_provider.service.authorize import known_client
from gatehouse.oidc_provider.service.hints import claims_of_hint
from gatehouse.oidc_provider.service.kept import use_up

HANDLE = "gfo_"
LIFE = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Leaving:
    """What an application asks: ``back`` is where it wants the browser led afterwards, if anywhere.

    ``is_proven``: it showed an ID token of ours. ``may_skip``: nobody has to be asked.
    """

    row: StoredRequest
    client: KnownClient
    back: str
    is_proven: bool
    may_skip: bool


def begin_logout(ctx: Context, raw: bytes, browser: str) -> str | None:
    """Keep the request and give its handle; None if no application is known by it.

    Raises NotLedOn where an application is known and asks for what it may not.
    """
    try:
        sent, _several = read_parameters(raw)
    except InvalidRequest:
        raise errors.NotLedOn(_("It sent something unreadable."), reason="unreadable") from None
    hint = sent.get("id_token_hint")
    claims = claims_of_hint(ctx, hint) if hint else {}
    if claims is None:
        return None
    client = _client_of(ctx, sent.get("client_id"), claims)
    if client is None:
        return None
    handle = mint(HANDLE)
    ctx.db.add(
        StoredRequest(
            handle_hash=hash_token(handle),
            kind=RequestKind.LOGOUT,
            client_row_id=client.id,
            params={
                "back": _address_of(client, sent),
                "is_proven": bool(claims),
                "sid": claims.get("sid"),
                "ui_locales": wishes_of(sent.get("ui_locales")),
            },
            browser=browser,
            created_at=ctx.now,
            expires_at=ctx.now + LIFE,
        )
    )
    return handle


def find_leaving(ctx: Context, handle: str, browser: str) -> Leaving:
    """A request of this browser that nobody has answered. Raises WayOver."""
    row = find_kept(ctx, RequestKind.LOGOUT, handle, HANDLE)
    client = find_client_by_id(ctx.runtime, row.client_row_id) if row is not None else None
    if row is None or row.browser != browser or client is None or not client.is_usable:
        raise errors.WayOver
    is_free = client.is_trusted or client.options.skip_logout_confirmation
    may_skip = is_free and _is_of_this_session(ctx, row.params.get("sid"))
    return Leaving(row, client, row.params["back"], row.params["is_proven"], may_skip)


def leave(ctx: Context, leaving: Leaving) -> None:
    """Sign out: the session of this browser ends, and what hangs on it. Raises WayOver if that was
    answered already.
    """
    if not use_up(ctx, leaving.row.id):
        raise errors.WayOver
    sign_out(ctx)


def destination_of(ctx: Context, handle: str) -> Destination | None:
    """Where the way out leads, for what the page says and the browser allows."""
    row = find_kept(ctx, RequestKind.LOGOUT, handle, HANDLE)
    client = find_client_by_id(ctx.runtime, row.client_row_id) if row is not None else None
    if row is None or client is None:
        return None
    back = row.params["back"]
    return Destination(
        name=client.name,
        organization=client.org_name,
        origin=origin_of(back) if back else "",
        logo_uri=client.options.logo_uri,
        ui_locales=tuple(row.params.get("ui_locales", ())),
    )


def _client_of(
    ctx: Context, client_id: str | None, claims: Mapping[str, Any]
) -> KnownClient | None:
    """Whom the hint, or the application itself, names; they have to be the same (3)."""
    hinted = str(claims["aud"]) if claims else None
    named = hinted or client_id
    if named is None:
        return None
    if client_id is not None and client_id != named:
        raise errors.NotLedOn(
            _("It showed what belongs to another application."),
            reason="hint_of_another_client",
            client_id=client_id,
        )
    return known_client(ctx, named)


def _address_of(client: KnownClient, sent: dict[str, str]) -> str:
    """Where the browser goes afterwards: letter by letter as registered, and the state (3)."""
    address, state = sent.get("post_logout_redirect_uri"), sent.get("state")
    if address is None:
        return ""
    is_known = address in client.options.post_logout_redirect_uris
    if not is_known or len(state or "") > LONGEST_STATE:
        raise errors.NotLedOn(
            _(
                "The address that it wants you led to afterwards is not registered for it. You can"
                " still sign out on the start page."
            ),
            reason="wrong_post_logout_redirect_uri",
            client_id=client.client_id,
            uri=address,
        )
    if state is None:
        return address
    return f"{address}{'&' if '?' in address else '?'}state={quote(state, safe='')}"


def _is_of_this_session(ctx: Context, sid: str | None) -> bool:
    if sid is None or ctx.actor.session_id is None:
        return False
    place = select(ClientSession.session_id).where(ClientSession.id == UUID(sid))
    return bool(ctx.db.scalar(place) == ctx.actor.session_id)
