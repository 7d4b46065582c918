"""What happens to sessions by itself."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, select, update

from gatehouse.accounts.events import (
    AccountDeleted,
    AccountDisowned,
    AccountSuspended,
    EmailChangeUndone,
    PasswordChanged,
    PasswordReset,
)
from gatehouse.core.context import Context
from gatehouse.core.reactions import during, every
from gatehouse.sessions.models import Session, SessionStatus
from gatehouse.sessions.queries import REMEMBERED
from gatehouse.sessions.rules import LARGEST_SLACK
from gatehouse.sessions.service import end_sessions, remember_device

BATCH = 1000


@during(AccountSuspended)
def end_sessions_of_a_suspended_account(ctx: Context, event: AccountSuspended) -> dict[str, int]:
    """They stay ended when the account is given back."""
    return _end_all(ctx, event.user_id, "account_suspended")


@during(AccountDeleted)
def end_sessions_of_a_deleted_account(ctx: Context, event: AccountDeleted) -> dict[str, int]:
    return _end_all(ctx, event.user_id, "account_deleted")


@during(AccountDisowned)
def end_sessions_of_a_disowned_account(ctx: Context, event: AccountDisowned) -> dict[str, int]:
    return _end_all(ctx, event.user_id, "account_disowned")


@during(PasswordReset)
def end_all_sessions_after_a_reset(ctx: Context, event: PasswordReset) -> dict[str, int]:
    """Whoever used the link is known: strangers' guesses keep them out no more."""
    ended = _end_all(ctx, event.user_id, "password_reset")
    remember_device(ctx, event.user_id, reason="password_reset")
    return ended


@during(EmailChangeUndone)
def end_all_sessions_after_an_undone_change(
    ctx: Context, event: EmailChangeUndone
) -> dict[str, int]:
    return _end_all(ctx, event.user_id, "email_change_undone")


@during(PasswordChanged)
def end_other_sessions_after_a_password_change(
    ctx: Context, event: PasswordChanged
) -> dict[str, int]:
    own = ctx.actor.session_id if ctx.actor.user_id == event.user_id else None
    ended = end_sessions(ctx, event.user_id, but=own, reason="password_changed")
    return {"sessions_ended": ended}


@every(timedelta(minutes=5))
def cleanup_sessions(ctx: Context) -> int:
    """Mark as EXPIRED what has run out, a batch at a time. Returns how many sessions that were.

    What ran out less than the slack ago is left: its expiry may be about to be written.
    """
    over = (
        select(Session.id)
        .where(Session.status == SessionStatus.ACTIVE, Session.expires_at < ctx.now - LARGEST_SLACK)
        .limit(BATCH)
    )
    statement = (
        update(Session)
        .where(Session.id.in_(over.scalar_subquery()), Session.status == SessionStatus.ACTIVE)
        .values(status=SessionStatus.EXPIRED, ended_at=ctx.now, end_reason="expired")
        .execution_options(synchronize_session=False)
    )
    return ctx.execute(statement)


@every(timedelta(hours=1))
def purge_sessions(ctx: Context) -> int:
    """Delete sessions that ended 90 days ago, in small batches.

    Until then they tell which devices an account was seen on.
    """
    long_ago = ctx.now - REMEMBERED
    over = (
        select(Session.id)
        .where(
            Session.status.in_((SessionStatus.EXPIRED, SessionStatus.REVOKED)),
            Session.expires_at < long_ago,
            Session.ended_at < long_ago,
        )
        .limit(BATCH)
    )
    gone = delete(Session).where(Session.id.in_(over.scalar_subquery()))
    return ctx.execute(gone.execution_options(synchronize_session=False))


def _end_all(ctx: Context, user_id: UUID, reason: str) -> dict[str, int]:
    return {"sessions_ended": end_sessions(ctx, user_id, reason=reason)}
