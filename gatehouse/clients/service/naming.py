"""Names of resources, which belong to an organization each: taken, served and let go of.

A unique index decides between organizations, one statement between clients.
"""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import delete, or_, select, update
from uuid_utils.compat import uuid7

from gatehouse.clients.errors import ResourceTaken
from gatehouse.clients.models import Client, ResourceName
from gatehouse.clients.queries import holders_of
from gatehouse.clients.rules import options_of
from gatehouse.clients.rules.resources import named, served
from gatehouse.core.context import Context
from gatehouse.core.db import insert_unless_there


def take_names(ctx: Context, client: Client) -> None:
    """Let the client's organization have what the client names, and the client serve its part of
    it. Raises ResourceTaken for what somebody else has.
    """
    options = options_of(client.settings)
    for name in sorted(named(options)):  # In one order, so that no two wait for one another.
        _take(ctx, client.org_id, name)
    _serve(ctx, client, served(options))


def _take(ctx: Context, org_id: UUID | None, name: str) -> None:
    row = {"id": uuid7(), "name": name, "org_id": org_id, "created_at": ctx.now}
    is_new = insert_unless_there(ctx.db, ResourceName, row)
    holder = holders_of(ctx.db, [name]).get(name)
    if holder is None or holder.keeps_out(org_id):
        raise ResourceTaken
    if is_new or holder.is_held_by(org_id):
        return
    taken = update(ResourceName).where(ResourceName.name == name)
    taken = taken.values(org_id=org_id, server_id=None)
    if not ctx.execute(taken.execution_options(synchronize_session=False)):
        raise ResourceTaken


def _serve(ctx: Context, client: Client, names: Collection[str]) -> None:
    mine = ResourceName.server_id == client.id
    left = update(ResourceName).where(mine, ResourceName.name.not_in(names)).values(server_id=None)
    ctx.execute(left.execution_options(synchronize_session=False))
    for name in sorted(names):
        found = update(ResourceName).where(
            ResourceName.name == name,
            ResourceName.org_id.is_not_distinct_from(client.org_id),
            or_(ResourceName.server_id.is_(None), mine),
        )
        served_now = found.values(server_id=client.id)
        if not ctx.execute(served_now.execution_options(synchronize_session=False)):
            raise ResourceTaken


def let_go_of_names(ctx: Context, org_id: UUID, names: Collection[str]) -> None:
    """Others may have those of these names that no client of the organization names any more.
    Whoever calls holds the organization, so that none of its clients names one meanwhile.
    """
    if not names:
        return
    ctx.db.flush()
    rows = ctx.db.scalars(select(Client.settings).where(Client.org_id == org_id))
    kept = {name for settings in rows for name in named(options_of(settings))}
    gone = delete(ResourceName).where(
        ResourceName.org_id == org_id, ResourceName.name.in_(set(names) - kept)
    )
    ctx.execute(gone.execution_options(synchronize_session=False))
