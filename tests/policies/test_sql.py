"""The verdict as SQL is that of ``rules.py``, for all that a verdict is made of (threat 132)."""

from datetime import datetime, timedelta
from itertools import product
from uuid import UUID, uuid4

from sqlalchemy import insert, select

from gatehouse.core.context import Context
from gatehouse.mfa.models import Passkey, Totp
from gatehouse.organizations.models import Member
from gatehouse.policies.models import Compliance, OrganizationPolicy, PersonalPolicy
from gatehouse.policies.queries.facts import MEMBERS, facts, judged
from gatehouse.policies.queries.standings import standing_of
from gatehouse.policies.rules import Mode, Override, Status
from tests.factories import Factory

LISTED, OTHER = uuid4(), uuid4()
DAY = timedelta(days=1)
# Days of grace; days since the mode's demand, since fewer models count, since the override.
TIMES = [
    (14, 13.999_999_999, None, None),
    (14, 14, None, None),
    (0, 0, None, None),
    (365, 364.5, None, None),
    (14, 100, 13, 100),
    (14, 100, 100, 1.000_001),
    (14, 3, 100, 100),
]
# Of the app; of a key of no known model, of one that is listed, and of one that only says so.
FACTORS = [(), ("totp",), ("key",), ("listed",), ("claimed",), ("totp", "key", "listed")]
People = list[tuple[UUID, tuple[Override, bool, bool] | None, bool]]
PERSONAL = [None, *product(Override, (False, True), (False, True))]


def ago(ctx: Context, days: float | None) -> datetime | None:
    return None if days is None else ctx.now - timedelta(days=days)


def enrol(ctx: Context, user_id: UUID, factors: tuple[str, ...]) -> None:
    if "totp" in factors:
        app = Totp(user_id=user_id, secret_sealed="", last_step=0, confirmed_at=ctx.now)
        ctx.db.add(app)
    keys = [key_of(user_id, kind) for kind in factors if kind != "totp"]
    if keys:
        ctx.db.execute(insert(Passkey), keys)


def add_members(ctx: Context, org_id: UUID, people: People, began, suspended_ago) -> None:
    """One for each thing that can differ between the members of an organization."""
    rows = {kind: [] for kind in (Member, PersonalPolicy, Compliance)}
    for user_id, personal, is_suspended in people:
        both = {"org_id": org_id, "user_id": user_id}
        rows[Member].append({**both, "role": "member", "created_at": ctx.now - 200 * DAY})
        if personal:
            override, totp, key = personal
            forced = {"override": override, "force_totp": totp, "force_webauthn": key}
            since = {"since": ago(ctx, began), "updated_at": ctx.now}
            rows[PersonalPolicy].append({**both, **forced, **since})
        if is_suspended:
            rows[Compliance].append({**both, "suspended_at": ago(ctx, suspended_ago)})
    for kind, values in rows.items():
        ctx.db.execute(insert(kind), values)


def key_of(user_id, kind: str) -> dict[str, object]:
    return {
        "user_id": user_id,
        "credential_id": uuid4().bytes,
        "public_key": b"",
        "sign_count": 0,
        "name": kind,
        "model": OTHER if kind == "key" else LISTED,
        "is_attested": kind != "claimed",
        "is_synced": False,
        "is_backed_up": False,
        "transports": "",
    }


def test_the_database_judges_as_the_rule_does(ctx: Context, make: Factory):
    kinds = list(product(PERSONAL, FACTORS, (False, True)))
    policies = list(product(Mode, TIMES))
    with make.together():
        users = [make.user().id for _ in kinds]
        orgs = [make.organization().id for _ in policies]
    people = [(user, kind[0], kind[2]) for user, kind in zip(users, kinds, strict=True)]
    for user, (_, factors, _) in zip(users, kinds, strict=True):
        enrol(ctx, user, factors)
    for number, (org, (mode, times)) in enumerate(zip(orgs, policies, strict=True)):
        grace, demands, models, began = times
        policy = OrganizationPolicy(org_id=org, mode=mode, grace_days=grace, updated_at=ctx.now)
        policy.demands_since, policy.models_since = ago(ctx, demands), ago(ctx, models)
        policy.allowed_aaguids = [str(LISTED), str(uuid4())] if number % 2 else []
        ctx.db.add(policy)
        add_members(ctx, org, people, began, (2, 13, 150)[number % 3])
    ctx.db.flush()

    found = judged(facts().where(MEMBERS.c.org_id.in_(orgs)), ctx.now)
    rows = ctx.db.execute(select(found)).all()
    told = [(row.status, row.deadline) for row in rows]
    ruled = [standing_of(row, ctx.now).verdict for row in rows]

    assert len(rows) == len(kinds) * len(policies)
    assert [status for status, _ in told] == [verdict.status for verdict in ruled]
    late = [(said, v.deadline) for (_, said), v in zip(told, ruled, strict=True) if v.deadline]
    assert [said for said, _ in late] == [deadline for _, deadline in late]
    assert {verdict.status for verdict in ruled} == set(Status)
