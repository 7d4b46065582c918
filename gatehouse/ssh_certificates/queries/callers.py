"""Whoever asks for a certificate, in one statement: who they are in the organization, what signs
for them, and with which of their keys.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, FromClause, Label, and_, bindparam, exists, or_, select

from gatehouse.accounts.models import AccountStatus, User
from gatehouse.core.access import refuse_role
from gatehouse.core.assurance import MFA, acr_of, reaches
from gatehouse.core.context import Context
from gatehouse.core.db import Model, TZDateTime
from gatehouse.core.errors import MembershipSuspended, NotFound
from gatehouse.core.prepared import Prepared
from gatehouse.core.roles import Role
from gatehouse.grants.queries import factor_proved_for
from gatehouse.locks.models import UserLock
from gatehouse.organizations.models import Member, Organization
from gatehouse.policies.queries import facts, standing_of
from gatehouse.policies.service import refuse_standing
from gatehouse.sessions.models import Session
from gatehouse.ssh_ca.models import AuthorityKind, KeyState, OrganizationCertPolicy, Permission
from gatehouse.ssh_ca.permissions import AuthorityPermissions
from gatehouse.ssh_ca.queries import as_organization_policy
from gatehouse.ssh_ca.rules.policies import OrganizationPolicy
from gatehouse.ssh_certificates.models import RevokedSshKey
from gatehouse.ssh_certificates.queries.signers import (
    AUTHORITIES,
    KEYS,
    LISTS,
    OF_SIGNER,
    PERMISSIONS,
    Signer,
)
from gatehouse.ssh_keys.models import SshKey

USERS, MEMBERS, ORGANIZATIONS, SESSIONS, LOCKS, SSH_KEYS, POLICIES, REVOKED = (
    Model.metadata.tables[kind.__tablename__]
    for kind in (
        *(User, Member, Organization, Session, UserLock, SshKey),
        *(OrganizationCertPolicy, RevokedSshKey),
    )
)
ORG: BindParameter[UUID] = bindparam("org")
USER: BindParameter[UUID] = bindparam("user")
NOW = bindparam("now", type_=TZDateTime())
OF_KEY = (
    *("id", "type", "blob", "fingerprint", "bits", "verified_at", "expires_at"),
    "proved_with_pin",
)


def _named(prefix: str, columns: Iterable[Any]) -> list[Label[Any]]:
    return [column.label(f"{prefix}_{column.name}") for column in columns]


def _may_sign(*more: Any) -> Any:
    signs = PERMISSIONS.c.permission == Permission.SIGN.value
    return exists().where(PERMISSIONS.c.authority_id == AUTHORITIES.c.id, signs, *more)


IS_BAD = exists().where(REVOKED.c.org_id == ORG, REVOKED.c.fingerprint == SSH_KEYS.c.fingerprint)
ALL = (
    *(USERS.c.id, USERS.c.email, ORGANIZATIONS.c.slug, MEMBERS.c.role),
    MEMBERS.c.suspended_at.label("place_suspended_at"),
    *(SESSIONS.c.mfa_time, LISTS.c.epoch),
    exists().where(LOCKS.c.org_id == ORG, LOCKS.c.user_id == USER).label("is_locked"),
    _may_sign().label("is_closed"),
    _may_sign(PERMISSIONS.c.user_id == USER).label("is_named"),
    *_named("policy", POLICIES.c),
    *_named("signer", OF_SIGNER),
    *_named("key", (SSH_KEYS.c[name] for name in OF_KEY)),
    IS_BAD.label("key_is_revoked"),
)


def _with(key: Any, kind: AuthorityKind) -> Prepared:
    """``key`` is the id of the one that is meant, ``kind`` that of what signs."""
    signing = (
        AUTHORITIES.c.org_id == ORG,
        AUTHORITIES.c.kind == kind,
        AUTHORITIES.c.deleted_at.is_(None),
    )
    active = and_(KEYS.c.authority_id == AUTHORITIES.c.id, KEYS.c.state == KeyState.ACTIVE)
    return Prepared(
        facts()
        .add_columns(*ALL)
        .join(USERS, USERS.c.id == MEMBERS.c.user_id)
        .join(ORGANIZATIONS, ORGANIZATIONS.c.id == MEMBERS.c.org_id)
        .outerjoin(LISTS, LISTS.c.org_id == ORGANIZATIONS.c.id)
        .outerjoin(POLICIES, POLICIES.c.org_id == ORGANIZATIONS.c.id)
        .outerjoin(
            SESSIONS,
            and_(SESSIONS.c.id == bindparam("session"), SESSIONS.c.user_id == USERS.c.id),
        )
        .outerjoin(AUTHORITIES.join(KEYS, active), and_(*signing))
        .outerjoin(SSH_KEYS, and_(SSH_KEYS.c.id == key, SSH_KEYS.c.user_id == USERS.c.id))
        .where(
            MEMBERS.c.org_id == ORG,
            MEMBERS.c.user_id == USER,
            USERS.c.status == AccountStatus.ACTIVE,
            USERS.c.deleted_at.is_(None),
            ORGANIZATIONS.c.deleted_at.is_(None),
            ORGANIZATIONS.c.is_active,
        )
    )


def _proved_last(keys: FromClause) -> Any:
    """The id of the one of the caller's keys that counts, and was proved last."""
    return (
        select(keys.c.id)
        .where(
            keys.c.user_id == USER,
            keys.c.verified_at.is_not(None),
            or_(keys.c.expires_at.is_(None), keys.c.expires_at > NOW),
        )
        .order_by(keys.c.verified_at.desc(), keys.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )


WITH_KEY = {kind: _with(bindparam("key"), kind) for kind in AuthorityKind}
WITH_LAST_KEY = {
    kind: _with(_proved_last(SSH_KEYS.alias("proved")), kind) for kind in AuthorityKind
}
USES = {
    AuthorityKind.USER: AuthorityPermissions.USE,
    AuthorityKind.HOST: AuthorityPermissions.USE_FOR_HOSTS,
}


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
class Known:
    """The caller, what signs for them, and their key; None where there is none such. ``is_closed``
    says that the authority signs for others alone, ``epoch`` is that of the organization's
    revocations as all of this was read.
    """

    holder: Holder
    signer: Signer | None
    key: OwnKey | None
    epoch: int
    is_closed: bool
    is_locked: bool


def get_known(
    ctx: Context,
    org_id: UUID,
    key_id: UUID | None = None,
    kind: AuthorityKind = AuthorityKind.USER,
) -> Known:
    """The caller with one of their keys; without an id, with the one that was proved last. ``kind``
    is that of the authority that they ask.

    Raises what check_permission does.
    """
    values = {"org": org_id, "user": ctx.user_id, "session": ctx.actor.session_id}
    if key_id is None:
        row = WITH_LAST_KEY[kind].first(ctx.wire, {**values, "now": ctx.now})
    else:
        row = WITH_KEY[kind].first(ctx.wire, {**values, "key": key_id})
    if row is None:
        raise NotFound
    if row.place_suspended_at is not None:
        raise MembershipSuspended
    refuse_standing(ctx, standing_of(row, ctx.now))
    refuse_role(ctx, row.role, USES[kind])
    return _known(ctx, row)


def _known(ctx: Context, row: Any) -> Known:
    of_key = slice(-len(OF_KEY) - 1, None)
    of_signer = slice(of_key.start - len(OF_SIGNER), of_key.start)
    return Known(
        Holder(row.id, row.email, row.slug, row.role, _mfa_time(ctx, row), _policy(row)),
        Signer(*row[of_signer]) if row.signer_id is not None else None,
        OwnKey(*row[of_key]) if row.key_id is not None else None,
        row.epoch,
        row.is_closed and not row.is_named,
        row.is_locked,
    )


def _mfa_time(ctx: Context, row: Any) -> datetime | None:
    """A program has used what its token says."""
    if ctx.actor.client_row_id is None:
        found: datetime | None = row.mfa_time
        return found
    return factor_proved_for(ctx) if reaches(acr_of(ctx.actor.amr), MFA) else None


def _policy(row: Any) -> OrganizationPolicy:
    """Without a row of its own an organization demands what is usual."""
    if row.policy_id is None:
        return OrganizationPolicy()
    return as_organization_policy(lambda name: getattr(row, f"policy_{name}"))
