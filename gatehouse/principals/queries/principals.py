"""What principals an organization has, and who is behind them. Bound to one organization."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, func, or_, select

from gatehouse.core.context import Context
from gatehouse.core.pagination import Page, paginate, paginate_rows
from gatehouse.departments.models import Department, DepartmentMember
from gatehouse.departments.queries import departments_of
from gatehouse.organizations.models import Member
from gatehouse.organizations.queries import as_seen_by, may_read_addresses, members_of
from gatehouse.principals.errors import PrincipalNotFound
from gatehouse.principals.models import Principal, PrincipalDepartment, PrincipalMember


@dataclass(frozen=True, slots=True)
class Counted:
    """A principal as it is shown: with how many hold it directly, and how many departments do."""

    principal: Principal
    direct_member_count: int
    department_count: int


def principals_of(org_id: UUID) -> Select[Any]:
    """Principals by name."""
    return select(Principal).where(Principal.org_id == org_id).order_by(Principal.name)


def principals_of_department(org_id: UUID, department_id: UUID) -> Select[Any]:
    links = select(PrincipalDepartment.principal_id).where(
        PrincipalDepartment.department_id == department_id
    )
    return principals_of(org_id).where(Principal.id.in_(links))


def departments_open_to(org_id: UUID, principal_id: UUID) -> Select[Any]:
    links = select(PrincipalDepartment.department_id).where(
        PrincipalDepartment.principal_id == principal_id
    )
    return departments_of(org_id).where(Department.id.in_(links))


def get_principal(ctx: Context, org_id: UUID, principal_id: UUID) -> Principal:
    found: Principal | None = ctx.db.scalar(
        principals_of(org_id).where(Principal.id == principal_id)
    )
    if found is None:
        raise PrincipalNotFound
    return found


def find_principal(ctx: Context, org_id: UUID, name: str) -> Principal | None:
    found: Principal | None = ctx.db.scalar(principals_of(org_id).where(Principal.name == name))
    return found


def read_principal(ctx: Context, org_id: UUID, principal_id: UUID) -> Counted:
    return counted(ctx, [get_principal(ctx, org_id, principal_id)])[0]


def page_of_principals(
    ctx: Context, principals: Select[Any], *, page: int, per_page: int
) -> Page[Counted]:
    """One page of principals, with their counts."""
    found = paginate(ctx, principals, page=page, per_page=per_page)
    shown = {row.principal.id: row for row in counted(ctx, found.items)}
    return found.map(lambda principal: shown[principal.id])


def counted(ctx: Context, principals: Sequence[Principal]) -> list[Counted]:
    """Two statements for all of them, however many they are."""
    ids = [principal.id for principal in principals]
    members = _count(ctx, PrincipalMember, ids)
    departments = _count(ctx, PrincipalDepartment, ids)
    return [Counted(p, members.get(p.id, 0), departments.get(p.id, 0)) for p in principals]


def _count(
    ctx: Context,
    kind: type[PrincipalMember] | type[PrincipalDepartment],
    principal_ids: Collection[UUID],
) -> Mapping[UUID, int]:
    rows = ctx.db.execute(
        select(kind.principal_id, func.count())
        .where(kind.principal_id.in_(principal_ids))
        .group_by(kind.principal_id)
    ).all()
    return dict(rows)


def principal_counts(
    ctx: Context, org_id: UUID, department_ids: Collection[UUID]
) -> Mapping[UUID, int]:
    """The PrincipalCounts port."""
    rows = ctx.db.execute(
        select(PrincipalDepartment.department_id, func.count())
        .join(Principal, Principal.id == PrincipalDepartment.principal_id)
        .where(Principal.org_id == org_id, PrincipalDepartment.department_id.in_(department_ids))
        .group_by(PrincipalDepartment.department_id)
    ).all()
    return dict(rows)


def page_of_members(
    ctx: Context, org_id: UUID, principal_id: UUID, *, page: int, per_page: int
) -> Page[dict[str, Any]]:
    """One page of who holds a principal, directly or through a department."""
    get_principal(ctx, org_id, principal_id)
    held_by = and_(
        PrincipalMember.user_id == Member.user_id, PrincipalMember.principal_id == principal_id
    )
    through = (
        select(DepartmentMember.user_id)
        .join(
            PrincipalDepartment,
            PrincipalDepartment.department_id == DepartmentMember.department_id,
        )
        .where(PrincipalDepartment.principal_id == principal_id)
    )
    rows = (
        members_of(org_id)
        .add_columns(PrincipalMember.id)
        .outerjoin(PrincipalMember, held_by)
        .where(or_(PrincipalMember.id.is_not(None), Member.user_id.in_(through)))
    )
    found = paginate_rows(ctx, rows, page=page, per_page=per_page)
    shows = may_read_addresses(ctx, org_id)
    return found.map(lambda row: shown_place(ctx, principal_id, *row, shows_addresses=shows))


def shown_place(
    ctx: Context,
    principal_id: UUID,
    member: Member,
    place_id: UUID | None,
    *,
    shows_addresses: bool = True,
) -> dict[str, Any]:
    """Somebody behind a principal; without an own place they hold it through a department."""
    return {
        "id": place_id,
        "user_id": member.user_id,
        "principal_id": principal_id,
        "direct": place_id is not None,
        "role": member.role,
        "is_suspended": member.suspended_at is not None,
        "user": as_seen_by(ctx, member.user, shows_addresses=shows_addresses),
    }


def find_place(ctx: Context, principal_id: UUID, user_id: UUID) -> PrincipalMember | None:
    """Somebody's place in a principal that was found by its organization."""
    found: PrincipalMember | None = ctx.db.scalar(
        select(PrincipalMember).where(
            PrincipalMember.principal_id == principal_id, PrincipalMember.user_id == user_id
        )
    )
    return found


def principals(ctx: Context, user_id: UUID) -> list[dict[str, Any]]:
    """What an export tells of the principals that a person holds directly."""
    rows = ctx.db.execute(
        select(Principal, PrincipalMember.created_at)
        .join(PrincipalMember, PrincipalMember.principal_id == Principal.id)
        .where(PrincipalMember.user_id == user_id)
        .order_by(PrincipalMember.id)
    )
    return [
        {"id": p.id, "organization_id": p.org_id, "name": p.name, "added_at": added}
        for p, added in rows
    ]


def find_link(ctx: Context, principal_id: UUID, department_id: UUID) -> PrincipalDepartment | None:
    """What opens a principal to a department, both found by their organization."""
    found: PrincipalDepartment | None = ctx.db.scalar(
        select(PrincipalDepartment).where(
            PrincipalDepartment.principal_id == principal_id,
            PrincipalDepartment.department_id == department_id,
        )
    )
    return found
