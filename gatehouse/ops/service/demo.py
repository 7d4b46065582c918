"""The demo data: people and organizations with known passwords. Never in production by accident."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from gatehouse.accounts.models import User
from gatehouse.accounts.ports import PasswordHasher
from gatehouse.accounts.queries import find_account_by_email
from gatehouse.accounts.service import create_account
from gatehouse.core.access import may
from gatehouse.core.context import Actor, Context, Origin, unit_of_work
from gatehouse.core.roles import Role
from gatehouse.core.runtime import Runtime
from gatehouse.departments import queries as departments
from gatehouse.departments import service as departments_service
from gatehouse.departments.permissions import DepartmentPermission
from gatehouse.ops.service.demo_clients import seed_clients
from gatehouse.ops.service.demo_ssh import seed_ssh
from gatehouse.organizations.queries import find_member, find_organization
from gatehouse.organizations.service import add_member, create_organization, seat_owner
from gatehouse.principals import queries as principals
from gatehouse.principals import service as principals_service

COMMON_PASSWORD = "UserPass123!"  # noqa: S105 - the demo's password is public

PEOPLE = (
    ("admin@acme-corp.com", "Ada Admin", "AdminPass123!"),
    ("superadmin@acme-corp.com", "Sam Superadmin", "SuperAdmin123!"),
    ("bob@acme-corp.com", "Bob Baker", COMMON_PASSWORD),
    ("carol@acme-corp.com", "Carol Clark", COMMON_PASSWORD),
    ("david@acme-corp.com", "David Diaz", COMMON_PASSWORD),
    ("eve@acme-corp.com", "Eve Evans", COMMON_PASSWORD),
    ("frank@tech-startup.com", "Frank Fischer", COMMON_PASSWORD),
    ("grace@tech-startup.com", "Grace Green", COMMON_PASSWORD),
    ("henry@tech-startup.com", "Henry Hill", COMMON_PASSWORD),
    ("iris@data-systems.com", "Iris Ito", COMMON_PASSWORD),
    ("jack@data-systems.com", "Jack Jones", COMMON_PASSWORD),
    ("charlie@cross-org.com", "Charlie Cross", COMMON_PASSWORD),
)

# slug, name, owner, and the others with their roles
ORGANIZATIONS: tuple[tuple[str, str, str, tuple[tuple[str, Role], ...]], ...] = (
    (
        "acme-corp",
        "Acme Corp",
        "admin@acme-corp.com",
        (
            ("bob@acme-corp.com", Role.MEMBER),
            ("carol@acme-corp.com", Role.ADMIN),
            ("charlie@cross-org.com", Role.GUEST),
        ),
    ),
    (
        "tech-startup",
        "Tech Startup",
        "superadmin@acme-corp.com",
        (
            ("frank@tech-startup.com", Role.ADMIN),
            ("grace@tech-startup.com", Role.MEMBER),
            ("charlie@cross-org.com", Role.MEMBER),
        ),
    ),
    (
        "data-systems",
        "Data Systems",
        "admin@acme-corp.com",
        (("iris@data-systems.com", Role.MEMBER), ("jack@data-systems.com", Role.MEMBER)),
    ),
)

# Of acme-corp: a department with its members; a login with the department that it is open to, and
# who holds it besides.
ACME = ("acme-corp", "admin@acme-corp.com")
DEPARTMENTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Engineering", ("bob@acme-corp.com", "carol@acme-corp.com")),
    ("Operations", ("carol@acme-corp.com",)),
)
PRINCIPALS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("deploy", "Engineering", ()),
    ("dba", "Operations", ("admin@acme-corp.com",)),
)


def seed_demo(runtime: Runtime) -> int:
    """Add what is missing of the demo data. Returns how many rows were new; 0 the second time."""
    runtime = replace(runtime, handlers_of={})  # Nobody is mailed about people of a demo.
    hashes = _hashes(runtime)
    added = 0
    with unit_of_work(runtime, Origin("demo"), Actor(kind="job")) as ctx:
        for email, name, password in PEOPLE:
            if find_account_by_email(ctx, email) is None:
                create_account(
                    ctx,
                    email=email,
                    full_name=name,
                    password_hash=hashes[password],
                    email_verified=True,
                )
                added += 1
    for organization in ORGANIZATIONS:
        added += _seed_organization(runtime, *organization)
    added += _seed_logins(runtime)
    return added + seed_ssh(runtime, ACME[0]) + seed_clients(runtime)


def _seed_organization(
    runtime: Runtime, slug: str, name: str, owner: str, others: tuple[tuple[str, Role], ...]
) -> int:
    """Make an organization in the name of its owner, with its members."""
    added = 0
    with unit_of_work(runtime, Origin("demo")) as ctx:
        ctx.actor = Actor(kind="user", user_id=_person(ctx, owner).id)
        found = find_organization(ctx, slug)
        if found is None:
            found = create_organization(ctx, name=name, slug=slug)
            added += 1
        elif find_member(ctx, found.id, ctx.user_id) is None:
            seat_owner(ctx, found.id, ctx.user_id)
            added += 1
        for email, role in others:
            added += _seed_member(ctx, found.id, email, role)
    return added


def _seed_member(ctx: Context, org_id: UUID, email: str, role: Role) -> int:
    if find_member(ctx, org_id, _person(ctx, email).id) is not None:
        return 0
    add_member(ctx, org_id, email=email, role=role)
    return 1


def _seed_logins(runtime: Runtime) -> int:
    """Make the departments and principals of acme-corp in the name of its owner."""
    slug, owner = ACME
    added = 0
    with unit_of_work(runtime, Origin("demo")) as ctx:
        ctx.actor = Actor(kind="user", user_id=_person(ctx, owner).id)
        organization = find_organization(ctx, slug)
        if organization is None:
            raise RuntimeError(f"{slug} should have been seeded before.")
        for name, people in DEPARTMENTS:
            added += _seed_department(ctx, organization.id, name, people)
        for name, department, people in PRINCIPALS:
            added += _seed_principal(ctx, organization.id, name, department, people)
    return added


def _seed_department(ctx: Context, org_id: UUID, name: str, people: tuple[str, ...]) -> int:
    added = 0
    department = departments.find_department(ctx, org_id, name)
    if department is None:
        department = departments_service.create_department(ctx, org_id, name=name)
        added += 1
    for email in people:
        person = _person(ctx, email).id
        is_in = departments.find_place(ctx, department.id, person) is not None
        if not is_in and _is_active(ctx, org_id, person):
            departments_service.add_member(ctx, org_id, department.id, email=email, user_id=None)
            added += 1
    return added


def _seed_principal(
    ctx: Context, org_id: UUID, name: str, department: str, people: tuple[str, ...]
) -> int:
    added = 0
    principal = principals.find_principal(ctx, org_id, name)
    if principal is None:
        principal = principals_service.create_principal(ctx, org_id, name=name)
        added += 1
    opens = departments.find_department(ctx, org_id, department)
    if opens is not None and principals.find_link(ctx, principal.id, opens.id) is None:
        principals_service.add_department(ctx, org_id, principal.id, opens.id)
        added += 1
    for email in people:
        person = _person(ctx, email).id
        holds_it = principals.find_place(ctx, principal.id, person) is not None
        if not holds_it and _is_active(ctx, org_id, person):
            principals_service.add_member(ctx, org_id, principal.id, email=email, user_id=None)
            added += 1
    return added


def _is_active(ctx: Context, org_id: UUID, user_id: UUID) -> bool:
    """Whether it is still a member who may be in departments: somebody may have played with it."""
    member = find_member(ctx, org_id, user_id)
    if member is None or member.suspended_at is not None:
        return False
    return may(ctx, member.role, DepartmentPermission.READ)


def _person(ctx: Context, email: str) -> User:
    found = find_account_by_email(ctx, email)
    if found is None:
        raise RuntimeError(f"{email} should have been seeded before.")
    return found


def _hashes(runtime: Runtime) -> dict[str, Any]:
    """One slow hash for each password rather than for each person, and before any transaction."""
    hasher = runtime.ports[PasswordHasher]
    return {password: hasher.hash(password) for password in {person[2] for person in PEOPLE}}
