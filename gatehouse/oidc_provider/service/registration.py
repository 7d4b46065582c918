"""Clients that register themselves, and look after their own registration (RFC 7591, 7592)."""

from collections.abc import Mapping
from dataclasses import dataclass
from hmac import compare_digest
from http import HTTPStatus
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from gatehouse.audit.service import record
from gatehouse.clients.events import ClientChanged
from gatehouse.clients.models import Client
from gatehouse.clients.permissions import ClientPermission
from gatehouse.clients.queries import LONGEST_NAME, find_client
from gatehouse.clients.rules import holds, options_of, plain, problems_of
from gatehouse.clients.service import registering
from gatehouse.clients.service.checking import OF_TRUST, scene_of
from gatehouse.clients.service.managing import apply, remove, secret_for
from gatehouse.clients.service.sectors import document_problem
from gatehouse.clients.service.writing import add_client, refuse_one_too_many
from gatehouse.core.access import check_permission
from gatehouse.core.context import Context
from gatehouse.core.errors import NotFound
from gatehouse.core.identifiers import CANONICAL
from gatehouse.core.tokens import hash_token, is_well_formed, mint
from gatehouse.oidc_provider.errors import (
    AccessDenied,
    InvalidClientMetadata,
    InvalidRedirectUri,
    InvalidToken,
)
from gatehouse.oidc_provider.rules.registration import (
    METADATA,
    metadata_of,
    name_of,
    settings_of,
)
from gatehouse.oidc_provider.service.tokens import issuer_of
from gatehouse.organizations.models import Organization
from gatehouse.organizations.service import find_and_lock, hold_as

ACCESS = "gra_"
OF_REDIRECTS = ("redirect_uris", "post_logout_redirect_uris")
SCOPES = "scopes"
# Members of our answers that no client sends back (RFC 7592 2.2).
GIVEN = (
    *("registration_access_token", "registration_client_uri", "client_id_issued_at"),
    "client_secret_expires_at",
)
SWITCHED_OFF = (
    "Programs cannot register themselves here: an admin makes the client, see docs/clients.md."
)
NEEDS_INITIAL = (
    "Send an initial access token: Authorization: Bearer gia_... An admin of the organization makes"
    " one, or an operator."
)
ORGANIZATION = "organization_id"
AN_ID = (
    "Name the organization that gets the client by its id, such as"
    " 01890a5d-ac96-774b-bcce-b302099a8057."
)
OF_ANOTHER = "This initial access token is not of that organization. Leave it out."
NEEDS_ITS_OWN = (
    "Send the registration_access_token that the last answer had: Authorization: Bearer gra_..."
)
# One text, whether there is such a client, it is switched off, or the token is an older one.
NOT_ITS_OWN = (
    "This is not the registration access token of this client. Each PUT gives another, and ends the"
    " one before it."
)

Sent = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Registered:
    """A client, with what it is told this once."""

    client: Client
    access: str
    secret: str | None


def refuse_where_it_is_off(ctx: Context) -> None:
    if ctx.settings.oidc.registration == "off":
        raise NotFound(SWITCHED_OFF)


def organization_of(sent: Sent) -> UUID | None:
    """The organization that is named to get the client. Raises InvalidClientMetadata."""
    named = sent.get(ORGANIZATION)
    if named is None:
        return None
    if not isinstance(named, str) or not CANONICAL.fullmatch(named):
        raise InvalidClientMetadata(f"{ORGANIZATION}: {AN_ID}")
    return UUID(named)


def register(ctx: Context, token: str | None, sent: Sent) -> dict[str, Any]:
    """Register a client (RFC 7591 3), by an initial access token, or as the person who calls and
    manages the clients of the organization that they name; else as nobody, where that may be.

    Raises InvalidToken, InvalidClientMetadata, AccessDenied, TooManyClients, TooManyOfNobody, and
    whatever people are refused with who may not manage clients there.
    """
    named = organization_of(sent)
    _refuse_before_all(ctx, token, named)
    name, settings = _checked(ctx, sent)
    org_id = _held(ctx, token, named)
    refuse_one_too_many(ctx, org_id)
    # Without an organization there are no members: it is for everybody, who are asked each.
    settings["access_policy"] = "organizations" if org_id else "everyone"
    access = mint(ACCESS)
    secret, stored = secret_for(ctx, settings)
    client = add_client(
        ctx,
        org_id=org_id,
        name=name,
        settings=plain(settings),
        secrets=stored,
        came_by="registration",
        registration_token_hash=hash_token(access),
    )
    return _told(ctx, Registered(client, access, secret))


