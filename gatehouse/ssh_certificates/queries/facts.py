"""What is known of somebody who asks for a certificate: one organization, one person.

Statements of tables, made once: with classes in them they take several times as long, and of
nothing more is asked for at once.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select

from gatehouse.accounts.models import AccountStatus, User
from gatehouse.core.access import may
from gatehouse.core.context import Context
from gatehouse.core.db import Model, in_batches
from gatehouse.core.prepared import Prepared
from gatehouse.core.roles import Role
from gatehouse.departments.models import Department
from gatehouse.organizations.models import Member
from gatehouse.principals.permissions import PrincipalPermission
from gatehouse.principals.queries import (
    GRANTS,
    WAYS,
    managers_among,
    names_of,
    ways_usable_by,
)
from gatehouse.principals.rules import is_for_owners
from gatehouse.ssh_ca.models import DepartmentCertPolicy
from gatehouse.ssh_ca.permissions import AuthorityPermissions
from gatehouse.ssh_ca.queries import (
    as_policy,
    policies_of_departments,
    policy_of_organization,
)
from gatehouse.ssh_ca.rules.policies import DepartmentPolicy, OrganizationPolicy
from gatehouse.ssh_ca.rules.principals import Granted, of_an_admin
from gatehouse.ssh_certificates.models import RevokedSshKey
from gatehouse.ssh_certificates.queries.callers import Holder
from gatehouse.ssh_certificates.queries.signers import KEYS as AUTHORITY_KEYS

DEPARTMENTS, POLICIES = (
    Model.metadata.tables[kind.__tablename__] for kind in (Department, DepartmentCertPolicy)
)
NOT_OF_POLICY = ("id", "department_id", "created_at")
# What somebody may use, by which department, and what that department demands.
DEMANDS = Prepared(
    GRANTS.outerjoin(DEPARTMENTS, DEPARTMENTS.c.id == WAYS.c.department_id)
    .outerjoin(POLICIES, POLICIES.c.department_id == WAYS.c.department_id)
    .add_columns(
        DEPARTMENTS.c.name.label("department_name"),
        POLICIES.c.id.label("policy_id"),
        *(column for column in POLICIES.c if column.name not in NOT_OF_POLICY),
    )
    .order_by(DEPARTMENTS.c.name_key, WAYS.c.department_id)
)


@dataclass(frozen=True, slots=True)
class Demanded:
    """What somebody may have, and what is demanded of it."""

    granted: Sequence[Granted]
    policies: Sequence[DepartmentPolicy]
    organization: OrganizationPolicy


def demands_on(ctx: Context, org_id: UUID, holder: Holder) -> Demanded:
    """What the caller may use in an organization, and by what rules."""
    uses = may(ctx, holder.role, PrincipalPermission.USE)
    rows = DEMANDS.all(ctx.wire, {"org": org_id, "user": holder.id}) if uses else ()
    direct = {row.name for row in rows if row.is_direct}
    ways: dict[str, dict[UUID, None]] = defaultdict(dict)
    policies: dict[UUID, DepartmentPolicy] = {}
    for row in rows:
        ways[row.name]
        if row.department_id is not None:
            ways[row.name][row.department_id] = None
            if row.department_id not in policies:
                policies[row.department_id] = _policy(row)
    granted: Sequence[Granted] = [
        Granted(name, name in direct, tuple(found)) for name, found in sorted(ways.items())
    ]
    organization = holder.policy
    if organization.admins_get_all_principals and may(ctx, holder.role, PrincipalPermission.MANAGE):
        granted = of_an_admin(granted, names_of(ctx, org_id), organization)
    return Demanded(granted, tuple(policies.values()), organization)


def _policy(row: Any) -> DepartmentPolicy:
    there = row if row.policy_id is not None else None
    return as_policy(row.department_id, row.department_name, there)


def names_usable(ctx: Context, org_id: UUID, user_ids: Collection[UUID]) -> Mapping[UUID, set[str]]:
    """The names of the principals that may be certified for each of these people now; none for who
    is out. As `demands_on` and ``narrowed`` say it of the caller.
    """
    ways = list(ways_usable_by(ctx, org_id, user_ids))
    departments = {department for *_, department in ways if department is not None}
    by_id = {each.department_id: each for each in policies_of_departments(ctx, org_id, departments)}
    found: dict[UUID, set[str]] = {user_id: set() for user_id in user_ids}
    for user_id, name, department in ways:
        if department is None or (department in by_id and by_id[department].gives(name)):
            found[user_id].add(name)
    if not policy_of_organization(ctx, org_id).admins_get_all_principals:
        return found
    every = {name for name in names_of(ctx, org_id) if not is_for_owners(name)}
    for user_id in managers_among(ctx, org_id, user_ids):
        found[user_id] |= every
    return found


def who_certifies_hosts(ctx: Context, org_id: UUID, user_ids: Collection[UUID]) -> set[UUID]:
    """Those of them whom their role lets ask for certificates for hosts now."""
    roles = [role for role in Role if may(ctx, role, AuthorityPermissions.USE_FOR_HOSTS)]
    found: set[UUID] = set()
    for ids in in_batches(user_ids):
        found |= set(
            ctx.db.scalars(
                select(Member.user_id)
                .join(User, User.id == Member.user_id)
                .where(Member.org_id == org_id, Member.user_id.in_(ids), Member.role.in_(roles))
                .where(Member.suspended_at.is_(None), User.status == AccountStatus.ACTIVE)
            )
        )
    return found


def is_revoked_key(ctx: Context, org_id: UUID, fingerprint: str) -> bool:
    there = RevokedSshKey.org_id == org_id, RevokedSshKey.fingerprint == fingerprint
    return ctx.db.scalar(select(RevokedSshKey.id).where(*there)) is not None


def is_authority_key(ctx: Context, fingerprint: str) -> bool:
    """Whether it is, or was, the key of an authority, of whichever organization."""
    there = select(AUTHORITY_KEYS.c.id).where(AUTHORITY_KEYS.c.fingerprint == fingerprint)
    return ctx.db.scalar(there) is not None
