"""Hosts by what they show: a token, a key, or their credential. Of living organizations alone."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import Row, Select, select

from gatehouse.accounts.models import AccountStatus, User
from gatehouse.core.access import may
from gatehouse.core.context import Context
from gatehouse.locks.queries import find_lock
from gatehouse.organizations.models import Member, Organization
from gatehouse.ssh_hosts.models import Host, HostKey, HostToken
from gatehouse.ssh_hosts.permissions import HostPermission

LIVING = (Organization.is_active.is_(True), Organization.deleted_at.is_(None))


def find_token(ctx: Context, token_hash: bytes) -> tuple[HostToken, Host, str] | None:
    """A token, good or not, with its host and the name of the organization."""
    known = (
        select(HostToken, Host, Organization.slug)
        .join(Host, Host.id == HostToken.host_id)
        .join(Organization, Organization.id == Host.org_id)
        .where(HostToken.token_hash == token_hash, *LIVING)
    )
    row = ctx.db.execute(known).first()
    return (row[0], row[1], row[2]) if row else None


def who_proved(host_id: UUID, fingerprint: str) -> Select[UUID, str]:
    """The organization of a host, with its name, if that host once proved this key."""
    return (
        select(Host.org_id, Organization.slug)
        .join(HostKey, HostKey.host_id == Host.id)
        .join(Organization, Organization.id == Host.org_id)
        .where(Host.id == host_id, HostKey.fingerprint == fingerprint, *LIVING)
    )


def find_by_credential(
    ctx: Context, host_id: UUID, credential_hash: bytes
) -> Row[Host, str] | None:
    known = (
        select(Host, Organization.slug)
        .join(Organization, Organization.id == Host.org_id)
        .where(Host.id == host_id, Host.credential_hash == credential_hash, *LIVING)
    )
    return ctx.db.execute(known).first()


def still_manages(ctx: Context, org_id: UUID, user_id: UUID) -> bool:
    """Whether somebody who made a token may make one now."""
    place = (
        select(Member.role)
        .join(User, User.id == Member.user_id)
        .where(
            Member.org_id == org_id,
            Member.user_id == user_id,
            Member.suspended_at.is_(None),
            User.status == AccountStatus.ACTIVE,
        )
    )
    role = ctx.db.scalar(place)
    if role is None or find_lock(ctx, org_id, user_id) is not None:
        return False
    return may(ctx, role, HostPermission.MANAGE)


def keys_of(ctx: Context, host_id: UUID) -> Sequence[HostKey]:
    """Those that may be certified."""
    good = HostKey.host_id == host_id, HostKey.revoked_at.is_(None)
    return ctx.db.scalars(select(HostKey).where(*good).order_by(HostKey.type, HostKey.id)).all()


def keys_known(ctx: Context, org_id: UUID, fingerprints: Collection[str]) -> Sequence[HostKey]:
    """Which of these some host of the organization has, or had when it was revoked."""
    there = HostKey.org_id == org_id, HostKey.fingerprint.in_(fingerprints)
    return ctx.db.scalars(select(HostKey).where(*there)).all()
