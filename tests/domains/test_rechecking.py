"""Looking again at proven domains: a silent nameserver keeps those of nobody else waiting."""

from datetime import UTC, datetime, timedelta
from threading import Event
from time import monotonic
from uuid import uuid4

import pytest
from sqlalchemy import delete, select, update

from gatehouse.core.context import Actor, Origin, unit_of_work
from gatehouse.domains import adapters, rules
from gatehouse.domains.jobs import recheck_domains
from gatehouse.domains.models import DomainStatus, OrganizationDomain
from tests.dns import dns_server

pytestmark = pytest.mark.integration
SILENT = 24
HOUR = timedelta(hours=1)


@pytest.fixture
def zone():
    with dns_server() as zone:
        yield zone


@pytest.fixture
def house(make_app, zone):
    house = make_app(DNS_RESOLVERS=zone.resolvers).extensions["gatehouse"]
    with unit_of_work(house, Origin()) as ctx:
        ctx.db.execute(delete(OrganizationDomain))
    return house


@pytest.fixture
def prove(house, zone, make):
    """Make a proven domain that was due since ``due_at``: ``prove(due_at)``."""
    org = make.organization()

    def do(due_at: datetime) -> str:
        domain = f"{uuid4().hex[:12]}.example"
        zone.texts[rules.record_name(domain)] = [f"{rules.VALUE}proof"]
        with unit_of_work(house, Origin()) as ctx:
            claim = OrganizationDomain(
                org_id=org.id,
                domain=domain,
                challenge="proof",
                status=DomainStatus.VERIFIED,
                due_at=due_at,
                created_at=due_at,
            )
            ctx.db.add(claim)
        return domain

    return do


@pytest.fixture
def hostile(prove, zone, monkeypatch):
    """Many domains on a nameserver that answers nothing, all due before anybody else's."""
    monkeypatch.setattr(adapters, "QUICKLY", 0.1)
    monkeypatch.setattr(adapters, "LIFETIME", 0.4)
    long_ago = datetime.now(UTC) - timedelta(days=3)
    found = {prove(long_ago) for _ in range(SILENT)}
    zone.silent_names = {rules.record_name(domain) for domain in found}
    return found


def run_batch(house) -> int:
    with unit_of_work(house, Origin("job"), Actor("job")) as ctx:
        return recheck_domains(ctx)


def found(house) -> dict[str, OrganizationDomain]:
    with house.reading() as db:
        return {each.domain: each for each in db.scalars(select(OrganizationDomain))}


def test_a_domain_that_answers_waits_for_no_patience_with_those_that_do_not(house, prove, hostile):
    """Threat 153. 17,000 of them, five seconds each, kept all others waiting for a day."""
    honest, started = prove(datetime.now(UTC) - HOUR), monotonic()

    while found(house)[honest].checked_at is None:
        assert run_batch(house)

    assert monotonic() - started < SILENT * 0.4 / 2
    assert all(found(house)[domain].checked_at is None for domain in hostile)


def test_those_that_are_silent_are_asked_with_patience_when_all_others_are_done(house, hostile):
    while run_batch(house):
        pass

    rows = [found(house)[domain] for domain in hostile]
    assert all(row.failing_since and row.due_at > datetime.now(UTC) for row in rows)
    assert {row.status for row in rows} == {DomainStatus.VERIFIED}


def test_who_was_silent_yesterday_comes_last_today(house, prove, hostile):
    while run_batch(house):
        pass
    with unit_of_work(house, Origin()) as ctx:
        ctx.db.execute(update(OrganizationDomain).values(due_at=ctx.now - timedelta(days=2)))
    honest = prove(datetime.now(UTC) - HOUR)

    run_batch(house)

    assert found(house)[honest].checked_at is not None


def test_who_answers_again_is_among_the_others_again(house, zone, hostile):
    while run_batch(house):
        pass
    zone.silent_names = set()
    with unit_of_work(house, Origin()) as ctx:
        ctx.db.execute(update(OrganizationDomain).values(due_at=ctx.now - HOUR))
    while run_batch(house):
        pass

    rows = [found(house)[domain] for domain in hostile]
    assert {(row.was_silent, row.failing_since) for row in rows} == {(False, None)}


def test_a_slow_answer_is_still_an_answer(house, prove, zone, monkeypatch):
    monkeypatch.setattr(adapters, "QUICKLY", 0.05)
    domain, wait = prove(datetime.now(UTC) - HOUR), Event()
    zone.before_answer = lambda: wait.wait(0.3)

    while run_batch(house):
        pass

    row = found(house)[domain]
    assert (row.failing_since, row.was_silent) == (None, False)
    assert row.due_at > datetime.now(UTC)
