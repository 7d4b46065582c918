"""What a host asks for again and again, and what is noted of it then."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import or_, update

from gatehouse.core.context import Context
from gatehouse.core.tokens import hash_token, is_well_formed
from gatehouse.ssh_hosts.errors import HostNotKnown
from gatehouse.ssh_hosts.models import Host
from gatehouse.ssh_hosts.queries import find_by_credential
from gatehouse.ssh_hosts.service.enrolling import CREDENTIAL

NOTED_EVERY = timedelta(minutes=1)


def known_host(ctx: Context, host_id: UUID, credential: str) -> tuple[Host, str]:
    """The host that shows this credential, and the name of its organization.

    Raises HostNotKnown.
    """
    well_formed = is_well_formed(credential, CREDENTIAL)
    row = find_by_credential(ctx, host_id, hash_token(credential)) if well_formed else None
    if row is None:
        raise HostNotKnown
    return row[0], row[1]


def note_seen(ctx: Context, host: Host, *, krl: int | None, bundle: str | None) -> None:
    """Keep when the host was here and what it has in place: once a minute, or if that changed."""
    changed = or_(
        Host.seen_at.is_(None),
        Host.seen_at <= ctx.now - NOTED_EVERY,
        Host.seen_krl.is_distinct_from(krl),
        Host.seen_bundle.is_distinct_from(bundle),
    )
    values = {"seen_at": ctx.now, "seen_krl": krl, "seen_bundle": bundle}
    ctx.execute(update(Host).where(Host.id == host.id, changed).values(**values))
