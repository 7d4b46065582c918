"""Reading what an organization has sealed. Every query is bound to one organization."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from gatehouse.accounts.models import AccountStatus, User
from gatehouse.core.context import Context
from gatehouse.core.roles import Role
from gatehouse.organizations.models import Member, Organization
from gatehouse.ssh_break_glass.errors import NothingSealed
from gatehouse.ssh_break_glass.models import BreakGlass
from gatehouse.ssh_break_glass.rules import days_left
from gatehouse.ssh_ca.models import AuthorityKey
from gatehouse.ssh_certificates.models import Certificate
from gatehouse.ssh_certificates.rules import state_of

FACTS = (
    *("state", "sealed_at", "sealed_by", "sealed_by_an_owner", "expires_at", "days_left"),
    *("certificate_id", "serial", "key_id", "fingerprint", "ca_fingerprint"),
)
NOTHING: dict[str, Any] = {"is_sealed": False, "principals": [], **dict.fromkeys(FACTS)}


@dataclass(frozen=True, slots=True)
class Sealed:
    """What is sealed, with its certificate and the key that signed it."""

    row: BreakGlass
    certificate: Certificate
    key: AuthorityKey


def all_sealed() -> Select[BreakGlass, Certificate, AuthorityKey]:
    return (
        select(BreakGlass, Certificate, AuthorityKey)
        .join(Certificate, Certificate.id == BreakGlass.certificate_id)
        .join(AuthorityKey, AuthorityKey.id == BreakGlass.authority_key_id)
    )


def find_sealed(ctx: Context, org_id: UUID) -> Sealed | None:
    row = ctx.db.execute(all_sealed().where(BreakGlass.org_id == org_id)).first()
    return None if row is None else Sealed(*row)


def get_sealed(ctx: Context, org_id: UUID) -> Sealed:
    """Raises NothingSealed."""
    found = find_sealed(ctx, org_id)
    if found is None:
        raise NothingSealed
    return found


def told(ctx: Context, found: Sealed | None) -> dict[str, Any]:
    """How it stands, for those who look after authorities."""
    if found is None:
        return NOTHING
    certificate = found.certificate
    return {
        "is_sealed": True,
        "state": state_of(certificate.valid_before, certificate.revoked_at, ctx.now),
        "sealed_at": found.row.created_at,
        "sealed_by": found.row.sealed_by,
        "sealed_by_an_owner": found.row.sealed_by in _owners(ctx, found.row.org_id),
        "expires_at": found.row.expires_at,
        "days_left": days_left(found.row.expires_at, ctx.now),
        "certificate_id": certificate.id,
        "serial": certificate.serial,
        "key_id": certificate.key_id,
        "fingerprint": certificate.fingerprint,
        "ca_fingerprint": found.key.fingerprint,
        "principals": certificate.principals.split(),
    }


def slug_of(ctx: Context, org_id: UUID) -> str:
    found: str = ctx.db.scalars(select(Organization.slug).where(Organization.id == org_id)).one()
    return found


def owners_mailed(ctx: Context, org_id: UUID) -> Sequence[Any]:
    """Where the owners of an organization are mailed, with its name."""
    columns = (User.id, User.email, User.email_key, User.email_verified, Organization.name)
    rows = _owners_of(org_id).join(Organization, Organization.id == Member.org_id)
    return ctx.db.execute(rows.with_only_columns(*columns)).all()


def _owners(ctx: Context, org_id: UUID) -> set[UUID]:
    return set(ctx.db.scalars(_owners_of(org_id).with_only_columns(User.id)))


def _owners_of(org_id: UUID) -> Select[Any]:
    """Those who can act: neither they nor their account is suspended."""
    return (
        select(User)
        .join(Member, Member.user_id == User.id)
        .where(
            Member.org_id == org_id,
            Member.role == Role.OWNER,
            Member.suspended_at.is_(None),
            User.status == AccountStatus.ACTIVE,
        )
        .order_by(User.id)
    )
