"""Tokens with which hosts enrol: made for one host, good once and for a quarter of an hour."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, delete, select, update

from gatehouse.audit.service import record
from gatehouse.core.context import Context
from gatehouse.core.tokens import hash_token, mint
from gatehouse.ssh_hosts.events import HostTokenMade
from gatehouse.ssh_hosts.models import HostToken
from gatehouse.ssh_hosts.queries import hold_host

ENROLS = "ghe_"
LIFE = timedelta(minutes=15)
KEPT = timedelta(days=7)  # so that the record can say what was tried with an old one
BATCH = 1000


@dataclass(frozen=True, slots=True)
class Minted:
    """An enrolment token; its text is told once."""

    token: str
    expires_at: datetime


def make_token(ctx: Context, org_id: UUID, host_id: UUID) -> Minted:
    """Let a host enrol itself. The token before is void. Raises HostNotFound."""
    host = hold_host(ctx, org_id, host_id)
    void_tokens(ctx, host.id)
    token, expires_at = mint(ENROLS), (ctx.now + LIFE).replace(microsecond=0)
    row = HostToken(
        host_id=host.id,
        made_by=ctx.user_id,
        token_hash=hash_token(token),
        expires_at=expires_at,
        created_at=ctx.now,
    )
    ctx.db.add(row)
    ctx.db.flush()
    record(ctx, HostTokenMade(org_id=org_id, ssh_host_id=host.id, expires_at=expires_at))
    return Minted(token, expires_at)


def void_tokens(ctx: Context, host_id: UUID) -> None:
    """Those of a host that wait."""
    waiting = HostToken.host_id == host_id, *_waiting()
    ctx.execute(update(HostToken).where(*waiting).values(voided_at=ctx.now))


def purge_tokens(ctx: Context) -> int:
    """Delete a batch of those that are over for a week. Returns how many there were."""
    old = select(HostToken.id).where(HostToken.expires_at < ctx.now - KEPT).limit(BATCH)
    gone = delete(HostToken).where(HostToken.id.in_(old.scalar_subquery()))
    return ctx.execute(gone.execution_options(synchronize_session=False))


def _waiting() -> tuple[ColumnElement[bool], ...]:
    return HostToken.used_at.is_(None), HostToken.voided_at.is_(None)
