"""Certificates for jobs: what is in them, by which rule, and who gets in with them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import delete, func, select

from gatehouse.core.context import Origin, unit_of_work
from gatehouse.core.openssh.terms import Kind
from gatehouse.principals.models import Principal
from gatehouse.ssh_ca.rules.key_ids import Holder, read_key_id
from gatehouse.ssh_workloads.jobs import purge_workload_tokens
from gatehouse.ssh_workloads.models import WorkloadToken
from gatehouse.ssh_workloads.service import NAMESPACE
from gatehouse.ssh_workloads.service.signing import LIMIT
from tests.audit.record import entries_of
from tests.openssh import KeyFile, make_key
from tests.ssh_certificates.offices import read
from tests.ssh_workloads.issuers import AUDIENCE, FORGEJO, GITHUB, GITLAB, SUB
from tests.ssh_workloads.jobs import SIGN, Job, Yard
from tests.sshd import Sshd


def test_a_job_gets_what_its_rule_says(yard: Yard):
    """SSH-36; threats 214, 225, 226."""
    rule = yard.added(
        principals=["web", "deploy"],
        ttl_seconds=300,
        extensions=["permit-pty"],
        source_addresses=["192.0.2.0/24"],
    )
    job = Job()

    reply = yard.come(job=job)

    assert reply.status_code == 201, reply.text
    told, terms = reply.json["data"], read(reply.json["data"]).terms
    assert (terms.kind, list(terms.principals)) == (Kind.USER, ["deploy", "web"])
    assert (dict(terms.extensions), dict(terms.critical_options)) == (
        {"permit-pty": ""},
        {"source-address": "192.0.2.0/24"},
    )
    begins, ends = (datetime.fromisoformat(told[n]) for n in ("valid_after", "valid_before"))
    made = datetime.fromisoformat(told["created_at"]).replace(microsecond=0)
    assert (made - begins, ends - made) == (timedelta(seconds=300), timedelta(seconds=300))
    said = read_key_id(told["key_id"])
    assert said is not None
    assert (said.holder, said.org_slug, said.label) == (Holder.WORKLOAD, yard.org.slug, SUB)
    assert str(said.id) == rule["id"] == told["rule_id"]
    assert str(said.certificate_id) == told["id"]
    assert (told["holder"], told["user_id"], told["limited_by"]) == ("workload", None, "rule")
    (entry,) = entries_of(yard.http, reply)
    assert (entry.action, entry.actor_id) == ("ssh_certificate.issued", None)
    assert yard.listed()[0]["id"] == told["id"]


@pytest.mark.parametrize(
    ("shape", "claims"),
    [
        (GITHUB, {"sub": SUB, "environment": "production"}),
        (GITHUB, {"repository_id": "74", "ref": "refs/heads/*", "event_name": "push"}),
        (GITLAB, {"sub": "project_path:acme/tools/*:ref_type:branch:ref:main"}),
        (GITLAB, {"groups_direct": "acme/ops", "ref_protected": "true"}),
        (FORGEJO, {"repository": "acme/web", "event_name": "push"}),
    ],
    ids=["github", "github by id", "gitlab", "gitlab by group", "forgejo"],
)
def test_the_tokens_of_the_three_are_taken(yard: Yard, shape, claims):
    yard.added(claims=claims)
    alone = {name: None for name in {**GITHUB, **GITLAB} if name not in shape}
    assert yard.signed(yard.issuer.token(**{**alone, **shape}))["serial"] == 1
    other = {**alone, **shape, **dict.fromkeys(claims, "x")}
    assert yard.refused(yard.issuer.token(**other)) == (403, "WORKLOAD_NOT_MATCHED")


def test_the_authority_may_say_less(yard: Yard):
    yard.added()
    path = f"{yard.path}/{yard.ca['id']}"
    changes = {"default_cert_validity_hours": 1, "max_cert_validity_hours": 1}
    assert yard.http.patch(path, json=changes, headers=yard.as_admin).status_code == 200
    told = yard.signed()
    assert (told["ttl_seconds"], told["limited_by"]) == (900, "rule")


def test_permissions_of_an_authority_are_for_people(yard: Yard):
    """Workloads are admitted by their rule alone."""
    yard.added()
    path = f"{yard.path}/{yard.ca['id']}/permissions"
    named = {"user_id": str(yard.member.user_id), "permission": "sign"}
    assert yard.http.post(path, json=named, headers=yard.as_admin).status_code == 201
    assert yard.signed()["holder"] == "workload"


def test_of_several_rules_one_has_to_be_named(yard: Yard):
    first, second = yard.added(), yard.added(name="Other", principals=["web"])
    reply = yard.come()
    assert (reply.status_code, reply.json["error"]["type"]) == (400, "WORKLOAD_AMBIGUOUS")
    told = reply.json["error"]["details"]["rules"]
    assert [one["id"] for one in told] == [first["id"], second["id"]]
    assert yard.signed(rule_id=second["id"])["principals"] == ["web"]


def test_an_audience_says_which_rule_is_meant(yard: Yard):
    yard.added()
    yard.added(name="Other", audience="other", principals=["web"])
    assert yard.signed(yard.issuer.token(aud="other"))["principals"] == ["web"]
    assert yard.signed(yard.issuer.token(aud=[AUDIENCE]))["principals"] == ["deploy"]


def test_the_organization_is_named_by_its_id_too(yard: Yard):
    yard.added()
    assert yard.signed(organization=str(yard.org.id))["organization_id"] == str(yard.org.id)


def test_who_is_not_meant_hears_whom_the_token_is_of(yard: Yard):
    rule = yard.added(claims={"sub": SUB, "environment": "staging"})
    reply = yard.come()
    assert (reply.status_code, reply.json["error"]["type"]) == (403, "WORKLOAD_NOT_MATCHED")
    assert reply.json["error"]["details"] == {"subject": SUB}
    (entry,) = entries_of(yard.http, reply)
    assert (entry.action, str(entry.resource_id)) == ("ssh_workload.refused", rule["id"])
    assert entry.details["claims"] == ["environment"]
    assert entry.details["reason"] == "WORKLOAD_NOT_MATCHED"


def test_a_principal_that_is_gone_is_not_signed(yard: Yard, runtime):
    """Threats 216, 218: checked once more when it is signed, whichever way it went."""
    yard.added(principals=["deploy", "web"])
    with unit_of_work(runtime, Origin("test")) as ctx:
        web = Principal.org_id == yard.org.id, Principal.name == "web"
        ctx.execute(delete(Principal).where(*web))
    reply = yard.come()
    assert (reply.status_code, reply.json["error"]["type"]) == (403, "UNAUTHORIZED_PRINCIPALS")
    assert reply.json["error"]["details"] == {"denied": ["web"]}
    assert yard.listed() == []


@pytest.mark.parametrize("way", ["deleted", "renamed"])
def test_with_a_principal_goes_what_jobs_have_by_it(yard: Yard, way: str):
    """Threats 181, 218: its certificates end, and another one of that name arms no rule."""
    both, other = yard.added(principals=["deploy", "web"]), yard.added(name="Other", audience="x")
    before, stays = yard.signed(), yard.signed(yard.issuer.token(aud="x"))
    base = f"/api/v1/organizations/{yard.org.id}/principals"
    listed = yard.http.get(base, headers=yard.as_admin).json["data"]["principals"]
    (web,) = (f"{base}/{one['id']}" for one in listed if one["name"] == "web")

    if way == "deleted":
        gone = yard.http.delete(web, headers=yard.as_admin)
    else:
        gone = yard.http.patch(web, json={"name": "www"}, headers=yard.as_admin)

    assert gone.status_code == 200, gone.text
    action = {"deleted": "principal.deleted", "renamed": "principal.changed"}[way]
    entries = {one.action: one for one in entries_of(yard.http, gone)}
    assert entries[action].details["ssh_workload_rules_switched_off"] == 1
    assert entries[action].details["ssh_workload_certificates_revoked"] == 1
    told = entries["ssh_workload.changed"]
    assert (str(told.resource_id), told.details["revoked"]) == (both["id"], 1)
    states = {row["id"]: row["state"] for row in yard.listed()}
    assert states == {before["id"]: "revoked", stays["id"]: "valid"}
    assert yard.refused() == (401, "INVALID_WORKLOAD_TOKEN")
    assert yard.signed(yard.issuer.token(aud="x"))["rule_id"] == other["id"]

    assert yard.change(both, is_active=True).status_code == 400
    yard.make.principal(yard.org, name="web")
    assert yard.refused() == (401, "INVALID_WORKLOAD_TOKEN")
    assert yard.change(both, is_active=True).status_code == 200
    assert yard.signed()["principals"] == ["deploy", "web"]


def test_a_token_that_got_nothing_is_not_used_up(yard: Yard):
    rule = yard.added(claims={"sub": "repo:acme/other:ref:refs/heads/main"})
    token, job = yard.issuer.token(), Job()
    assert yard.refused(token, job) == (403, "WORKLOAD_NOT_MATCHED")
    yard.change(rule, claims={"sub": SUB})
    assert yard.signed(token, job)["serial"] == 1
    assert yard.refused(token, job) == (409, "WORKLOAD_TOKEN_USED")
    assert yard.refused(token, Job()) == (409, "WORKLOAD_TOKEN_USED")


def test_used_tokens_are_forgotten_once_they_have_expired(yard: Yard, clock, runtime):
    """The replay of one that has expired is refused by its end."""
    yard.added()
    token = yard.issuer.token()
    yard.signed(token)
    digest = sha256(token.rpartition(".")[0].encode()).digest()

    def is_kept() -> bool:
        with unit_of_work(runtime, Origin("test")) as ctx:
            purge_workload_tokens(ctx)
            rows = select(func.count()).where(WorkloadToken.digest == digest)
            return bool(ctx.db.scalar(rows))

    for seconds, kept in ((310, True), (20, True), (30, False)):
        clock.shift(timedelta(seconds=seconds))
        assert is_kept() is kept
    assert yard.refused(token) == (401, "INVALID_WORKLOAD_TOKEN")


def test_keys_are_asked_for_once(yard: Yard):
    yard.added()
    for _ in range(5):
        yard.signed()
    assert yard.issuer.questions == 2


def test_an_organization_is_counted_by_jobs_that_are_meant(yard: Yard, clock):
    """Threat 219: what is not genuine, or for no rule, counts for nobody: others use nothing up."""
    yard.added(ttl_seconds=60)
    genuine = yard.issuer.token()
    bad = f"{genuine[:-8]}AAAAAAAA"
    for _ in range(3):
        assert yard.refused(bad) == (401, "INVALID_WORKLOAD_TOKEN")
        assert yard.refused(yard.issuer.token(sub="repo:evil/web"))[0] == 403
    yard.signed(genuine)
    name = f"ssh workloads:{yard.org.id}"
    (rule,) = LIMIT
    store = yard.http.application.extensions["gatehouse"].store
    key = f"limit:{name}:{rule.window(datetime.now(UTC).timestamp())}"
    counted, _ = store.count(key, 60, rule.amount - 1)
    assert counted == rule.amount
    reply = yard.come()
    assert (reply.status_code, reply.json["error"]["type"]) == (429, "RATE_LIMIT_EXCEEDED")
    clock.shift(timedelta(minutes=1))
    assert yard.come().status_code == 201


@pytest.fixture(scope="module")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    with Sshd(tmp_path_factory.mktemp("sshd") / "server") as found:
        yield found


def test_a_job_gets_into_a_machine(yard: Yard, sshd: Sshd, tmp_path: Path):
    """SSH-23, SSH-36, with a real sshd, and a key and signature of ssh-keygen's."""
    rule = yard.added()
    key: KeyFile = make_key(tmp_path)
    token = yard.issuer.token()
    digest = sha256(token.encode()).hexdigest()
    body = {
        "organization": str(yard.org.slug),
        "public_key": key.public,
        "signature": key.sign(digest, NAMESPACE),
    }
    headers = {"Authorization": f"Bearer {token}"}
    reply = yard.http.post(SIGN, json=body, headers=headers)
    assert reply.status_code == 201, reply.text
    told = reply.json["data"]

    def enters() -> bool:
        base = f"/api/v1/ssh/orgs/{yard.org.slug}"
        lines = yard.http.get(f"{base}/user-ca.pub").text.splitlines()
        sshd.trust(*(line for line in lines if not line.startswith("#")))
        sshd.revoke(yard.http.get(f"{base}/krl").data)
        sshd.admit("deploy")
        return sshd.login(key.path, told["certificate"]).is_in

    assert enters()
    assert f"ID {told['key_id']} (serial {told['serial']})" in sshd.said()
    assert yard.change(rule, is_active=False).status_code == 200
    assert not enters()
