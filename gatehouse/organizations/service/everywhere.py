"""Suspending a person in all organizations at once in which the caller outranks them."""

from uuid import UUID

from gatehouse.accounts.errors import AccountNotFound
from gatehouse.core.access import Barred, may
from gatehouse.core.context import Context
from gatehouse.core.errors import Forbidden
from gatehouse.organizations.errors import (
    AlreadySuspended,
    NotOnYourself,
    NotSuspended,
    OwnerProtection,
)
from gatehouse.organizations.models import Member
from gatehouse.organizations.permissions import OrganizationPermission
from gatehouse.organizations.queries import find_member, shared_with
from gatehouse.organizations.rules import outranks
from gatehouse.organizations.service.members import bar, let_in_again
from gatehouse.organizations.service.organizations import find_and_lock


def suspend_everywhere(ctx: Context, user_id: UUID) -> None:
    """Suspend every membership of a person that the caller may. Raises AlreadySuspended."""
    open_places = [m for m in _outranked(ctx, user_id) if m.suspended_at is None]
    if not open_places:
        raise AlreadySuspended
    for member in open_places:
        bar(ctx, member)


def unsuspend_everywhere(ctx: Context, user_id: UUID) -> None:
    """Give every membership of a person back that the caller may. Raises NotSuspended."""
    barred = [m for m in _outranked(ctx, user_id) if m.suspended_at is not None]
    if not barred:
        raise NotSuspended
    for member in barred:
        let_in_again(ctx, member)


def _outranked(ctx: Context, user_id: UUID) -> list[Member]:
    """The person's places where the caller stands higher, each organization held.

    Raises AccountNotFound if they share none, Forbidden if the caller administers none of those
    that they share, OwnerProtection if the person stands as high in all that the caller does. Where
    a policy bars the caller, they administer nothing.
    """
    if user_id == ctx.user_id:
        raise NotOnYourself
    shared = shared_with(ctx, user_id)
    if not shared:
        raise AccountNotFound
    barred = ctx.ports[Barred](ctx)
    administered = False
    found: list[Member] = []
    for org_id in shared:
        find_and_lock(ctx, org_id)
        own, theirs = find_member(ctx, org_id, ctx.user_id), find_member(ctx, org_id, user_id)
        if own is None or theirs is None or org_id in barred or not _administers(ctx, own):
            continue
        administered = True
        if outranks(own.role, theirs.role):
            found.append(theirs)
    if not administered:
        raise Forbidden(needs=OrganizationPermission.MANAGE_MEMBERS)
    if not found:
        raise OwnerProtection
    return found


def _administers(ctx: Context, place: Member) -> bool:
    is_open = place.suspended_at is None
    return is_open and may(ctx, place.role, OrganizationPermission.MANAGE_MEMBERS)