def _refuse_before_all(ctx: Context, token: str | None, named: UUID | None) -> None:
    """Refuse whoever may not register, before anything slow; what they may is asked again after."""
    if token is not None:
        if problem := registering.problem_of_token(ctx, token):
            raise InvalidToken(problem)
    elif ctx.actor.user_id is not None:
        if named is None:
            raise InvalidClientMetadata(f"{ORGANIZATION}: Missing. {AN_ID}")
        check_permission(ctx, named, ClientPermission.MANAGE)
        ctx.leave_the_transaction()
    elif named is not None or ctx.settings.oidc.registration == "token":
        raise InvalidToken(NEEDS_INITIAL)


def _held(ctx: Context, token: str | None, named: UUID | None) -> UUID | None:
    """The organization that gets the client, held; None for one of nobody. Uses the token up."""
    if token is None:
        if named is not None:
            hold_as(ctx, named, ClientPermission.MANAGE)
        return named
    row = registering.use(ctx, token)
    if row is None:
        raise InvalidToken(registering.USED_UP)
    if named not in (None, row.org_id):
        raise AccessDenied(f"{ORGANIZATION}: {OF_ANOTHER}", status=HTTPStatus.FORBIDDEN)
    return row.org_id


def read(ctx: Context, client_id: str, token: str | None) -> dict[str, Any]:
    """What is registered (RFC 7592 2.1). Secrets are kept as hashes: they are not told again."""
    refuse_strangers(ctx, client_id, token)
    client = _own(ctx, client_id, token)
    return _told(ctx, Registered(client, token or "", None))


def replace(ctx: Context, client_id: str, token: str | None, sent: Sent) -> dict[str, Any]:
    """Replace all that is registered (RFC 7592 2.2), and the token with it. What people who manage
    the client chose stays.
    """
    ctx.stay_out_of_the_transaction()
    refuse_strangers(ctx, client_id, token)
    _refuse_another(ctx, client_id, sent)
    name, settings = _checked(ctx, sent)
    client = _own(ctx, client_id, token)
    access = mint(ACCESS)
    _turn(ctx, client, token or "", access)
    before = options_of(client.settings)
    others = {n: v for n, v in client.settings.items() if n not in METADATA and n != SCOPES}
    whole = {**others, **settings}
    # What was sent has been found right by itself, and so was its sector.
    if problems := problems_of(whole, scene_of(ctx.runtime), sector_is_proven=True):
        refuse(problems)
    after = options_of(whole)
    fields = tuple(n for n in (*METADATA, SCOPES) if getattr(before, n) != getattr(after, n))
    if (client.is_trusted or before.consent == "skip") and not set(fields).isdisjoint(OF_TRUST):
        raise InvalidClientMetadata("This client is trusted: whoever manages it changes this.")
    client.name = name
    apply(ctx, client, whole)
    secret, stored = secret_for(ctx, client.settings) if not client.secrets else (None, ())
    client.secrets = [*client.secrets, *stored]
    event = ClientChanged(
        org_id=client.org_id, client_row_id=client.id, known_as=client.client_id, fields=fields
    )
    record(ctx, event)
    ctx.db.flush()
    return _told(ctx, Registered(client, access, secret))


def _turn(ctx: Context, client: Client, old: str, new: str) -> None:
    """Replace the registration access token: of two who show the same one gets on."""
    turned = update(Client).where(
        Client.id == client.id,
        Client.registration_token_hash == hash_token(old),
        Client.is_active.is_(True),
    )
    values = {"registration_token_hash": hash_token(new)}
    if not ctx.execute(turned.values(**values).execution_options(synchronize_session=False)):
        raise InvalidToken(NOT_ITS_OWN)
    ctx.db.refresh(client)


def unregister(ctx: Context, client_id: str, token: str | None) -> None:
    """End a registration, and all that the client was given (RFC 7592 2.3)."""
    refuse_strangers(ctx, client_id, token)
    org_id = ctx.db.scalar(select(Client.org_id).where(Client.client_id == client_id))
    if org_id is not None:
        find_and_lock(ctx, org_id)
    remove(ctx, _own(ctx, client_id, token))


