"""What follows acts on grants, and what is purged."""

from datetime import timedelta

from sqlalchemy import delete, or_, select

from gatehouse.accounts.events import (
    AccountDeleted,
    AccountDisowned,
    AccountSuspended,
    EmailChanged,
    EmailChangeUndone,
    EmailVerified,
    PasswordChanged,
    PasswordReset,
    ProfileChanged,
)
from gatehouse.clients.events import ClientDeactivated
from gatehouse.clients.models import Client
from gatehouse.core.context import Context
from gatehouse.core.reactions import during, every
from gatehouse.grants.models import ClientSession, Grant, RefreshFamily, RevokedToken
from gatehouse.grants.service import (
    revoke_families,
    revoke_families_for,
    revoke_grants,
    void_tokens,
)
from gatehouse.locks.events import MemberLocked
from gatehouse.mfa.events import FactorsReset
from gatehouse.organizations.events import (
    MemberLeft,
    MemberRemoved,
    MemberSuspended,
    OrganizationDeleted,
)
from gatehouse.policies.events import MemberSuspendedByPolicy
from gatehouse.sessions.events import OtherSessionsRevoked

BATCH = 1000
KEPT = timedelta(days=30)  # so that a token that is shown again is known


Ending = (
    PasswordChanged
    | PasswordReset
    | EmailChangeUndone
    | FactorsReset
    | AccountSuspended
    | AccountDisowned
    | MemberLocked
)


@during(
    PasswordChanged,
    PasswordReset,
    EmailChangeUndone,
    FactorsReset,
    AccountSuspended,
    AccountDisowned,
    MemberLocked,
)
def end_tokens_of_an_account(ctx: Context, event: Ending) -> dict[str, int]:
    """They stay ended when a suspended account is given back. Whoever has lost a factor, or is
    locked out of an organization, may have lost what it opened with it.
    """
    void_tokens(ctx, event.user_id)
    which = RefreshFamily.user_id == event.user_id
    return told(refresh_families_ended=revoke_families(ctx, which, reason=event.name))


@during(AccountDeleted)
def end_grants_of_a_deleted_account(ctx: Context, event: AccountDeleted) -> dict[str, int]:
    void_tokens(ctx, event.user_id)
    ended = revoke_grants(ctx, Grant.user_id == event.user_id, reason="account_deleted")
    return told(consents_ended=ended)


@during(MemberRemoved, MemberLeft, MemberSuspended, MemberSuspendedByPolicy)
def end_grants_in_an_organization(
    ctx: Context,
    event: MemberRemoved | MemberLeft | MemberSuspended | MemberSuspendedByPolicy,
) -> dict[str, int]:
    """Those of its clients, and the refresh tokens with which other clients are used for it; being
    added again brings none of them back.
    """
    theirs = select(Client.id).where(Client.org_id == event.org_id).scalar_subquery()
    which = (Grant.user_id == event.user_id, Grant.client_row_id.in_(theirs))
    ended = revoke_grants(ctx, *which, reason=event.name)
    families = revoke_families_for(ctx, event.user_id, event.org_id, reason=event.name)
    return told(consents_ended=ended, refresh_families_ended=families)


@during(ClientDeactivated)
def end_grants_of_a_client(ctx: Context, event: ClientDeactivated) -> dict[str, int]:
    """They stay ended when it is switched on again; those of a deleted one go with its row."""
    which = Grant.client_row_id == event.client_row_id
    return told(consents_ended=revoke_grants(ctx, which, reason=event.name))


@during(OrganizationDeleted)
def end_grants_of_a_deleted_organization(
    ctx: Context, event: OrganizationDeleted
) -> dict[str, int]:
    """Whoever gave them, to whichever of its clients."""
    clients = select(Client.id).where(Client.org_id == event.org_id)
    if ctx.db.scalar(clients.limit(1)) is not None:
        ctx.outwait_leases()
    which = Grant.client_row_id.in_(clients.scalar_subquery())
    return told(consents_ended=revoke_grants(ctx, which, reason=event.name))


@during(OtherSessionsRevoked)
def end_tokens_of_other_sessions(ctx: Context, event: OtherSessionsRevoked) -> dict[str, int]:
    """Signing out everywhere else ends those refresh tokens, too, that outlive a session. What came
    of the present session stays, and what the caller is using.
    """
    which = [RefreshFamily.user_id == event.user_id]
    if event.session_id is not None:
        here = select(ClientSession.id).where(ClientSession.session_id == event.session_id)
        is_elsewhere = RefreshFamily.sid.not_in(here.scalar_subquery())
        which.append(or_(RefreshFamily.sid.is_(None), is_elsewhere))
    if ctx.actor.family_id is not None:
        which.append(RefreshFamily.id != ctx.actor.family_id)
    return told(refresh_families_ended=revoke_families(ctx, *which, reason=event.name))


@during(ProfileChanged, EmailVerified, EmailChanged)
def tell_applications_at_once(
    ctx: Context, event: ProfileChanged | EmailVerified | EmailChanged
) -> None:
    """What a worker says of a person is what it read a moment ago: let that moment pass."""
    given = select(Grant.id).where(Grant.user_id == event.user_id)
    if ctx.db.scalar(given.limit(1)) is not None:
        ctx.outwait_leases()


@every(timedelta(hours=1))
def purge_grants(ctx: Context) -> int:
    """Delete refresh families, grants and revocations that ended long ago, in small batches."""
    long_ago = ctx.now - KEPT
    over = select(RefreshFamily.id).where(RefreshFamily.expires_at < long_ago).limit(BATCH)
    gone = select(Grant.id).where(Grant.revoked_at < long_ago).limit(BATCH)
    spent = select(RevokedToken.id).where(RevokedToken.expires_at < ctx.now).limit(BATCH)
    rows = ((RefreshFamily, over), (Grant, gone), (RevokedToken, spent))
    return sum(
        ctx.execute(
            delete(kind)
            .where(kind.id.in_(which.scalar_subquery()))
            .execution_options(synchronize_session=False)
        )
        for kind, which in rows
    )


def told(**counts: int) -> dict[str, int]:
    """For the record of the act: what ended with it, if anything did."""
    return {name: count for name, count in counts.items() if count}
