"""The demo data: people and organizations with known passwords. Never in production by accident."""

from typing import Any
from uuid import UUID

from gatehouse.accounts.models import User
from gatehouse.accounts.ports import PasswordHasher
from gatehouse.accounts.queries import find_account_by_email
from gatehouse.accounts.service import create_account
from gatehouse.core.context import Actor, Context, Origin, Runtime, unit_of_work
from gatehouse.core.roles import Role
from gatehouse.organizations.queries import find_member, find_organization
from gatehouse.organizations.service import add_member, create_organization, seat_owner

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


def seed_demo(runtime: Runtime) -> int:
    """Add what is missing of the demo data. Returns how many rows were new; 0 the second time."""
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
    return added


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


def _person(ctx: Context, email: str) -> User:
    found = find_account_by_email(ctx, email)
    if found is None:
        raise RuntimeError(f"{email} should have been seeded before.")
    return found


def _hashes(runtime: Runtime) -> dict[str, Any]:
    """One slow hash for each password rather than for each person, and before any transaction."""
    hasher = runtime.ports[PasswordHasher]
    return {password: hasher.hash(password) for password in {person[2] for person in PEOPLE}}
