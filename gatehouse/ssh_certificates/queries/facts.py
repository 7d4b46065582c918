"""What is known of somebody who asks for a certificate: one organization, one person.

Statements of tables, made once: with classes in them they take several times as long, and of
nothing more is asked for at once.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, and_, bindparam, exists, select

from gatehouse.accounts.models import AccountStatus, User
from gatehouse.core.access import may
from gatehouse.core.assurance import MFA, acr_of, reaches
from gatehouse.core.context import Context
from gatehouse.core.db import Model
from gatehouse.core.errors import NotFound
from gatehouse.core.roles import Role
from gatehouse.departments.models import Department
from gatehouse.grants.queries import factor_proved_for
from gatehouse.locks.errors import UserLocked
from gatehouse.locks.models import UserLock
from gatehouse.organizations.models import Member, Organization
from gatehouse.principals.permissions import PrincipalPermission
from gatehouse.principals.queries import (
    GRANTS,
    WAYS,
    managers_among,
    names_of,
    users_of_principals,
    ways_usable_by,
)
from gatehouse.principals.rules import is_for_owners
from gatehouse.sessions.models import Session
from gatehouse.ssh_ca.models import DepartmentCertPolicy, OrganizationCertPolicy
from gatehouse.ssh_ca.queries import (
    as_organization_policy,
    as_policy,
    policies_of_departments,
    policy_of_organization,
)
from gatehouse.ssh_ca.rules.policies import DepartmentPolicy, OrganizationPolicy
from gatehouse.ssh_ca.rules.principals import Granted, of_an_admin
from gatehouse.ssh_certificates.errors import NoVerifiedKeys
from gatehouse.ssh_certificates.models import RevokedSshKey
from gatehouse.ssh_certificates.queries.signers import KEYS as AUTHORITY_KEYS
from gatehouse.ssh_keys.errors import SshKeyNotFound
from gatehouse.ssh_keys.models import SshKey
from gatehouse.ssh_keys.rules import KeyState, state_of

USERS, MEMBERS, ORGANIZATIONS, SESSIONS, LOCKS, DEPARTMENTS, SSH_KEYS = (
    Model.metadata.tables[kind.__tablename__]
    for kind in (User, Member, Organization, Session, UserLock, Department, SshKey)
)
POLICIES, ORG_POLICIES, REVOKED = (
    Model.metadata.tables[kind.__tablename__]
    for kind in (DepartmentCertPolicy, OrganizationCertPolicy, RevokedSshKey)
)
ORG: BindParameter[UUID] = bindparam("org")
USER: BindParameter[UUID] = bindparam("user")
OF_ORGANIZATION = [column.name for column in ORG_POLICIES.c]
NOT_OF_POLICY = ("id", "department_id", "created_at")
IS_MEMBER = (
    MEMBERS.c.org_id == ORG,
    USERS.c.id == USER,
    MEMBERS.c.suspended_at.is_(None),
    MEMBERS.c.deleted_at.is_(None),
    USERS.c.status == AccountStatus.ACTIVE,
    USERS.c.deleted_at.is_(None),
    ORGANIZATIONS.c.deleted_at.is_(None),
    ORGANIZATIONS.c.is_active,
)
IS_LOCKED = exists().where(LOCKS.c.org_id == ORG, LOCKS.c.user_id == USER)
HOLDER = (
    select(
        USERS.c.id,
        USERS.c.email,
        ORGANIZATIONS.c.slug,
        MEMBERS.c.role,
        IS_LOCKED.label("is_locked"),
        SESSIONS.c.mfa_time,
        *(ORG_POLICIES.c[name].label(f"policy_{name}") for name in OF_ORGANIZATION),
    )
    .select_from(USERS)
    .join(MEMBERS, MEMBERS.c.user_id == USERS.c.id)
    .join(ORGANIZATIONS, ORGANIZATIONS.c.id == MEMBERS.c.org_id)
    .outerjoin(ORG_POLICIES, ORG_POLICIES.c.org_id == ORGANIZATIONS.c.id)
    .outerjoin(
        SESSIONS,
        and_(SESSIONS.c.id == bindparam("session"), SESSIONS.c.user_id == USERS.c.id),
    )
    .where(*IS_MEMBER)
)
OF_KEY = ("id", "type", "blob", "fingerprint", "bits", "verified_at", "expires_at")
OWN_KEYS = select(
    *(SSH_KEYS.c[name] for name in (*OF_KEY, "proved_with_pin")),
    exists()
    .where(REVOKED.c.org_id == ORG, REVOKED.c.fingerprint == SSH_KEYS.c.fingerprint)
    .label("is_revoked"),
).where(SSH_KEYS.c.user_id == USER)
# What somebody may use, by which department, and what that department demands.
DEMANDS = (
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
class Holder:
    """Whom a certificate is for, as they are in the organization now. ``mfa_time`` is when they
    last used a second factor.
    """

    id: UUID
    email: str
    org_slug: str
    role: Role
    mfa_time: datetime | None
    policy: OrganizationPolicy


@dataclass(frozen=True, slots=True)
class OwnKey:
    """An SSH key of the caller, and whether the organization has revoked it."""

    id: UUID
    type: str
    blob: bytes
    fingerprint: str
    bits: int
    verified_at: datetime | None
    expires_at: datetime | None
    proved_with_pin: bool
    is_revoked: bool


@dataclass(frozen=True, slots=True)
class Demanded:
    """What somebody may have, and what is demanded of it."""

    granted: Sequence[Granted]
    policies: Sequence[DepartmentPolicy]
    organization: OrganizationPolicy


def get_holder(ctx: Context, org_id: UUID) -> Holder:
    """The caller. Raises NotFound if they are not, or not any more, a member who may act; and
    UserLocked.
    """
    actor = ctx.actor
    values = {"org": org_id, "user": ctx.user_id, "session": actor.session_id}
    row = ctx.db.connection().execute(HOLDER, values).first()
    if row is None:
        raise NotFound
    if row.is_locked:
        raise UserLocked
    mfa_time = row.mfa_time
    if actor.client_row_id is not None:
        mfa_time = factor_proved_for(ctx) if reaches(acr_of(actor.amr), MFA) else None
    return Holder(row.id, row.email, row.slug, row.role, mfa_time, _organization(row))


def _organization(row: Any) -> OrganizationPolicy:
    """Without a row of its own an organization demands what is usual."""
    if row.policy_id is None:
        return OrganizationPolicy()
    return as_organization_policy(lambda name: getattr(row, f"policy_{name}"))


def demands_on(ctx: Context, org_id: UUID, holder: Holder) -> Demanded:
    """What the caller may use in an organization, and by what rules."""
    values = {"org": org_id, "user": ctx.user_id, "roles": users_of_principals(ctx)}
    rows = ctx.db.connection().execute(DEMANDS, values).all()
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


def get_own_key(ctx: Context, org_id: UUID, key_id: UUID | None) -> OwnKey:
    """One of the caller's keys; without an id, the one that was proved last.

    Raises SshKeyNotFound, NoVerifiedKeys.
    """
    values = {"org": org_id, "user": ctx.user_id}
    keys = [OwnKey(**row) for row in ctx.db.connection().execute(OWN_KEYS, values).mappings()]
    if key_id is not None:
        found = next((key for key in keys if key.id == key_id), None)
        if found is None:
            raise SshKeyNotFound
        return found
    proved = [(key.verified_at, key.id, key) for key in keys if _counts(ctx, key)]
    if not proved:
        raise NoVerifiedKeys
    return max(proved)[2]


def _counts(ctx: Context, key: OwnKey) -> bool:
    return state_of(key.verified_at, key.expires_at, ctx.now) is KeyState.VERIFIED


def is_revoked_key(ctx: Context, org_id: UUID, fingerprint: str) -> bool:
    there = RevokedSshKey.org_id == org_id, RevokedSshKey.fingerprint == fingerprint
    return ctx.db.scalar(select(RevokedSshKey.id).where(*there)) is not None


def is_authority_key(ctx: Context, fingerprint: str) -> bool:
    """Whether it is, or was, the key of an authority, of whichever organization."""
    there = select(AUTHORITY_KEYS.c.id).where(AUTHORITY_KEYS.c.fingerprint == fingerprint)
    return ctx.db.scalar(there) is not None
