"""Reading clients: those of an organization by their managers, any of them by its public name."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Connection, Select, bindparam, select
from sqlalchemy.orm import Session

from gatehouse.clients.errors import ClientNotFound
from gatehouse.clients.models import Client, ClientUse, RegistrationToken, ResourceName
from gatehouse.clients.rules import NAMES, Options, options_of, options_of_built_in
from gatehouse.clients.rules.resources import domains_over
from gatehouse.core.context import Context
from gatehouse.core.pagination import Page, paginate
from gatehouse.core.runtime import Runtime
from gatehouse.domains.models import DomainStatus, OrganizationDomain
from gatehouse.organizations.models import Organization
from gatehouse.policies.queries import demands_anything

COLUMNS = (
    Client.id,
    Client.client_id,
    Client.org_id,
    Client.name,
    Client.is_active,
    Client.is_trusted,
    Client.is_built_in,
    Client.settings,
    Client.secrets,
    Client.updated_at,
    Client.tokens_not_before,
    Organization.name.label("org_name"),
    Organization.is_active.label("org_is_active"),
    Organization.deleted_at.label("org_deleted_at"),
    Organization.tokens_not_before.label("org_tokens_not_before"),
    demands_anything(Client.org_id).label("org_demands"),
)
KNOWN = select(*COLUMNS).outerjoin(Organization, Organization.id == Client.org_id)
# The hot path: one row by a unique index, the statement built once.
BY_NAME = KNOWN.where(Client.client_id == bindparam("client_id"))
BY_ID = KNOWN.where(Client.id == bindparam("id"))
LONGEST_NAME = 100
SHOWN = (
    *("id", "client_id", "name", "description", "is_active", "is_trusted", "is_built_in"),
    *("created_at", "updated_at", "last_used_at"),
)


@dataclass(frozen=True, slots=True)
class KnownClient:
    """A client as the protocol sees it: nothing here is written back. ``org_demands`` says whether
    its organization demands anything of how people sign in.
    """

    id: UUID
    client_id: str
    org_id: UUID | None
    org_name: str | None
    name: str
    is_usable: bool
    is_trusted: bool
    is_built_in: bool
    options: Options
    chose_its_method: bool
    secrets: tuple[Mapping[str, Any], ...]
    updated_at: datetime
    tokens_not_before: datetime | None
    org_demands: bool

    def has_ended(self, issued_at: datetime) -> bool:
        """Whether nothing counts any more that the client was given at this moment."""
        return self.tokens_not_before is not None and issued_at <= self.tokens_not_before

    def living_secrets(self, now: datetime) -> list[Mapping[str, Any]]:
        """Those that have not ended."""
        ends = [(each, each.get("expires_at")) for each in self.secrets]
        return [each for each, at in ends if at is None or datetime.fromisoformat(at) > now]


@dataclass(frozen=True, slots=True)
class ResourceHolder:
    """Who has a resource: the ``owner`` of a proven domain that its host lies in, and whoever named
    it, as the ``row`` says.
    """

    owner: UUID | None
    row: Any

    def keeps_out(self, org_id: UUID | None) -> bool:
        """Whether this organization may not name it. Who owns the domain gets it from others."""
        if self.owner is not None:
            return bool(self.owner != org_id)
        return self.row is not None and self.row.org_id != org_id

    def is_held_by(self, org_id: UUID | None) -> bool:
        return self.row is not None and self.row.org_id == org_id and not self.keeps_out(org_id)

    def is_served_beside(self, org_id: UUID | None, client_row_id: UUID | None) -> bool:
        """Whether another client of this organization is the server of it."""
        server_id = self.row.server_id if self.is_held_by(org_id) else None
        return server_id is not None and server_id != client_row_id


def find_client(runtime: Runtime, client_id: str) -> KnownClient | None:
    """The client of this public name, whatever its state. A short statement of its own, or what
    one said a moment ago: whoever changes a client waits for that (``ctx.outwait_leases``).
    """
    if not client_id or len(client_id) > LONGEST_NAME or not client_id.isprintable():
        return None
    return runtime.leases.get(("client", client_id), lambda: _read_client(runtime, client_id))


def _read_client(runtime: Runtime, client_id: str) -> KnownClient | None:
    with runtime.short.connect() as db:
        row = db.execute(BY_NAME, {"client_id": client_id}).first()
    return _as_it_is(runtime, row)


def find_client_by_id(runtime: Runtime, row_id: UUID) -> KnownClient | None:
    """The same by the id of its row."""
    with runtime.short.connect() as db:
        row = db.execute(BY_ID, {"id": row_id}).first()
    return _as_it_is(runtime, row)


def clients_as_written(ctx: Context, *which: Any) -> list[KnownClient]:
    """Clients as this transaction sees them: with what it has changed itself."""
    rows = ctx.db.execute(KNOWN.where(Client.is_built_in.is_(False), *which))
    return [known(row) for row in rows]


def _as_it_is(runtime: Runtime, row: Any) -> KnownClient | None:
    """What is built in is as the code says, whatever stands in its row."""
    if row is None:
        return None
    found = known(row)
    if not found.is_built_in:
        return found
    return replace(found, options=_options_of_built_in(runtime.settings.app_url), is_trusted=False)


def known(row: Any) -> KnownClient:
    ends = (row.tokens_not_before, row.org_tokens_not_before)
    return KnownClient(
        id=row.id,
        client_id=row.client_id,
        org_id=row.org_id,
        org_name=row.org_name,
        name=row.name,
        is_usable=row.is_active
        and (row.org_id is None or (bool(row.org_is_active) and row.org_deleted_at is None)),
        is_trusted=row.is_trusted,
        is_built_in=row.is_built_in,
        options=_options(orjson.dumps(row.settings)),
        chose_its_method="token_endpoint_auth_method" in row.settings,
        secrets=tuple(row.secrets),
        updated_at=row.updated_at,
        tokens_not_before=max(filter(None, ends), default=None),
        org_demands=bool(row.org_demands),
    )


_options_of_built_in = lru_cache(maxsize=4)(options_of_built_in)


@lru_cache(maxsize=512)
def _options(settings: bytes) -> Options:
    return options_of(orjson.loads(settings))


def clients_of(org_id: UUID) -> Select[Any]:
    """The clients of an organization by name."""
    return select(Client).where(Client.org_id == org_id).order_by(Client.name, Client.id)


def get_client(ctx: Context, org_id: UUID, row_id: UUID, *, hold: bool = False) -> Client:
    """A client of the organization; ``hold`` keeps others from changing it meanwhile."""
    mine = clients_of(org_id).where(Client.id == row_id)
    found: Client | None = ctx.db.scalar(mine.with_for_update() if hold else mine)
    if found is None:
        raise ClientNotFound
    return found


def shown(client: Client) -> dict[str, Any]:
    """A client with every setting as it holds, and that there are secrets: never what they are."""
    options = options_of(client.settings)
    return {
        **{name: getattr(options, name) for name in NAMES},
        **{name: getattr(client, name) for name in SHOWN},
        "is_confidential": not options.is_public,
        "secrets": [
            {
                "id": secret["id"],
                "created_at": _moment(secret.get("created_at")),
                "expires_at": _moment(secret.get("expires_at")),
            }
            for secret in client.secrets
        ],
    }


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def page_of_clients(ctx: Context, org_id: UUID, *, page: int, per_page: int) -> Page[Any]:
    return paginate(ctx, clients_of(org_id), page=page, per_page=per_page).map(shown)


def registration_tokens_of(org_id: UUID) -> Select[Any]:
    """The initial access tokens of an organization, the newest first."""
    mine = select(RegistrationToken).where(RegistrationToken.org_id == org_id)
    return mine.order_by(RegistrationToken.id.desc())


def statistics_of(ctx: Context, client: Client, *, days: int) -> dict[str, Any]:
    """What a client did on each of the last days, by kind. Today is one of them (UTC)."""
    since = ctx.now.date() - timedelta(days=days - 1)
    rows = ctx.db.execute(
        select(ClientUse.day, ClientUse.kind, ClientUse.count)
        .where(ClientUse.client_row_id == client.id, ClientUse.day >= since)
        .order_by(ClientUse.day.desc(), ClientUse.kind)
    )
    return {
        "last_used_at": client.last_used_at,
        "uses": [{"day": row.day, "kind": row.kind, "count": row.count} for row in rows],
    }


def holders_of(db: Session | Connection, names: Collection[str]) -> dict[str, ResourceHolder]:
    """Who has each of these resources, in normal form. One that nobody has is left out."""
    over = {name: domains_over(name) for name in names}
    proven = select(OrganizationDomain.domain, OrganizationDomain.org_id).where(
        OrganizationDomain.status == DomainStatus.VERIFIED,
        OrganizationDomain.domain.in_({each for domains in over.values() for each in domains}),
    )
    owners = {row.domain: row.org_id for row in db.execute(proven)}
    named = select(ResourceName.name, ResourceName.org_id, ResourceName.server_id)
    rows = {row.name: row for row in db.execute(named.where(ResourceName.name.in_(names)))}
    found = {}
    for name, domains in over.items():
        owner = next((owners[each] for each in domains if each in owners), None)
        if name in rows or owner is not None:
            found[name] = ResourceHolder(owner, rows.get(name))
    return found
