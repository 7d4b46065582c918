"""What a policy costs an organization with very many members: suspending all of them at once."""

from datetime import UTC, datetime
from time import perf_counter
from uuid import UUID, uuid4

from sqlalchemy import func, insert, select

from benchmarks.measures import Effort, Measure, Measured
from benchmarks.stage import Stage
from gatehouse.accounts.models import User
from gatehouse.app import create_app
from gatehouse.core.context import Actor, Origin, unit_of_work
from gatehouse.core.roles import Role
from gatehouse.core.runtime import Runtime
from gatehouse.core.settings import read_settings
from gatehouse.organizations.models import Member, Organization
from gatehouse.outbox.models import Message
from gatehouse.policies.events import MemberSuspendedByPolicy
from gatehouse.policies.jobs import remind_and_suspend
from gatehouse.policies.models import OrganizationPolicy
from gatehouse.policies.rules import Mode

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def suspending(members: int, backend: str) -> Measure:
    """Seconds of the job until nothing is left to do, with one message to be mailed for each."""

    def measure(stage: Stage, effort: Effort) -> Measured:
        del effort
        runtime = create_app(read_settings(stage.prepare(backend))).extensions["gatehouse"]
        try:
            _fill(runtime, members)
            began = perf_counter()
            while _run(runtime):
                pass
            seconds = perf_counter() - began
            if (mails := _mails(runtime)) != members:
                raise RuntimeError(f"{mails} mails for {members} members")
        finally:
            runtime.engine.dispose()
        return Measured([seconds])

    return measure


def _fill(runtime: Runtime, members: int) -> None:
    """An organization that has demanded an app for long, and people without one."""
    org_id, people = uuid4(), [uuid4() for _ in range(members)]
    with unit_of_work(runtime, Origin("bench")) as ctx:
        ctx.db.add(Organization(id=org_id, name="Very many", slug=f"many-{org_id.hex[:8]}"))
        ctx.db.flush()
        ctx.db.add(
            OrganizationPolicy(
                org_id=org_id,
                mode=Mode.REQUIRE_TOTP,
                version=1,
                demands_since=LONG_AGO,
                updated_at=LONG_AGO,
            )
        )
        ctx.db.execute(insert(User), [_person(user_id) for user_id in people])
        place = {"org_id": org_id, "role": Role.MEMBER, "created_at": LONG_AGO}
        ctx.db.execute(insert(Member), [{**place, "user_id": user_id} for user_id in people])


def _person(user_id: UUID) -> dict[str, object]:
    email = f"{user_id.hex}@bench.test"
    return {"id": user_id, "email": email, "email_key": email, "email_verified": True}


def _run(runtime: Runtime) -> int:
    with unit_of_work(runtime, Origin("bench"), Actor("job")) as ctx:
        return remind_and_suspend(ctx)


def _mails(runtime: Runtime) -> int:
    told = select(func.count()).where(Message.event == MemberSuspendedByPolicy.name)
    with runtime.reading() as db:
        return db.scalar(told) or 0
