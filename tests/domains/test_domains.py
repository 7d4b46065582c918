"""Claiming a domain, proving it by the DNS, and losing it again (threat 153)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import delete, func, select, update

from gatehouse.app import create_app
from gatehouse.audit.models import AuditEntry
from gatehouse.core.context import Actor, Origin, unit_of_work
from gatehouse.core.roles import Role
from gatehouse.core.settings import read_settings
from gatehouse.domains.errors import ResolverAway
from gatehouse.domains.jobs import recheck_domains
from gatehouse.domains.models import DomainStatus, OrganizationDomain
from gatehouse.organizations.service import end_memberships
from tests.conftest import SETTINGS, client_of
from tests.dns import dns_server

DAY = timedelta(days=1)


class MemoryResolver:
    """What the DNS says, by name. ``away``: it says nothing."""

    def __init__(self):
        self.names, self.away, self.seen = {}, False, []

    def texts(self, name, asked_by=(), *, quickly=False):
        self.seen.append(name)
        if self.away:
            raise ResolverAway
        return self.names.get(name, [])


@pytest.fixture(scope="module")
def dns():
    return MemoryResolver()


@pytest.fixture(scope="module")
def desk(backend, dns):
    settings = {**SETTINGS, **backend, "RATELIMIT_ENABLED": "false"}
    app = create_app(read_settings(settings), Resolver=dns)
    yield app
    app.extensions["gatehouse"].engine.dispose()


@pytest.fixture
def client(desk, address, dns):
    dns.names, dns.away = {}, False
    return client_of(desk, address)


class Team:
    """An organization with its admin, or its owner."""

    def __init__(self, client, make, role=Role.ADMIN):
        self.org = make.organization()
        self.admin = make.member(self.org, role)
        self.headers = make.bearer(self.admin)
        self.path = f"/api/v1/organizations/{self.org.id}/domains"
        self._client = client

    def claim(self, domain):
        return self._client.post(self.path, json={"domain": domain}, headers=self.headers)

    def verify(self, claim):
        return self._client.post(f"{self.path}/{claim['id']}/verify", headers=self.headers)

    def listed(self):
        return self._client.get(self.path, headers=self.headers).json["data"]["domains"]

    def prove(self, dns, domain):
        claim = self.claim(domain).json["data"]["domain"]
        dns.names.setdefault(claim["txt_name"], []).append(claim["txt_value"])
        assert self.verify(claim).status_code == 200
        return claim


@pytest.fixture
def team(client, make):
    return Team(client, make)


@pytest.fixture
def other(client, make):
    return Team(client, make)


def name() -> str:
    return f"{uuid4().hex[:12]}.example"


def actions(db, org) -> list[str]:
    db.rollback()
    rows = select(AuditEntry.action).where(AuditEntry.org_id == org.id).order_by(AuditEntry.id)
    return [action for action in db.scalars(rows) if action.startswith("domain.")]


def later(desk, *, days: float) -> int:
    """Let the days pass for all proven domains, then run the job. Returns how many it looked at."""
    runtime = desk.extensions["gatehouse"]
    with unit_of_work(runtime, Origin()) as ctx:
        before = timedelta(days=days)
        ctx.db.execute(
            update(OrganizationDomain)
            .where(OrganizationDomain.status == DomainStatus.VERIFIED)
            .values(due_at=ctx.now - DAY)
        )
        for row in ctx.db.scalars(select(OrganizationDomain)):
            row.failing_since = row.failing_since and row.failing_since - before
    total = 0
    while True:
        with unit_of_work(runtime, Origin("job"), Actor("job")) as ctx:
            done = recheck_domains(ctx)
        if not done:
            return total
        total += done


def test_a_claim_says_which_record_proves_it(team, db):
    domain = name()

    reply = team.claim(domain)

    claim = reply.json["data"]["domain"]
    assert reply.status_code == 201
    assert (claim["domain"], claim["status"]) == (domain, "pending")
    assert claim["txt_name"] == f"_gatehouse-challenge.{domain}"
    assert claim["txt_value"].startswith("gatehouse-verification=")
    assert claim["verified_at"] is None
    assert team.listed() == [claim]
    assert actions(db, team.org) == ["domain.claimed"]


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("{}.EXAMPLE.", "{}.example"),
        (" {}.example ", "{}.example"),
        ("{}.bücher.example", "{}.xn--bcher-kva.example"),
        ("{}.BÜCHER.example", "{}.xn--bcher-kva.example"),
    ],
)
def test_all_spellings_are_one_name(team, written, kept):
    word = uuid4().hex[:12]

    claim = team.claim(written.format(word)).json["data"]["domain"]

    assert claim["domain"] == kept.format(word)
    assert team.claim(kept.format(word)).status_code == 409


@pytest.mark.parametrize(
    "wrong", ["", "com", "co.uk", "gmail.com", "a b.c", "x\x00.y", "\ud800.com", "a" * 300, 5, None]
)
def test_a_name_that_cannot_be_proven_is_refused(team, wrong):
    reply = team.claim(wrong)

    assert reply.status_code == 400
    assert team.listed() == []


def test_the_record_proves_it(team, dns, db):
    domain = name()
    claim = team.claim(domain).json["data"]["domain"]
    early = team.verify(claim)
    dns.names[claim["txt_name"]] = ["v=spf1 -all", claim["txt_value"]]

    proven, again = team.verify(claim), team.verify(claim)

    assert (early.status_code, early.json["error"]["type"]) == (409, "CONFLICT")
    assert early.json["error"]["details"]["txt_value"] == claim["txt_value"]
    assert proven.json["data"]["domain"]["status"] == "verified"
    assert proven.json["data"]["domain"]["verified_at"] is not None
    assert again.status_code == 200
    assert actions(db, team.org) == ["domain.claimed", "domain.proven"]


def test_a_claim_of_others_blocks_nobody_and_their_record_proves_nothing(team, other, dns):
    """Threat 153."""
    domain = name()
    squatter = other.claim(domain).json["data"]["domain"]

    mine = team.prove(dns, domain)

    assert mine["txt_value"] != squatter["txt_value"]
    assert other.verify(squatter).status_code == 409
    assert other.listed()[0]["status"] == "pending"


def test_a_domain_is_proven_by_one_at_a_time(client, team, other, dns):
    domain = name()
    team.prove(dns, domain)
    claim = other.claim(domain).json["data"]["domain"]
    dns.names[claim["txt_name"]].append(claim["txt_value"])

    refused = other.verify(claim)
    team_id = team.listed()[0]["id"]
    removed = client.delete(f"{team.path}/{team_id}", headers=team.headers)
    proven = other.verify(claim)

    assert (refused.status_code, removed.status_code, proven.status_code) == (409, 200, 200)
    assert "Another organization" in refused.json["message"]


def test_of_two_who_prove_it_at_once_one_has_it(client, make, dns, db):
    """Threat 153."""
    for _ in range(4):
        domain, teams = name(), [Team(client, make) for _ in range(2)]
        claims = [team.claim(domain).json["data"]["domain"] for team in teams]
        dns.names[claims[0]["txt_name"]] = [claim["txt_value"] for claim in claims]

        with ThreadPoolExecutor(2) as threads:
            replies = list(threads.map(Team.verify, teams, claims))

        assert sorted(reply.status_code for reply in replies) == [200, 409]


def test_a_dns_that_is_away_changes_nothing_and_is_told(team, dns):
    claim = team.claim(name()).json["data"]["domain"]
    dns.away = True

    reply = team.verify(claim)

    assert (reply.status_code, reply.json["error"]["type"]) == (502, "BAD_GATEWAY")
    assert "DNS did not answer" in reply.json["message"]


def test_who_may_not_asks_nothing_of_the_dns(client, make, team, dns):
    claim = team.claim(name()).json["data"]["domain"]
    path, asked = f"{team.path}/{claim['id']}/verify", len(dns.seen)
    callers = {Role.MEMBER: 403, Role.GUEST: 403}
    for role, status in callers.items():
        headers = make.bearer(make.member(team.org, role))
        assert client.post(path, headers=headers).status_code == status
        assert client.get(team.path, headers=headers).status_code == status
    stranger = make.bearer(make.member(make.organization(), Role.OWNER))
    assert client.post(path, headers=stranger).status_code == 404
    assert len(dns.seen) == asked


def test_no_domain_of_another_organization_can_be_touched(client, team, other):
    theirs = other.claim(name()).json["data"]["domain"]

    assert team.verify(theirs).status_code == 404
    gone = client.delete(f"{team.path}/{theirs['id']}", headers=team.headers)
    assert gone.status_code == 404
    assert len(other.listed()) == 1


def test_a_proof_that_is_gone_for_a_week_is_lost(desk, team, dns, db):
    """Threat 153."""
    domain = name()
    team.prove(dns, domain)
    dns.names = {}

    assert later(desk, days=0) >= 1
    assert team.listed()[0]["status"] == "verified"
    assert team.listed()[0]["failing_since"] is not None
    later(desk, days=6.5)
    assert team.listed()[0]["status"] == "verified"
    later(desk, days=1)

    assert team.listed()[0]["status"] == "lost"
    assert actions(db, team.org)[-1] == "domain.lost"
    later(desk, days=1)
    assert actions(db, team.org).count("domain.lost") == 1


def test_a_proof_that_comes_back_in_time_is_whole_again(desk, team, dns):
    claim = team.prove(dns, name())
    kept, dns.names = dns.names, {}
    later(desk, days=0)
    dns.names = kept
    later(desk, days=6)

    assert team.listed()[0]["status"] == "verified"
    assert team.listed()[0]["failing_since"] is None
    dns.names = {}
    later(desk, days=0)
    later(desk, days=6)
    assert team.listed()[0]["status"] == "verified"
    assert claim["id"] == team.listed()[0]["id"]


def test_what_is_lost_can_be_proven_again_and_by_others(desk, team, other, dns):
    domain = name()
    claim = team.prove(dns, domain)
    dns.names = {}
    later(desk, days=0)
    later(desk, days=8)

    other.prove(dns, domain)
    dns.names[claim["txt_name"]].append(claim["txt_value"])

    assert team.verify(claim).status_code == 409


def test_a_dns_that_is_away_takes_no_proof_for_a_month(desk, team, dns):
    team.prove(dns, name())
    dns.away = True
    later(desk, days=0)
    later(desk, days=28)
    assert team.listed()[0]["status"] == "verified"

    later(desk, days=3)

    assert team.listed()[0]["status"] == "lost"


def test_each_domain_is_looked_at_once_a_day(desk, team, dns):
    """Threat 153."""
    team.prove(dns, name())
    later(desk, days=0)
    with unit_of_work(desk.extensions["gatehouse"], Origin(), Actor("job")) as ctx:
        assert recheck_domains(ctx) == 0


def test_a_deleted_organization_frees_its_domains(client, make, other, dns, db):
    team, domain = Team(client, make, Role.OWNER), name()
    team.prove(dns, domain)

    gone = client.delete(f"/api/v1/organizations/{team.org.id}", headers=team.headers)

    assert gone.status_code == 200
    rows = select(func.count()).select_from(OrganizationDomain)
    assert db.scalar(rows.where(OrganizationDomain.org_id == team.org.id)) == 0
    other.prove(dns, domain)


def test_an_organization_that_went_with_its_owner_keeps_nobody_out(client, make, other, dns, desk):
    team, domain = Team(client, make, Role.OWNER), name()
    team.prove(dns, domain)
    with unit_of_work(desk.extensions["gatehouse"], Origin(), Actor("job")) as ctx:
        end_memberships(ctx, team.admin.user_id)

    other.prove(dns, domain)

    assert [found["status"] for found in other.listed()] == ["verified"]


def test_an_organization_has_only_so_many(team, runtime):
    now = datetime.now(UTC)
    with unit_of_work(runtime, Origin()) as ctx:
        for number in range(100):
            row = OrganizationDomain(
                org_id=team.org.id, domain=f"n{number}.example", challenge="x", created_at=now
            )
            ctx.db.add(row)

    refused = team.claim(name())

    assert (refused.status_code, refused.json["error"]["details"]) == (409, {"most": 100})
    with unit_of_work(runtime, Origin()) as ctx:
        ctx.db.execute(delete(OrganizationDomain).where(OrganizationDomain.challenge == "x"))


def test_with_a_real_dns_server(make_app, make, address):
    with dns_server() as zone:
        client = client_of(make_app(DNS_RESOLVERS=zone.resolvers), address)
        team = Team(client, make)
        claim = team.claim(name()).json["data"]["domain"]
        early = team.verify(claim)
        zone.texts[claim["txt_name"]] = [claim["txt_value"]]
        proven = team.verify(claim)

    assert (early.status_code, proven.status_code) == (409, 200)
