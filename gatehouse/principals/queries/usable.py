"""Which principals a person may use: the one answer, for lists and for certificates alike."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Exists,
    Select,
    and_,
    bindparam,
    exists,
    func,
    or_,
    select,
)

from gatehouse.accounts.models import AccountStatus, User
from gatehouse.core.access import Barred, may
from gatehouse.core.context import Context
from gatehouse.core.db import Model, in_batches
from gatehouse.core.pagination import Page, paginate_rows
from gatehouse.core.roles import Role
from gatehouse.departments.models import Department, DepartmentMember
from gatehouse.departments.queries import departments_with
from gatehouse.organizations.models import Member, Organization
from gatehouse.organizations.queries import places_of
from gatehouse.principals.models import Principal, PrincipalDepartment, PrincipalMember
from gatehouse.principals.permissions import PrincipalPermission

MOST_TOLD = 200
OF_MEMBERS = (
    select(Member.user_id, Principal.name)
    .join(Principal, Principal.org_id == Member.org_id)
    .join(User, User.id == Member.user_id)
)
HELD_DIRECTLY = OF_MEMBERS.join(
    PrincipalMember,
    and_(
        PrincipalMember.principal_id == Principal.id,
        PrincipalMember.user_id == Member.user_id,
    ),
)
HELD_THROUGH = (
    OF_MEMBERS.add_columns(PrincipalDepartment.department_id)
    .join(PrincipalDepartment, PrincipalDepartment.principal_id == Principal.id)
    .join(
        DepartmentMember,
        and_(
            DepartmentMember.department_id == PrincipalDepartment.department_id,
            DepartmentMember.user_id == Member.user_id,
        ),
    )
)

PRINCIPALS, DIRECT, LINKS, WAYS = (
    Model.metadata.tables[kind.__tablename__]
    for kind in (Principal, PrincipalMember, PrincipalDepartment, DepartmentMember)
)
ORG: BindParameter[UUID] = bindparam("org")
USER: BindParameter[UUID] = bindparam("user")
# The same as ``effective_principals`` for whoever is in a hurry, of a member who is known to be one
# that may use what they hold: a row for each way to each principal, by which it is used directly,
# or through the department of WAYS.
GRANTS = (
    select(PRINCIPALS.c.name, DIRECT.c.id.is_not(None).label("is_direct"), WAYS.c.department_id)
    .select_from(PRINCIPALS)
    .outerjoin(DIRECT, and_(DIRECT.c.principal_id == PRINCIPALS.c.id, DIRECT.c.user_id == USER))
    .outerjoin(LINKS, LINKS.c.principal_id == PRINCIPALS.c.id)
    .outerjoin(WAYS, and_(WAYS.c.department_id == LINKS.c.department_id, WAYS.c.user_id == USER))
    .where(PRINCIPALS.c.org_id == ORG, or_(DIRECT.c.id.is_not(None), WAYS.c.id.is_not(None)))
)


@dataclass(frozen=True, slots=True)
class Way:
    """A department through which a person holds a principal."""

    id: UUID
    name: str


@dataclass(frozen=True, slots=True)
class Usable:
    """A principal that a person may use now: directly, through departments, or both."""

    principal: Principal
    direct: bool
    via_departments: Sequence[Way]

    @property
    def via_department(self) -> str | None:
        return self.via_departments[0].name if self.via_departments else None


def effective_principals(ctx: Context, org_id: UUID, user_id: UUID) -> Sequence[Usable]:
    """What a person may use in an organization, by name.

    Nothing, unless their account is active and they are a member who is neither suspended nor a
    guest. Read anew each time: what is taken away ends at once.
    """
    return _usable_in(ctx, user_id, [org_id])[org_id]


def users_of_principals(ctx: Context) -> list[Role]:
    """The roles whose members may use what they hold."""
    return [role for role in Role if may(ctx, role, PrincipalPermission.USE)]


def names_of(ctx: Context, org_id: UUID) -> Sequence[str]:
    """All that there are in an organization."""
    return ctx.db.scalars(select(Principal.name).where(Principal.org_id == org_id)).all()


def names_held(ctx: Context, org_id: UUID, user_id: UUID) -> Sequence[str]:
    """What a person would use in an organization if nothing of theirs were suspended."""
    held = select(Principal.name).where(Principal.org_id == org_id, or_(*_held_by(user_id)))
    return ctx.db.scalars(held).all()


def ways_usable_by(
    ctx: Context, org_id: UUID, user_ids: Collection[UUID]
) -> Iterator[tuple[UUID, str, UUID | None]]:
    """What each of these people may use in an organization now, once for each way: the person, the
    name, and the department that gives it, or None for what they hold directly.
    """
    for ids in in_batches(user_ids):
        own = Member.org_id == org_id, Member.user_id.in_(ids), *_may_use(ctx)
        for user_id, name in ctx.db.execute(HELD_DIRECTLY.where(*own)):
            yield user_id, name, None
        for user_id, name, department_id in ctx.db.execute(HELD_THROUGH.where(*own)):
            yield user_id, name, department_id


def managers_among(ctx: Context, org_id: UUID, user_ids: Collection[UUID]) -> Sequence[UUID]:
    """Those of them who administer the organization's principals now."""
    managers = [role for role in Role if may(ctx, role, PrincipalPermission.MANAGE)]
    places = (
        select(Member.user_id)
        .join(User, User.id == Member.user_id)
        .where(Member.org_id == org_id, Member.role.in_(managers), *_may_use(ctx))
    )
    wanted = set(user_ids)
    return [user_id for user_id in ctx.db.scalars(places) if user_id in wanted]


