"""Keys are published before they sign, verify after they did, and can be dropped at once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from gatehouse.core.context import Origin, unit_of_work
from gatehouse.core.jose import NotGenuine
from gatehouse.core.runtime import Runtime
from gatehouse.signing_keys import service
from gatehouse.signing_keys.errors import RotationUnderWay
from gatehouse.signing_keys.models import KeyStatus, SigningKey
from gatehouse.signing_keys.queries import KnownKeys
from gatehouse.signing_keys.rules import (
    ACTIVE_LIFE,
    AHEAD,
    ALGORITHMS,
    PLANNED_AHEAD,
    RETIRING_LIFE,
)


@pytest.fixture
def own(make_app: Any) -> Any:
    """Another worker of the same installation, with keys that nobody else tampers with."""
    runtime: Runtime = make_app().extensions["gatehouse"]
    with unit_of_work(runtime, Origin("test")) as ctx:
        ctx.execute(delete(SigningKey))
        service.advance(ctx)
    runtime.ports[KnownKeys].read(runtime)
    yield runtime
    with unit_of_work(runtime, Origin("test")) as ctx:
        ctx.execute(delete(SigningKey))


def advance(runtime: Runtime) -> int:
    with unit_of_work(runtime, Origin("test")) as ctx:
        return service.advance(ctx)


def grow_older(runtime: Runtime, by: timedelta) -> None:
    with unit_of_work(runtime, Origin("test")) as ctx:
        for row in ctx.db.scalars(select(SigningKey)).all():
            times = {"active_from": row.active_from - by}
            if row.retired_at:
                times["retired_at"] = row.retired_at - by
            ctx.execute(update(SigningKey).where(SigningKey.id == row.id).values(**times))


def states(runtime: Runtime) -> dict[str, int]:
    with runtime.reading() as db:
        found = [row.status for row in db.scalars(select(SigningKey)).all()]
    return {status.value: found.count(status) for status in KeyStatus if status in found}


def test_a_key_is_published_signs_retires_and_goes(own: Runtime):
    """JWKS-06, threats 34 and 72."""
    assert states(own) == {"active": 3}
    old = service.sign(own, {"a": 1}, alg="ES256")
    assert advance(own) == 0

    grow_older(own, ACTIVE_LIFE - AHEAD)
    assert advance(own) == len(ALGORITHMS)
    assert states(own) == {"active": 3, "next": 3}
    assert advance(own) == 0

    grow_older(own, AHEAD)
    assert advance(own) == len(ALGORITHMS)
    assert states(own) == {"active": 3, "retiring": 3}
    keys = own.ports[KnownKeys].read(own)
    assert len(keys.published) == 6
    assert service.verify_own(own, old, typ=("jwt",)) == {"a": 1}
    new = service.sign(own, {"a": 2}, alg="ES256")
    assert new.split(".")[0] != old.split(".")[0]

    grow_older(own, RETIRING_LIFE + timedelta(seconds=1))
    assert advance(own) == len(ALGORITHMS)
    assert states(own) == {"active": 3}
    own.ports[KnownKeys].read(own)
    with pytest.raises(NotGenuine):
        service.verify_own(own, old, typ=("jwt",))


def test_two_workers_agree_and_make_no_second_key(own: Runtime, make_app: Any):
    other: Runtime = make_app().extensions["gatehouse"]
    grow_older(own, ACTIVE_LIFE)

    assert advance(own) + advance(other) == len(ALGORITHMS)

    keys = [runtime.ports[KnownKeys].read(runtime) for runtime in (own, other)]
    assert keys[0].published == keys[1].published
    assert service.verify_own(other, service.sign(own, {}, alg="RS256"), typ=("jwt",)) == {}


def test_in_an_emergency_nothing_of_before_counts(own: Runtime, make_app: Any):
    other: Runtime = make_app().extensions["gatehouse"]
    old = service.sign(own, {}, alg="EdDSA")

    runner = make_app().test_cli_runner()
    done = runner.invoke(args=["oidc", "rotate-keys", "--yes"])

    assert done.exit_code == 0, done.output
    assert "3 keys dropped" in done.output
    for runtime in (own, other):  # The command waits until every worker must have looked anew.
        with pytest.raises(NotGenuine):
            service.verify_own(runtime, old, typ=("jwt",))
        fresh = service.sign(runtime, {}, alg="EdDSA")
        assert service.verify_own(own, fresh, typ=("jwt",)) == {}


def plan(app: Any) -> Any:
    return app.test_cli_runner().invoke(args=["oidc", "rotate-keys", "--planned"])


@pytest.mark.parametrize("has_next", [False, True])
def test_an_operator_plans_a_rotation_and_nothing_is_lost(
    own: Runtime, make_app: Any, *, has_next: bool
):
    """JWKS-06: new and old keys are there together, before and after the new ones sign."""
    if has_next:  # Published by itself, and brought forward.
        grow_older(own, ACTIVE_LIFE - AHEAD)
        advance(own)
    app, old = make_app(), service.sign(own, {"a": 1}, alg="RS256")
    begun = datetime.now(UTC)

    done = plan(app)

    assert done.exit_code == 0, done.output
    assert states(own) == {"active": 3, "next": 3}
    assert len(own.ports[KnownKeys].read(own).published) == 6
    with own.reading() as db:
        after = {
            row.active_from - begun
            for row in db.scalars(select(SigningKey).where(SigningKey.status == KeyStatus.NEXT))
        }
    assert all(timedelta(hours=1) <= each <= timedelta(hours=1, seconds=30) for each in after)
    assert f"{begun + PLANNED_AHEAD:%Y-%m-%d %H:}" in done.output
    assert advance(own) == 0
    again = plan(app)
    assert (again.exit_code, "published already" in again.output) == (1, True)

    grow_older(own, PLANNED_AHEAD + timedelta(seconds=30))
    assert advance(own) == len(ALGORITHMS)
    assert states(own) == {"active": 3, "retiring": 3}
    assert len(own.ports[KnownKeys].read(own).published) == 6
    assert service.verify_own(own, old, typ=("jwt",)) == {"a": 1}
    new = service.sign(own, {"a": 2}, alg="RS256")
    assert new.split(".")[0] != old.split(".")[0]
    with own.reading() as db:
        ends = db.scalars(select(SigningKey.retired_at).where(SigningKey.status == "retiring"))
        assert min(ends) - datetime.now(UTC) > timedelta(days=1)  # the longest life of a token


@pytest.mark.parametrize("has_next", [False, True])
def test_of_two_operators_at_once_one_plans_it(own: Runtime, make_app: Any, *, has_next: bool):
    if has_next:
        grow_older(own, ACTIVE_LIFE - AHEAD)
        advance(own)
    runtimes = [own, make_app().extensions["gatehouse"]]
    barrier = Barrier(2)

    def planned(runtime: Runtime) -> bool:
        barrier.wait()
        try:
            with unit_of_work(runtime, Origin("test")) as ctx:
                service.plan_successors(ctx)
        except RotationUnderWay:
            return False
        return True

    with ThreadPoolExecutor() as pool:
        won = list(pool.map(planned, runtimes))

    assert sorted(won) == [False, True]
    assert states(own) == {"active": 3, "next": 3}


def test_private_keys_are_sealed(own: Runtime):
    """Threat 75."""
    with own.reading() as db:
        for row in db.scalars(select(SigningKey)):
            assert row.private_sealed.startswith("v1.")
            assert "PRIVATE KEY" not in row.private_sealed
            assert "d" not in row.public_jwk
