"""Whether settings may be: by the rules, by the rows, and by who chooses them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import select

from gatehouse.clients.errors import OperatorsTrust, OwnersOpenToAll
from gatehouse.clients.models import Client
from gatehouse.clients.permissions import ClientPermission
from gatehouse.clients.queries import holders_of
from gatehouse.clients.rules import (
    NAMES,
    Options,
    Problems,
    Scene,
    options_of,
    problems_of,
    sector_needs_document,
)
from gatehouse.clients.rules.checks import problem_of
from gatehouse.clients.rules.resources import exchanged, is_uri, named, normal
from gatehouse.core.access import is_operator, may
from gatehouse.core.context import Context
from gatehouse.core.errors import Invalid
from gatehouse.core.roles import Role
from gatehouse.core.runtime import Runtime
from gatehouse.departments.models import Department

# What leads people elsewhere, or lets others in: of a trusted client not its organization's say.
OF_TRUST = (
    *("redirect_uris", "access_policy", "allowed_org_ids", "allowed_group_ids", "allowed_roles"),
    *("jwks", "jwks_uri", "token_endpoint_auth_method", "tls_client_auth_subject_dn"),
    *("tls_client_auth_san_dns", "tls_client_auth_san_uri", "tls_client_auth_san_ip"),
    *("tls_client_auth_san_email", "application_type", "scopes", "grant_types", "resources"),
    *("token_exchange_policy", "min_acr"),
)
NOT_TO_BE_HAD = (
    "Belongs to somebody else. Prove its domain for this organization, or choose another."
)
FOR_OPERATORS = "An operator of this instance decides this."
NO_AUDIENCE = "Must be the address of an API, or the client_id of a client of this organization."


def scene_of(runtime: Runtime) -> Scene:
    settings = runtime.settings
    own = (settings.app_url, settings.oidc.issuer)
    return Scene(own=own, allowed=settings.outbound_allow)


def sector_of(settings: Mapping[str, Any]) -> tuple[Any, ...]:
    """What the document of a sector is about: its address, and the redirect URIs."""
    return (settings.get("sector_identifier_uri"), *settings.get("redirect_uris", ()))


def holds_already(client: Client | None, settings: Mapping[str, Any]) -> bool:
    """Whether the sector was proven before: what is kept and needs a document had it, and that
    holds for as long as nothing of it changes.
    """
    if client is None or sector_of(settings) != sector_of(client.settings):
        return False
    return sector_needs_document(client.settings)


def refuse_wrong(
    ctx: Context,
    org_id: UUID,
    settings: Mapping[str, Any],
    sent: Mapping[str, Any],
    client: Client | None = None,
    *,
    proven: tuple[Any, ...] | None = None,
) -> None:
    """Raise Invalid with every setting that is wrong, and with what contradicts one in what was
    ``sent``. ``proven`` is the sector whose document was asked for.
    """
    is_proven = holds_already(client, settings) or proven == sector_of(settings)
    found = problems_of(settings, scene_of(ctx.runtime), sector_is_proven=is_proven)
    right = {name: value for name, value in settings.items() if name not in found}
    found |= _of_rows(ctx, org_id, right, client.id if client is not None else None)
    found |= contradiction(sent)
    if found:
        raise Invalid.fields(found)


def refuse_too_much(
    ctx: Context,
    role: Role,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    *,
    was_trusted: bool = False,
    is_trusted: bool,
) -> None:
    """Refuse what others than an admin decide: who opens a client to everyone, who trusts it, how
    people are asked. Raises OwnersOpenToAll, OperatorsTrust, with the settings that it is about.
    """
    old, new = options_of(before), options_of(after)
    opens = new.access_policy == "everyone" != old.access_policy
    if opens and not may(ctx, role, ClientPermission.OPEN_TO_ALL):
        raise OwnersOpenToAll(access_policy=["Must not be everyone: that is for an owner."])
    touched = ["consent"] if new.consent == "skip" != old.consent else []
    touched += ["is_trusted"] if is_trusted != was_trusted else []
    if was_trusted or old.consent == "skip":
        touched += [name for name in OF_TRUST if getattr(old, name) != getattr(new, name)]
    if touched and not is_operator(ctx):
        raise OperatorsTrust(None, **{name: [FOR_OPERATORS] for name in touched})


def _of_rows(
    ctx: Context, org_id: UUID, settings: Mapping[str, Any], client_row_id: UUID | None
) -> Problems:
    """What is wrong because of what else there is."""
    options = options_of(settings)
    found: Problems = {}
    if any(UUID(each) != org_id for each in options.allowed_org_ids):
        found["allowed_org_ids"] = [f"Must hold no other organization than {org_id}."]
    groups = {UUID(each) for each in options.allowed_group_ids}
    known = select(Department.id).where(Department.org_id == org_id, Department.id.in_(groups))
    if groups and set(ctx.db.scalars(known)) != groups:
        found["allowed_group_ids"] = ["Must be ids of this organization's departments."]
    found |= _of_resources(ctx, org_id, options, client_row_id)
    return found


def _of_resources(
    ctx: Context, org_id: UUID, options: Options, client_row_id: UUID | None
) -> Problems:
    """Resources that are not to be had, without a word on who has them."""
    holders = holders_of(ctx.db, named(options))
    exchanges = exchanged(options)
    places = {
        "resources": options.resources,
        "audiences": options.audiences,
        "token_exchange_policy": tuple(filter(is_uri, exchanges)),
    }
    found: Problems = {}
    for setting, names in places.items():
        for name in names:
            holder = holders.get(normal(name))
            if holder is None:
                continue
            if holder.keeps_out(org_id):
                found.setdefault(setting, [f"{name}: {NOT_TO_BE_HAD}"])
            elif setting == "audiences" and holder.is_served_beside(org_id, client_row_id):
                found.setdefault(setting, [f"{name}: Another client of yours is its server."])
    clients = {name for name in exchanges if not is_uri(name)}
    known = select(Client.client_id).where(Client.org_id == org_id, Client.client_id.in_(clients))
    if unknown := sorted(clients - set(ctx.db.scalars(known) if clients else ())):
        found.setdefault("token_exchange_policy", [f"{unknown[0]}: {NO_AUDIENCE}"])
    return found


def also_wrong(ctx: Context, sent: dict[str, Any]) -> Problems:
    """What is wrong with settings that a schema took, when it refused others."""
    scene, kind = scene_of(ctx.runtime), sent.get("application_type")
    scene = replace(scene, application_type=kind) if isinstance(kind, str) else scene
    named = {name: value for name, value in sent.items() if name in NAMES}
    found = {name: problem_of(name, value, scene) for name, value in named.items()}
    return {name: [says] for name, says in found.items() if says} | contradiction(sent)


def contradiction(sent: Mapping[str, Any]) -> Problems:
    """Two words for one thing that do not say the same."""
    wanted, method = sent.get("is_confidential"), sent.get("token_endpoint_auth_method")
    if None in (wanted, method) or wanted == (method != "none"):
        return {}
    return {"is_confidential": ["Contradicts token_endpoint_auth_method."]}
