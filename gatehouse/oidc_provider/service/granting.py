"""From a granted request to a code: the grant, the client's place in the session, the code."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from uuid_utils.compat import uuid7

from gatehouse.audit.service import record
from gatehouse.clients.queries import KnownClient
from gatehouse.clients.service import note_use
from gatehouse.core.assurance import acr_of
from gatehouse.core.context import Context
from gatehouse.core.db import insert_unless_there
from gatehouse.core.tokens import hash_token, mint
from gatehouse.grants.models import ClientSession, Grant
from gatehouse.grants.service import agree, living_grant
from gatehouse.grants.service.consents import Agreed, is_remembered
from gatehouse.oidc_provider.events import ClientSignedIn
from gatehouse.oidc_provider.models import AuthorizationCode
from gatehouse.oidc_provider.rules.asked import Asked
from gatehouse.oidc_provider.service.admission import place_named

CODE = "gac_"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The person behind the session that carries the request."""

    user_id: UUID
    session_id: UUID
    auth_time: datetime
    amr: tuple[str, ...]


def signed_in(ctx: Context) -> SignedIn | None:
    actor = ctx.actor
    if actor.client_row_id is not None:  # An application acts for them: it signs nobody in.
        return None
    if actor.user_id is None or actor.session_id is None or actor.auth_time is None:
        return None
    return SignedIn(actor.user_id, actor.session_id, actor.auth_time, actor.amr)


def wishes_of(ctx: Context, user_id: UUID, asked: Asked) -> Agreed:
    """What a grant has to hold for this request of a person."""
    place = _place(ctx, user_id, asked)
    places = [str(place)] if place else []
    return Agreed(asked.scopes, asked.claim_names(), asked.resources, asked.details, places)


def covers(ctx: Context, grant: Grant | None, asked: Asked) -> bool:
    """Whether a person agreed to all of it, and the answer is still remembered."""
    if grant is None or not is_remembered(grant, ctx.now):
        return False
    return wishes_of(ctx, grant.user_id, asked).is_within(grant)


def give_grant(
    ctx: Context, client: KnownClient, person: SignedIn, asked: Asked, *, agrees: bool
) -> Grant:
    """The grant that tokens will live by. ``agrees``: the person has just said yes to it."""
    lasting = timedelta(seconds=client.options.consent_lifetime)
    there = living_grant(ctx, person.user_id, client.id)
    if there is not None and not agrees and covers(ctx, there, asked):
        return there
    wishes = wishes_of(ctx, person.user_id, asked)
    return agree(ctx, person.user_id, client.id, wishes, lasting=lasting, is_asked=agrees)


def place_in_session(ctx: Context, client: KnownClient, session_id: UUID) -> UUID:
    """The ``sid`` by which a client knows this session."""
    values = {"id": uuid7(), "created_at": ctx.now}
    place = {"session_id": session_id, "client_row_id": client.id}
    if insert_unless_there(ctx.db, ClientSession, values | place):
        return values["id"]  # type: ignore[return-value]
    found: UUID | None = ctx.db.scalar(select(ClientSession.id).filter_by(**place))
    if found is None:
        raise RuntimeError("The place was there a moment ago.")
    return found


def issue_code(ctx: Context, client: KnownClient, asked: Asked, grant: Grant) -> str:
    """Write a code down by its hash, and give it."""
    person = signed_in(ctx)
    if person is None:
        raise RuntimeError("Nobody is signed in.")
    code, grant.used_at = mint(CODE), ctx.now
    sid = place_in_session(ctx, client, person.session_id)
    ctx.db.add(
        AuthorizationCode(
            code_hash=hash_token(code),
            grant_id=grant.id,
            client_row_id=client.id,
            user_id=person.user_id,
            sid=sid,
            redirect_uri=asked.redirect_uri,
            params=params_of(asked, person, place=_place(ctx, person.user_id, asked)),
            auth_time=person.auth_time,
            created_at=ctx.now,
            expires_at=ctx.now + timedelta(seconds=client.options.code_seconds),
        )
    )
    event = ClientSignedIn(
        org_id=client.org_id,
        user_id=person.user_id,
        client_row_id=client.id,
        session_id=person.session_id,
        scopes=asked.scopes,
    )
    record(ctx, event)
    note_use(ctx, client.id, "sign_in")
    return code


def _place(ctx: Context, user_id: UUID, asked: Asked) -> UUID | None:
    return place_named(ctx, user_id, asked.organization) if asked.organization else None


def params_of(asked: Asked, person: SignedIn, *, place: UUID | None = None) -> dict[str, Any]:
    """What the tokens of this request will carry. ``place`` is the organization it is for."""
    said: dict[str, Any] = {
        "scopes": list(asked.scopes),
        "nonce": asked.nonce,
        "claims": dict(asked.claims),
        "resources": list(asked.resources),
        "details": list(asked.details),
        "challenge": asked.challenge,
        "jkt": asked.dpop_jkt,
        "organization": str(place) if place else None,
        "acr": acr_of(person.amr),
        "amr": list(person.amr),
    }
    return {name: value for name, value in said.items() if value}
