"""Certificates of hosts that were not renewed in time: without one, people are asked whether they
know the host's key, and say yes.
"""

from typing import Any

from sqlalchemy import ColumnElement, select, update

from gatehouse.audit.service import record
from gatehouse.core.context import Context
from gatehouse.ssh_hosts.events import HostCertificateDue, HostCertificateExpired
from gatehouse.ssh_hosts.models import Host

BATCH = 200


def tell_what_is_due(ctx: Context) -> int:
    """Put on record, once each, whose certificates are due, and whose have ended.

    Returns how many there were.
    """
    is_over = Host.expires_at <= ctx.now, Host.told_expired_at.is_(None)
    is_due = Host.due_at <= ctx.now, Host.told_due_at.is_(None), Host.expires_at > ctx.now
    return sum(
        (
            _tell(ctx, HostCertificateExpired, {"told_expired_at": ctx.now}, *is_over),
            _tell(ctx, HostCertificateDue, {"told_due_at": ctx.now}, *is_due),
        )
    )


def _tell(
    ctx: Context,
    kind: type[HostCertificateDue | HostCertificateExpired],
    told: dict[str, Any],
    *conditions: ColumnElement[bool],
) -> int:
    few = select(Host).where(*conditions).order_by(Host.id).limit(BATCH)
    rows = ctx.db.scalars(few.with_for_update(skip_locked=True)).all()
    for row in rows:
        assert row.expires_at is not None  # noqa: S101 - the conditions say so
        event = kind(org_id=row.org_id, ssh_host_id=row.id, expires_at=row.expires_at)
        ctx.execute(update(Host).where(Host.id == row.id).values(**told))
        record(ctx, event)
    return len(rows)
