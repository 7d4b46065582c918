"""Reading resets, whether an account is in an organization's care, and which factors it has."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, or_, select

from gatehouse.accounts.models import AccountStatus, User
from gatehouse.accounts.queries import get_account
from gatehouse.core.context import Context
from gatehouse.domains.queries import is_proven_by
from gatehouse.mfa.queries import factors_of, passkeys_of, totp_of
from gatehouse.organizations.models import Organization
from gatehouse.organizations.queries import get_member, places_to_leave
from gatehouse.outbox.queries import waiting_messages
from gatehouse.recovery.errors import ResetNotFound
from gatehouse.recovery.events import ResetApproved
from gatehouse.recovery.models import FactorReset
from gatehouse.recovery.rules import DELAY, HOLDS, domain_of
from gatehouse.sessions.models import Session

MOST_SHOWN = 50


def is_pending() -> tuple[ColumnElement[bool], ...]:
    return (FactorReset.cancelled_at.is_(None), FactorReset.done_at.is_(None))


def resets_of(user_id: UUID) -> Select[Any]:
    """The latest resets of an account, the newest first."""
    newest_first = select(FactorReset).order_by(FactorReset.id.desc())
    return newest_first.where(FactorReset.user_id == user_id).limit(MOST_SHOWN)


def resets_of_person(ctx: Context, user_id: UUID) -> list[FactorReset]:
    """For an operator. Raises AccountNotFound."""
    get_account(ctx, user_id)
    return list(ctx.db.scalars(resets_of(user_id)))


def resets_by(ctx: Context, org_id: UUID, user_id: UUID) -> list[FactorReset]:
    """Those of a member that this organization has approved. Raises MemberNotFound."""
    get_member(ctx, org_id, user_id)
    return list(ctx.db.scalars(resets_of(user_id).where(FactorReset.org_id == org_id)))


def own_resets(ctx: Context) -> list[FactorReset]:
    return list(ctx.db.scalars(resets_of(ctx.user_id)))


def own_pending_reset(ctx: Context) -> FactorReset | None:
    found: FactorReset | None = ctx.db.scalar(resets_of(ctx.user_id).where(*is_pending()))
    return found


def get_reset(ctx: Context, user_id: UUID, reset_id: UUID) -> FactorReset:
    found: FactorReset | None = ctx.db.scalar(resets_of(user_id).where(FactorReset.id == reset_id))
    if found is None:
        raise ResetNotFound
    return found


def find_reset(ctx: Context, reset_id: UUID) -> FactorReset | None:
    """By its id alone: for whoever has its link, and for the worker."""
    found: FactorReset | None = ctx.db.scalar(select(FactorReset).where(FactorReset.id == reset_id))
    return found


def has_pending_reset(ctx: Context, user_id: UUID) -> bool:
    pending = select(FactorReset.id).where(FactorReset.user_id == user_id, *is_pending())
    return ctx.db.scalar(pending) is not None


def count_of_a_day(ctx: Context, user_id: UUID) -> int:
    """How many resets were approved for an account within a day."""
    rows = select(func.count(FactorReset.id)).where(
        FactorReset.user_id == user_id, FactorReset.created_at > ctx.now - DELAY
    )
    return ctx.db.scalar(rows) or 0


def next_due(ctx: Context) -> FactorReset | None:
    """The reset that has been due longest, of those whose owner was told: one whose mail has not
    gone out yet waits for it, as long as it holds.
    """
    waiting = ctx.db.scalars(waiting_messages(ResetApproved.name))
    untold = [UUID(message.payload["factor_reset_id"]) for message in waiting]
    is_old = FactorReset.created_at < ctx.now - HOLDS
    may_end = or_(FactorReset.id.not_in(untold), is_old)
    found: FactorReset | None = ctx.db.scalar(
        select(FactorReset)
        .join(User, User.id == FactorReset.user_id)
        .where(*is_pending(), FactorReset.due_at <= ctx.now, may_end)
        .order_by(FactorReset.due_at, FactorReset.id)
        .limit(1)
    )
    return found


def name_of_approver(ctx: Context, reset: FactorReset) -> str | None:
    """The organization that approved a reset; None if an operator did."""
    if reset.org_id is None:
        return None
    named = select(Organization.name).where(Organization.id == reset.org_id)
    return ctx.db.scalar(named.execution_options(with_removed=True))


def has_used_a_factor_since(ctx: Context, reset: FactorReset) -> bool:
    """Whether somebody has proved one of the account's factors since the reset was approved."""
    proved = select(Session.id).where(
        Session.user_id == reset.user_id, Session.mfa_time > reset.created_at
    )
    return ctx.db.scalar(proved.limit(1)) is not None


def has_address_of(ctx: Context, org_id: UUID, user: User) -> bool:
    """Whether the address of an account lies in a domain that the organization has proven."""
    return is_proven_by(ctx, org_id, domain_of(user.email_key))


def is_of_alone(ctx: Context, org_id: UUID, user: User) -> bool:
    """Whether a member's account is active, of a verified address, no operator's, and in no other
    organization, barred from it or not.
    """
    is_plain = user.status is AccountStatus.ACTIVE and not user.is_operator
    return is_plain and user.email_verified and set(places_to_leave(ctx, user.id)) == {org_id}


def factors_of_person(ctx: Context, user_id: UUID) -> dict[str, Any]:
    """Which factors somebody has, for an operator: that they are there, not how they are used.

    Raises AccountNotFound.
    """
    get_account(ctx, user_id)
    return _factors(ctx, user_id)


def factors_of_member(ctx: Context, org_id: UUID, user_id: UUID) -> dict[str, Any]:
    """The same for an admin. Raises MemberNotFound."""
    get_member(ctx, org_id, user_id)
    return _factors(ctx, user_id)


def _factors(ctx: Context, user_id: UUID) -> dict[str, Any]:
    app, held = totp_of(ctx, user_id), factors_of(ctx, user_id)
    return {
        "totp_enabled": held.totp,
        "totp_verified_at": app.confirmed_at if app else None,
        "passkeys": ctx.db.scalars(passkeys_of(user_id)).all(),
        "recovery_codes_remaining": held.recovery_codes,
    }


def factor_resets(ctx: Context, user_id: UUID) -> list[dict[str, Any]]:
    """What an export tells of the resets that were approved for a person."""
    names = ("status", "org_id", "reason", "created_at", "due_at", "cancelled_at", "done_at")
    rows = ctx.db.scalars(
        select(FactorReset).where(FactorReset.user_id == user_id).order_by(FactorReset.id)
    )
    return [{name: getattr(row, name) for name in names} for row in rows]
