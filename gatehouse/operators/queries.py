"""Reading other people's accounts: all of them, or those in the caller's care."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import contains_eager

from gatehouse.accounts.errors import AccountNotFound
from gatehouse.accounts.models import AccountStatus, User
from gatehouse.accounts.queries import get_account
from gatehouse.core.access import is_operator
from gatehouse.core.context import Context
from gatehouse.core.errors import Forbidden
from gatehouse.core.pagination import Page, paginate_newest_first
from gatehouse.organizations.models import Member, Organization
from gatehouse.organizations.permissions import OrganizationPermission
from gatehouse.organizations.queries import administered_by, places_of, shared_with
from gatehouse.ssh_keys.queries import keys_of

MOST_PLACES = 200
NOBODYS = dict.fromkeys(
    ("email_verified", "activated", "is_operator", "last_login_at", "created_at", "updated_at")
)


def page_of_people(ctx: Context, *, q: str, **window: Any) -> Page[dict[str, Any]]:
    """All accounts for an operator; for an admin, who is in the organizations they administer.

    The newest first. Raises Forbidden for anybody else.
    """
    if is_operator(ctx):
        accounts = _narrowed(select(User), q)
        found = paginate_newest_first(ctx, [accounts], User.id, **window)
        return found.map(lambda user: _whole(user) | {"org_id": None, "org_role": None})
    administered = administered_by(ctx, ctx.user_id)
    if ctx.db.scalar(administered.limit(1)) is None:
        raise Forbidden(needs=OrganizationPermission.MANAGE_MEMBERS)
    members = select(Member).join(Member.user).options(contains_eager(Member.user))
    members = _narrowed(members.where(Member.org_id.in_(administered)), q)
    return paginate_newest_first(ctx, [members], Member.id, **window).map(_row_of_admin)


def read_person(ctx: Context, user_id: UUID) -> dict[str, Any]:
    """One account with its organizations, as far as they are the caller's to see.

    Raises AccountNotFound for strangers, Forbidden for members without a say.
    """
    if is_operator(ctx):
        user = get_account(ctx, user_id)
        return _shown(ctx, _whole(user), _places(ctx, places_of(user_id)))
    if not shared_with(ctx, user_id):
        raise AccountNotFound
    administered = administered_by(ctx, ctx.user_id)
    places = _places(ctx, places_of(user_id).where(Organization.id.in_(administered)))
    if not places:
        raise Forbidden(needs=OrganizationPermission.MANAGE_MEMBERS)
    is_barred = all(place["is_suspended"] for place in places)
    user = get_account(ctx, user_id)
    return _shown(ctx, _of_member(user, is_barred=is_barred), places)


def _shown(ctx: Context, user: dict[str, Any], places: list[dict[str, Any]]) -> dict[str, Any]:
    """With the person's SSH keys, which are in certificates that an admin may revoke."""
    keys = ctx.db.scalars(keys_of(user["id"])).all()
    return {"user": user, "ssh_keys": keys, "organizations": places}


def _narrowed(rows: Select[Any], q: str) -> Select[Any]:
    if not q:
        return rows
    columns = (User.email, User.full_name)
    return rows.where(or_(*(column.icontains(q, autoescape=True) for column in columns)))


def _places(ctx: Context, places: Select[Any, Any, Any]) -> list[dict[str, Any]]:
    return [
        {
            "org_id": organization.id,
            "org_name": organization.name,
            "role": role,
            "is_suspended": suspended_at is not None,
        }
        for organization, role, suspended_at in ctx.db.execute(places.limit(MOST_PLACES))
    ]


def _row_of_admin(member: Member) -> dict[str, Any]:
    shown = _of_member(member.user, is_barred=member.suspended_at is not None)
    return shown | {"org_id": member.org_id, "org_role": member.role}


def _whole(user: User) -> dict[str, Any]:
    return _seen(user) | {name: getattr(user, name) for name in ("status", *NOBODYS)}


def _of_member(user: User, *, is_barred: bool) -> dict[str, Any]:
    """Anybody can be added to an organization: its admins learn nothing of the account itself."""
    status = AccountStatus.SUSPENDED if is_barred else AccountStatus.ACTIVE
    return _seen(user) | NOBODYS | {"status": status}


def _seen(user: User) -> dict[str, Any]:
    return {name: getattr(user, name) for name in ("id", "email", "full_name", "avatar_url")}
