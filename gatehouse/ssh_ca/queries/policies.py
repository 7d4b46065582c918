"""What departments and organizations demand of certificates. Bound to one organization."""

from collections.abc import Callable, Collection
from ipaddress import ip_network
from typing import Any
from uuid import UUID

from sqlalchemy import select

from gatehouse.core.context import Context
from gatehouse.departments.models import Department
from gatehouse.departments.queries import get_department
from gatehouse.ssh_ca.models import DepartmentCertPolicy, OrganizationCertPolicy
from gatehouse.ssh_ca.rules.policies import STANDARD, DepartmentPolicy, OrganizationPolicy

HOUR = 3600
PLAIN = (
    *("allow_user_expiry", "default_seconds", "max_seconds", "pin_source_ip", "force_command"),
    *("require_fido", "require_pin", "mfa_max_age"),
)
OF_ORGANIZATION = ("min_rsa_bits", "require_fido", "reverify_days", "admins_get_all_principals")


def policy_of_department(ctx: Context, org_id: UUID, department_id: UUID) -> DepartmentPolicy:
    """Raises DepartmentNotFound."""
    department = get_department(ctx, org_id, department_id)
    return as_policy(department.id, department.name, _row_of(ctx, department.id))


def policies_of_departments(
    ctx: Context, org_id: UUID, department_ids: Collection[UUID]
) -> list[DepartmentPolicy]:
    """Of those of the organization, in one statement."""
    rows = ctx.db.execute(
        select(Department.id, Department.name, DepartmentCertPolicy)
        .outerjoin(DepartmentCertPolicy, DepartmentCertPolicy.department_id == Department.id)
        .where(Department.org_id == org_id, Department.id.in_(department_ids))
    )
    return [as_policy(*row) for row in rows]


def policy_of_organization(ctx: Context, org_id: UUID) -> OrganizationPolicy:
    row = find_organization_row(ctx, org_id)
    if row is None:
        return OrganizationPolicy()
    return as_organization_policy(lambda name: getattr(row, name))


def as_organization_policy(column: Callable[[str], Any]) -> OrganizationPolicy:
    """The row as the rules have it, by what gives each of its columns."""
    plain = {name: column(name) for name in OF_ORGANIZATION}
    return OrganizationPolicy(**plain, host_patterns=tuple(column("host_patterns")))


def find_organization_row(ctx: Context, org_id: UUID) -> OrganizationCertPolicy | None:
    found: OrganizationCertPolicy | None = ctx.db.scalar(
        select(OrganizationCertPolicy).where(OrganizationCertPolicy.org_id == org_id)
    )
    return found


def as_policy(department_id: UUID, name: str, row: Any) -> DepartmentPolicy:
    """The row as the rules have it; without one, what is usual."""
    if row is None:
        return DepartmentPolicy(department_id=department_id, name=name)
    return DepartmentPolicy(
        department_id=department_id,
        name=name,
        extensions=frozenset(row.extensions),
        source_cidrs=tuple(map(ip_network, row.source_cidrs)),
        allowed_key_types=_set_or_none(row.allowed_key_types),
        allowed_principals=_set_or_none(row.allowed_principals),
        **{name: getattr(row, name) for name in PLAIN},
    )


def policy_told(policy: DepartmentPolicy) -> dict[str, Any]:
    """A policy as its admins see it."""
    return {
        **{name: getattr(policy, name) for name in PLAIN},
        "department_id": policy.department_id,
        "default_expiry_hours": policy.default_seconds // HOUR,
        "max_expiry_hours": policy.max_seconds // HOUR,
        "allowed_extensions": sorted(policy.extensions & STANDARD),
        "custom_extensions": sorted(policy.extensions - STANDARD),
        "all_extensions": sorted(policy.extensions),
        "standard_extensions": sorted(STANDARD),
        "source_cidrs": list(map(str, policy.source_cidrs)),
        "allowed_key_types": _sorted_or_none(policy.allowed_key_types),
        "allowed_principals": _sorted_or_none(policy.allowed_principals),
    }


def _row_of(ctx: Context, department_id: UUID) -> DepartmentCertPolicy | None:
    found: DepartmentCertPolicy | None = ctx.db.scalar(
        select(DepartmentCertPolicy).where(DepartmentCertPolicy.department_id == department_id)
    )
    return found


def _set_or_none(values: list[str] | None) -> frozenset[str] | None:
    return frozenset(values) if values is not None else None


def _sorted_or_none(values: Collection[str] | None) -> list[str] | None:
    return sorted(values) if values is not None else None