def refuse_strangers(ctx: Context, client_id: str, token: str | None) -> None:
    """Refuse whoever does not hold the token, in a short statement, before anything slow."""
    if len(client_id) > LONGEST_NAME or not client_id.isprintable():
        raise InvalidToken(NOT_ITS_OWN)
    _refuse_unless_own(ctx.glance(_row(client_id)), token)


def _own(ctx: Context, client_id: str, token: str | None) -> Client:
    """The client whose registration the token opens. One that is switched off is nobody's own:
    it can neither be looked at nor be brought back so (threat 25). Raises InvalidToken.
    """
    found = ctx.db.execute(_row(client_id)).first()
    _refuse_unless_own(found, token)
    client: Client = ctx.db.get_one(Client, found.id)  # type: ignore[union-attr]
    return client


def _row(client_id: str) -> Any:
    """With whether it may be used: what was switched off may be its organization."""
    is_living = Organization.is_active.is_(True) & Organization.deleted_at.is_(None)
    is_usable = Client.is_active.is_(True) & (Client.org_id.is_(None) | is_living)
    return (
        select(Client.id, Client.registration_token_hash, is_usable.label("is_usable"))
        .outerjoin(Organization, Organization.id == Client.org_id)
        .where(Client.client_id == client_id)
    )


def _refuse_unless_own(found: Any, token: str | None) -> None:
    made = hash_token(token or "")
    kept = found.registration_token_hash if found is not None else None
    if token is None:
        raise InvalidToken(NEEDS_ITS_OWN)
    if not is_well_formed(token, ACCESS) or kept is None:
        raise InvalidToken(NOT_ITS_OWN)
    if not compare_digest(made, kept) or not found.is_usable:
        raise InvalidToken(NOT_ITS_OWN)


def _refuse_another(ctx: Context, client_id: str, sent: Sent) -> None:
    """RFC 7592 2.2: who it is cannot be changed, nor what it was given be chosen."""
    if given := [name for name in GIVEN if sent.get(name) is not None]:
        refuse({name: ["Must not be sent: it is given, never taken."] for name in given})
    if sent.get("client_id") != client_id:
        raise InvalidClientMetadata("client_id: Must be that of the client.")
    secret = sent.get("client_secret")
    if secret is None:
        return
    known = find_client(ctx.runtime, client_id)
    living = known.secrets if known is not None else ()
    if not isinstance(secret, str) or not any(holds(secret, each["hash"]) for each in living):
        raise InvalidClientMetadata("client_secret: Must be that of the client, or be left out.")


def _checked(ctx: Context, sent: Sent) -> tuple[str, dict[str, Any]]:
    """The name and the settings that were sent, if all of them are right. Asks for the document of
    the sector, so it comes before the transaction.
    """
    settings, problems = settings_of(sent)
    name, of_name = name_of(sent)
    is_proven = settings.get("sector_identifier_uri") is not None
    scene = scene_of(ctx.runtime)
    problems |= of_name | problems_of(settings, scene, sector_is_proven=is_proven)
    if problems:
        refuse(problems)
    if is_proven and (says := document_problem(ctx, settings)):
        raise InvalidClientMetadata(f"sector_identifier_uri: {says}")
    return name, settings


def refuse(problems: Mapping[str, list[str]]) -> None:
    """Say what is wrong in one sentence for each field (RFC 7591 3.2.2)."""
    says = " ".join(f"{name}: {each}" for name, found in problems.items() for each in found)
    if set(problems) <= set(OF_REDIRECTS):
        raise InvalidRedirectUri(says)
    raise InvalidClientMetadata(says)


def _told(ctx: Context, registered: Registered) -> dict[str, Any]:
    client = registered.client
    address = f"{issuer_of(ctx.runtime)}/oidc/register/{client.client_id}"
    told = {
        "client_id": client.client_id,
        "client_id_issued_at": int(client.created_at.timestamp()),
        "registration_access_token": registered.access,
        "registration_client_uri": address,
        **metadata_of(client.name, options_of(client.settings)),
    }
    if registered.secret is not None:
        told["client_secret"] = registered.secret
    if client.secrets:
        told["client_secret_expires_at"] = 0
    return told
