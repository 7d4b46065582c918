"""What is known of somebody who asks for a certificate: one organization, one person."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, exists, select

from gatehouse.accounts.models import AccountStatus, User
from gatehouse.core.access import may
from gatehouse.core.assurance import MFA, acr_of, reaches
from gatehouse.core.context import Context
from gatehouse.core.errors import NotFound
from gatehouse.core.roles import Role
from gatehouse.organizations.models import Member, Organization
from gatehouse.principals.permissions import PrincipalPermission
from gatehouse.principals.queries import (
    effective_principals,
    managers_among,
    names_of,
    names_usable_by,
)
from gatehouse.principals.rules import is_for_owners
from gatehouse.sessions.queries import factor_proved_at
from gatehouse.ssh_ca.models import (
    Authority,
    AuthorityKey,
    AuthorityKind,
    AuthorityPermission,
    KeyState,
    Permission,
)
from gatehouse.ssh_ca.queries import policies_of_departments, policy_of_organization
from gatehouse.ssh_ca.rules.policies import AuthorityLimits, DepartmentPolicy, OrganizationPolicy
from gatehouse.ssh_ca.rules.principals import Granted, of_an_admin
from gatehouse.ssh_certificates.errors import AuthorityClosed, NoAuthority, NoVerifiedKeys
from gatehouse.ssh_certificates.models import RevocationList, RevokedSshKey
from gatehouse.ssh_keys.errors import SshKeyNotFound
from gatehouse.ssh_keys.models import SshKey
from gatehouse.ssh_keys.rules import KeyState as SshKeyState
from gatehouse.ssh_keys.rules import state_of

# Whoever revokes holds this row: either they wait for this act, and revoke what it has made, or
# this act waits, and then finds what they have left.
UNDISTURBED = (
    select(RevocationList.id)
    .where(RevocationList.org_id == bindparam("org"))
    .with_for_update(read=True)
)
HOLDER = (
    select(User.id, User.email, Organization.slug, Member.role)
    .join(Member, Member.user_id == User.id)
    .join(Organization, Organization.id == Member.org_id)
    .where(
        Member.org_id == bindparam("org"),
        User.id == bindparam("user"),
        Member.suspended_at.is_(None),
        User.status == AccountStatus.ACTIVE,
    )
)
OWN_KEYS = select(SshKey).where(SshKey.user_id == bindparam("user"))
SIGNS = Permission.SIGN
SIGNING = (
    select(
        Authority,
        AuthorityKey,
        exists()
        .where(
            AuthorityPermission.authority_id == Authority.id,
            AuthorityPermission.permission == SIGNS,
        )
        .label("is_closed"),
        exists()
        .where(
            AuthorityPermission.authority_id == Authority.id,
            AuthorityPermission.permission == SIGNS,
            AuthorityPermission.user_id == bindparam("user"),
        )
        .label("is_named"),
    )
    .join(AuthorityKey, AuthorityKey.authority_id == Authority.id)
    .where(
        Authority.org_id == bindparam("org"),
        Authority.kind == bindparam("kind"),
        AuthorityKey.state == KeyState.ACTIVE,
    )
)


@dataclass(frozen=True, slots=True)
class Holder:
    """Whom a certificate is for, as they are in the organization now."""

    id: UUID
    email: str
    org_slug: str
    role: Role


@dataclass(frozen=True, slots=True)
class Signer:
    """An authority, and the key of it that signs."""

    authority: Authority
    key: AuthorityKey

    @property
    def limits(self) -> AuthorityLimits:
        row = self.authority
        return AuthorityLimits(
            default_seconds=row.default_seconds,
            max_seconds=row.max_seconds,
            backdate_seconds=row.backdate_seconds,
        )


@dataclass(frozen=True, slots=True)
class Demanded:
    """What somebody may have, and what is demanded of it."""

    granted: Sequence[Granted]
    policies: Sequence[DepartmentPolicy]
    organization: OrganizationPolicy


def hold_off_revocations(ctx: Context, org_id: UUID) -> None:
    """Nothing of the organization is revoked from here on until this act is over: ask for it before
    all that decides what is signed.
    """
    ctx.db.execute(UNDISTURBED, {"org": org_id})


def get_holder(ctx: Context, org_id: UUID) -> Holder:
    """The caller. Raises NotFound if they are not, or not any more, a member who may act."""
    row = ctx.db.execute(HOLDER, {"org": org_id, "user": ctx.user_id}).first()
    if row is None:
        raise NotFound
    return Holder(*row)


def get_signer(ctx: Context, org_id: UUID, kind: AuthorityKind, *, named: bool = False) -> Signer:
    """The authority that signs for the caller; ``named`` if only for who is named there.

    Raises NoAuthority, AuthorityClosed.
    """
    row = ctx.db.execute(SIGNING, {"org": org_id, "kind": kind, "user": ctx.user_id}).first()
    if row is None:
        raise NoAuthority
    if (named or row.is_closed) and not row.is_named:
        raise AuthorityClosed
    return Signer(row.Authority, row.AuthorityKey)


def signer_of(ctx: Context, authority: Authority) -> Signer:
    """The same authority with the key that signs by now. Raises NoAuthority."""
    active = AuthorityKey.authority_id == authority.id, AuthorityKey.state == KeyState.ACTIVE
    key = ctx.db.scalar(select(AuthorityKey).where(*active))
    if key is None:
        raise NoAuthority
    return Signer(authority, key)


def demands_on(ctx: Context, org_id: UUID, holder: Holder) -> Demanded:
    """What the caller may use in an organization, and by what rules."""
    organization = policy_of_organization(ctx, org_id)
    granted: Sequence[Granted] = [
        Granted(one.principal.name, one.direct, tuple(way.id for way in one.via_departments))
        for one in effective_principals(ctx, org_id, ctx.user_id)
    ]
    if organization.admins_get_all_principals and may(ctx, holder.role, PrincipalPermission.MANAGE):
        granted = of_an_admin(granted, names_of(ctx, org_id), organization)
    departments = {department for one in granted for department in one.departments}
    policies = policies_of_departments(ctx, org_id, departments) if departments else ()
    return Demanded(granted, policies, organization)


def names_usable(ctx: Context, org_id: UUID, user_ids: Collection[UUID]) -> Mapping[UUID, set[str]]:
    """The names of the principals that each of these people may use now; none for who is out."""
    found = names_usable_by(ctx, org_id, user_ids)
    if not policy_of_organization(ctx, org_id).admins_get_all_principals:
        return found
    every = {name for name in names_of(ctx, org_id) if not is_for_owners(name)}
    for user_id in managers_among(ctx, org_id, user_ids):
        found[user_id] |= every
    return found


def get_own_key(ctx: Context, key_id: UUID | None) -> SshKey:
    """One of the caller's keys; without an id, the one that was proved last.

    Raises SshKeyNotFound, NoVerifiedKeys.
    """
    keys = ctx.db.scalars(OWN_KEYS, {"user": ctx.user_id}).all()
    if key_id is not None:
        found = next((key for key in keys if key.id == key_id), None)
        if found is None:
            raise SshKeyNotFound
        return found
    proved = [(key.verified_at, key) for key in keys if _counts(ctx, key)]
    if not proved:
        raise NoVerifiedKeys
    return max(proved, key=lambda each: (each[0], each[1].id))[1]


def _counts(ctx: Context, key: SshKey) -> bool:
    return state_of(key.verified_at, key.expires_at, ctx.now) is SshKeyState.VERIFIED


def is_revoked_key(ctx: Context, org_id: UUID, fingerprint: str) -> bool:
    there = RevokedSshKey.org_id == org_id, RevokedSshKey.fingerprint == fingerprint
    return ctx.db.scalar(select(RevokedSshKey.id).where(*there)) is not None


def is_authority_key(ctx: Context, fingerprint: str) -> bool:
    """Whether it is, or was, the key of an authority, of whichever organization."""
    there = AuthorityKey.fingerprint == fingerprint
    return ctx.db.scalar(select(AuthorityKey.id).where(there)) is not None


def factor_time(ctx: Context) -> datetime | None:
    """When the caller last used a second factor; of a program, when its token's owner did."""
    actor = ctx.actor
    if actor.client_row_id is None:
        return factor_proved_at(ctx, ctx.user_id, ctx.session_id)
    return actor.auth_time if reaches(acr_of(actor.amr), MFA) else None