def page_of_own_principals(
    ctx: Context, user_id: UUID, *, page: int, per_page: int
) -> Page[dict[str, Any]]:
    """A person's organizations with what they may use there; for admins, with what there is.

    ``all_principals`` ends after 200 of an organization. Where a policy bars the caller, they
    administer nothing.
    """
    found = paginate_rows(ctx, _open_places_of(user_id), page=page, per_page=per_page)
    roles = {organization.id: role for organization, role, _ in found.items}
    mine = _usable_in(ctx, user_id, roles)
    managed = [i for i, role in roles.items() if may(ctx, role, PrincipalPermission.MANAGE)]
    barred = ctx.ports[Barred](ctx) if managed else {}
    administered = [org_id for org_id in managed if org_id not in barred]
    there = _first_principals(ctx, administered)

    def shown(organization: Organization, role: Role) -> dict[str, Any]:
        return _headed(organization, role) | {
            "is_admin": organization.id in administered,
            "my_principals": mine[organization.id],
            "all_principals": there[organization.id],
        }

    return found.map(lambda row: shown(row[0], row[1]))


def page_of_memberships(
    ctx: Context, user_id: UUID, *, page: int, per_page: int
) -> Page[dict[str, Any]]:
    """A person's organizations with the departments and principals that they hold there."""
    found = paginate_rows(ctx, _open_places_of(user_id), page=page, per_page=per_page)
    org_ids = [organization.id for organization, *_ in found.items]
    mine = _usable_in(ctx, user_id, org_ids)
    departments: Mapping[UUID, list[Department]] = defaultdict(list)
    for department in ctx.db.scalars(departments_with(user_id, org_ids)):
        departments[department.org_id].append(department)

    def shown(organization: Organization, role: Role) -> dict[str, Any]:
        return _headed(organization, role) | {
            "departments": departments[organization.id],
            "principals": mine[organization.id],
        }

    return found.map(lambda row: shown(row[0], row[1]))


def _open_places_of(user_id: UUID) -> Select[*tuple[Any, ...]]:
    return places_of(user_id).where(Member.suspended_at.is_(None))


def _headed(organization: Organization, role: Role) -> dict[str, Any]:
    return {"org_id": organization.id, "org_name": organization.name, "role": role}


def _usable_in(
    ctx: Context, user_id: UUID, org_ids: Collection[UUID]
) -> Mapping[UUID, list[Usable]]:
    """By organization, in two statements for however many."""
    rows = ctx.db.execute(_usable_by(ctx, user_id).where(Principal.org_id.in_(org_ids))).all()
    ways = _ways_to(ctx, user_id, [principal.id for principal, _ in rows])
    found: Mapping[UUID, list[Usable]] = defaultdict(list)
    for principal, is_direct in rows:
        found[principal.org_id].append(Usable(principal, bool(is_direct), ways[principal.id]))
    return found


def _usable_by(ctx: Context, user_id: UUID) -> Select[*tuple[Any, ...]]:
    """Principals, each with whether it is held directly, where the membership lets them be used."""
    is_direct, is_through = _held_by(user_id)
    return (
        select(Principal, is_direct)
        .join(Member, and_(Member.org_id == Principal.org_id, Member.user_id == user_id))
        .join(User, User.id == Member.user_id)
        .where(*_may_use(ctx), or_(is_direct, is_through))
        .order_by(Principal.name)
    )


def _may_use(ctx: Context) -> tuple[ColumnElement[bool], ...]:
    """Of a member and their account: whether they may use any principal at all."""
    return (
        Member.suspended_at.is_(None),
        Member.role.in_(users_of_principals(ctx)),
        User.status == AccountStatus.ACTIVE,
    )


def _held_by(user_id: Any) -> tuple[Exists, Exists]:
    """Whether a person holds a principal: directly, and through a department."""
    is_direct = exists().where(
        PrincipalMember.principal_id == Principal.id, PrincipalMember.user_id == user_id
    )
    is_through = exists().where(
        PrincipalDepartment.principal_id == Principal.id,
        PrincipalDepartment.department_id == DepartmentMember.department_id,
        DepartmentMember.user_id == user_id,
    )
    return is_direct, is_through


def _ways_to(
    ctx: Context, user_id: UUID, principal_ids: Collection[UUID]
) -> Mapping[UUID, list[Way]]:
    rows = ctx.db.execute(
        select(PrincipalDepartment.principal_id, Department.id, Department.name)
        .join(Department, Department.id == PrincipalDepartment.department_id)
        .join(DepartmentMember, DepartmentMember.department_id == Department.id)
        .where(
            DepartmentMember.user_id == user_id,
            PrincipalDepartment.principal_id.in_(principal_ids),
        )
        .order_by(Department.name_key, Department.id)
    )
    found: Mapping[UUID, list[Way]] = defaultdict(list)
    for principal_id, department_id, name in rows:
        found[principal_id].append(Way(department_id, name))
    return found


def _first_principals(ctx: Context, org_ids: Collection[UUID]) -> Mapping[UUID, list[Principal]]:
    by_name = func.row_number().over(partition_by=Principal.org_id, order_by=Principal.name)
    ranked = (
        select(Principal.id, by_name.label("place")).where(Principal.org_id.in_(org_ids)).subquery()
    )
    rows = ctx.db.scalars(
        select(Principal)
        .join(ranked, ranked.c.id == Principal.id)
        .where(ranked.c.place <= MOST_TOLD)
        .order_by(Principal.name)
    )
    found: Mapping[UUID, list[Principal]] = defaultdict(list)
    for principal in rows:
        found[principal.org_id].append(principal)
    return found
