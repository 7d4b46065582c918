"""Tokens and issuers that lie: all of them hear the same, and the record says what it was."""

from base64 import b64encode
from collections.abc import Callable
from time import sleep, time
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gatehouse.clients.adapters import FRESH, REST
from gatehouse.core.base64url import decode
from gatehouse.core.jose import LONGEST
from gatehouse.core.outbound import Outbound
from gatehouse.ssh_workloads.adapters import FetchedIssuers
from tests.audit.record import entries_of
from tests.core.openssh.made_keys import RSA, private_key
from tests.proving import Signer, b64, by_secret, signed, unsigned
from tests.ssh_workloads.issuers import AUDIENCE, JWKS, SUB, Issuer, issuing
from tests.ssh_workloads.jobs import SIGN, Job, Yard

Made = Callable[[Issuer], str]
HOUR = 3600


def by_the_public_key(issuer: Issuer) -> str:
    """HS256, with the public key as everybody knows it for a secret."""
    key = issuer.signer.key.public_key
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return by_secret(pem, issuer.claims())


def by_another(issuer: Issuer, **header: Any) -> str:
    return Signer("RS256", "first").sign(issuer.claims(), typ="JWT", **header)


def twice(issuer: Issuer) -> str:
    """The same name twice: whoever reads the first sees another audience."""
    issuer.signer = Signer("ES256", "second")
    issuer.published = [issuer.signer]
    now = int(time())
    claims = (
        f'{{"aud":"{AUDIENCE}","iss":"{issuer.url}","sub":"{SUB}","iat":{now},'
        f'"exp":{now + 60},"aud":"{AUDIENCE}"}}'
    )
    return signed(issuer.signer.key, '{"alg":"ES256","kid":"second"}', claims)


def altered(issuer: Issuer) -> str:
    head, _, signature = issuer.token(sub="repo:evil/web:x").split(".")
    return f"{head}.{b64(orjson.dumps(issuer.claims()))}.{signature}"


def now() -> int:
    return int(time())


ATTACKS: dict[str, tuple[Made, str]] = {
    "none": (lambda i: "", "missing"),
    "no token": (lambda i: "x", "malformed"),
    "two parts": (lambda i: i.token().rpartition(".")[0], "malformed"),
    "alg none": (lambda i: unsigned({"alg": "none"}, i.claims()), "malformed"),
    "alg none, signed": (lambda i: unsigned({"alg": "none"}, i.claims(), "AA"), "algorithm"),
    "alg NONE": (lambda i: unsigned({"alg": "NONE"}, i.claims(), "AA"), "algorithm"),
    "HS256 by the public key": (by_the_public_key, "algorithm"),
    "another's key": (by_another, "signature"),
    "a key that comes along": (lambda i: by_another(i, jwk=Signer("RS256").jwk), "signature"),
    "a key that lies elsewhere": (lambda i: by_another(i, jku=f"{i.base}/evil"), "signature"),
    "an unknown kid": (lambda i: i.token({"kid": "second"}), "signature"),
    "a kid that is a path": (lambda i: i.token({"kid": "../../etc/passwd"}), "signature"),
    "a kid that is a number": (
        lambda i: unsigned({"alg": "RS256", "kid": 1}, {}, "AA"),
        "malformed",
    ),
    "another algorithm": (
        lambda i: unsigned({"alg": "ES256", "kid": "first"}, i.claims(), "AA" * 43),
        "signature",
    ),
    "crit": (
        lambda i: unsigned({"alg": "RS256", "crit": ["x"], "x": 1}, i.claims(), "AA"),
        "malformed",
    ),
    "another type": (lambda i: i.token({"typ": "at+jwt"}), "type"),
    "a DPoP proof": (lambda i: i.token({"typ": "dpop+jwt"}), "type"),
    "an altered claim": (altered, "signature"),
    "a name twice": (twice, "malformed"),
    "too long": (lambda i: i.token(pad="x" * LONGEST), "malformed"),
    "iss with a slash more": (lambda i: i.token(iss=f"{i.url}/"), "issuer"),
    "iss in capitals": (lambda i: i.token(iss=i.url.upper()), "issuer"),
    "iss of a list": (lambda i: i.token(iss=[i.url]), "issuer"),
    "iss with a NUL": (lambda i: i.token(iss=f"{i.url}\x00"), "issuer"),
    "iss with a blank": (lambda i: i.token(iss=f"{i.url} "), "issuer"),
    "iss of nothing": (lambda i: i.token(iss=""), "issuer"),
    "an endless iss": (lambda i: i.token(iss=f"{i.url}/{'x' * 4096}"), "issuer"),
    "half a character": (
        lambda i: signed(Signer().key, '{"alg":"ES256"}', '{"iss":"\\ud800"}'),
        "malformed",
    ),
    "no iss": (lambda i: i.token(iss=None), "issuer"),
    "another audience": (lambda i: i.token(aud="other"), "audience"),
    "audience with a slash more": (lambda i: i.token(aud=f"{AUDIENCE}/"), "audience"),
    "several audiences": (lambda i: i.token(aud=[AUDIENCE, "other"]), "audience"),
    "no audience": (lambda i: i.token(aud=None), "audience"),
    "an empty list": (lambda i: i.token(aud=[]), "audience"),
    "expired": (lambda i: i.token(exp=now() - 20), "expired"),
    "never expires": (lambda i: i.token(exp=None), "no_times"),
    "exp as text": (lambda i: i.token(exp=str(now() + 60)), "no_times"),
    "exp true": (lambda i: i.token(exp=True), "no_times"),
    "exp of another age": (lambda i: i.token(exp=2**60), "no_times"),
    "lives for days": (lambda i: i.token(exp=now() + 25 * HOUR), "too_long"),
    "from the future": (lambda i: i.token(nbf=now() + 60), "not_yet"),
    "made in the future": (lambda i: i.token(iat=now() + 60), "not_yet"),
    "made at no time": (lambda i: i.token(iat=None), "no_times"),
    "no subject": (lambda i: i.token(sub=None), "subject"),
    "a subject with a NUL": (lambda i: i.token(sub="x\x00"), "subject"),
    "an endless subject": (lambda i: i.token(sub="x" * 1025), "subject"),
}


@pytest.mark.parametrize("what", ATTACKS)
def test_a_token_that_is_not_right_is_not_taken(yard: Yard, what: str):
    """SSH-36; threats 66, 213, 222: one answer for all of them."""
    make, reason = ATTACKS[what]
    yard.added(claims={"repository": "acme/web"})

    reply = yard.come(make(yard.issuer))

    assert (reply.status_code, reply.json["error"]["type"]) == (401, "INVALID_WORKLOAD_TOKEN")
    assert reply.json["error"]["details"] == {}
    assert "invalid_token" in reply.headers["WWW-Authenticate"]
    (entry,) = entries_of(yard.http, reply)
    assert (entry.action, entry.details["reason"]) == ("ssh_workload.refused", reason)
    assert yard.listed() == []


@pytest.mark.parametrize("seconds", [-14, 14])
def test_clocks_may_differ_a_little(yard: Yard, seconds: int):
    yard.added()
    token = yard.issuer.token(iat=now() + seconds, nbf=now() + seconds, exp=now() + 300)
    assert yard.signed(token)
    assert yard.signed(yard.issuer.token(exp=now() - 10, iat=now() - 60, nbf=now() - 60))


@pytest.mark.parametrize(
    "sub",
    [
        "repo:acme/web:ref:refs/heads/main:x",
        "repo:acme/webx:ref:refs/heads/main",
        "repo:acme/web/x:ref:refs/heads/main",
        "repo:Acme/web:ref:refs/heads/main",
        "repo:acme/web:ref:refs/heads/main\n",
        "repo:acme/web:ref:refs/tags/main",
        "repo:acme/web:environment:x:ref:refs/heads/main",
        "repo:evil/web:ref:refs/heads/main",
    ],
)
def test_a_subject_that_is_nearly_right_is_not_meant(yard: Yard, sub: str):
    """SSH-36, by equality and by a *."""
    equal = yard.added()
    glob = yard.added(name="Glob", claims={"sub": "repo:acme/we*:ref:refs/heads/main"})
    for rule, good in ((equal, False), (glob, sub == "repo:acme/webx:ref:refs/heads/main")):
        reply = yard.come(yard.issuer.token(sub=sub), rule_id=rule["id"])
        assert reply.status_code == (201 if good else 403), reply.text


def test_an_issuer_that_no_rule_names_is_never_asked(yard: Yard):
    """Threat 197: whose token it is decides before anything goes out."""
    with issuing() as other:
        rule = yard.added()
        elsewhere = yard.make.organization()
        assert yard.refused(other.token()) == (401, "INVALID_WORKLOAD_TOKEN")
        assert yard.refused(organization=str(elsewhere.slug)) == (401, "INVALID_WORKLOAD_TOKEN")
        assert yard.refused(organization="no such one") == (401, "INVALID_WORKLOAD_TOKEN")
        assert yard.refused(organization="x\x00") == (400, "VALIDATION_ERROR")
        wrong = "01890a5d-ac96-774b-bcce-b302099a8057"
        assert yard.refused(rule_id=wrong) == (401, "INVALID_WORKLOAD_TOKEN")
        yard.change(rule, is_active=False)
        assert yard.refused() == (401, "INVALID_WORKLOAD_TOKEN")
        assert (other.questions, yard.issuer.questions) == (0, 0)


def test_a_rule_of_another_organization_is_nothing_here(yard: Yard, make, issuer: Issuer):
    """Threats 170, 215."""
    other = Yard(yard.http, make, issuer)
    theirs, ours = other.added(), yard.added(claims={"sub": "repo:acme/x:a"})
    assert yard.refused(rule_id=theirs["id"]) == (401, "INVALID_WORKLOAD_TOKEN")
    assert yard.refused(rule_id=ours["id"]) == (403, "WORKLOAD_NOT_MATCHED")
    told = other.signed()
    assert told["organization_id"] == str(other.org.id)


def test_the_other_half_of_a_signature_is_the_same_token(yard: Yard):
    """ECDSA has two signatures for one: r, s and r, n - s. A replay with the other is one."""
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    yard.added()
    yard.issuer.signer = Signer("ES256", "curve")
    yard.issuer.published = [yard.issuer.signer]
    token = yard.issuer.token()
    said, _, signature = token.rpartition(".")
    raw = decode(signature)
    other = raw[:32] + (order - int.from_bytes(raw[32:])).to_bytes(32)
    yard.signed(token)
    assert yard.refused(f"{said}.{b64(other)}") == (409, "WORKLOAD_TOKEN_USED")


PROOFS: dict[str, tuple[Callable[[Job, str], dict[str, Any]], str]] = {
    "of another token": (lambda j, t: {"signature": j.signature(f"{t}x")}, "VERIFICATION_FAILED"),
    "of another key": (lambda j, t: {"public_key": Job().line}, "VERIFICATION_FAILED"),
    "for another purpose": (
        lambda j, t: {"signature": j.signature(t, "ssh-key-verify@gatehouse")},
        "WRONG_NAMESPACE",
    ),
    "none": (lambda j, t: {"signature": "x"}, "VERIFICATION_FAILED"),
    "no key": (lambda j, t: {"public_key": "x"}, "INVALID_PUBLIC_KEY"),
    "two keys": (lambda j, t: {"public_key": f"{j.line}\n{Job().line}"}, "INVALID_PUBLIC_KEY"),
    "a private key": (
        lambda j, t: {"public_key": "-----BEGIN OPENSSH PRIVATE KEY-----"},
        "INVALID_PUBLIC_KEY",
    ),
}


@pytest.mark.parametrize("what", PROOFS)
def test_a_certificate_is_for_who_has_the_key_and_the_token(yard: Yard, what: str):
    """Threats 220, 222: the key in the certificate has signed this token."""
    make, kind = PROOFS[what]
    yard.added()
    job, token = Job(), yard.issuer.token()
    assert yard.refused(token, job, **make(job, token)) == (400, kind)
    assert yard.issuer.questions == 0
    assert yard.signed(token, job)


@pytest.mark.parametrize("what", [*PROOFS, "right"])
def test_strangers_do_not_hear_whom_an_organization_trusts(yard: Yard, what: str):
    """Threats 170, 222: not by what is wrong with a key, nor whether there is an organization."""
    yard.added()
    make, kind = PROOFS.get(what, (lambda j, t: {}, "INVALID_WORKLOAD_TOKEN"))
    expected = (401 if what == "right" else 400, kind)
    with issuing() as other:
        trusted, unknown = by_another(yard.issuer), by_another(other)
        job = Job()
        assert yard.refused(trusted, job, **make(job, trusted)) == expected
        assert yard.refused(unknown, job, **make(job, unknown)) == expected
        nobody = {**make(job, trusted), "organization": "nobody-has-this"}
        assert yard.refused(trusted, job, **nobody) == expected
        assert other.questions == 0


def test_an_organization_that_is_switched_off_signs_nothing(yard: Yard):
    yard.added()
    yard.make.change(yard.org, is_active=False)

    assert yard.refused() == (401, "INVALID_WORKLOAD_TOKEN")

    assert yard.issuer.questions == 0


def test_a_token_that_others_have_read_gets_one_certificate(yard: Yard):
    """It does not name a key. Whoever comes second sees that somebody was there."""
    yard.added()
    token = yard.issuer.token()

    assert yard.signed(token, Job())["principals"] == ["deploy"]

    assert yard.refused(token, Job()) == (409, "WORKLOAD_TOKEN_USED")


def test_a_signature_may_come_as_base64(yard: Yard):
    yard.added()
    job, token = Job(), yard.issuer.token()
    packed = b64encode(job.signature(token).encode()).decode()
    assert yard.signed(token, job, signature=packed)


def test_keys_that_count_for_nobody_count_for_no_job(yard: Yard):
    """Threat 220: a revoked key."""
    yard.added()
    job = Job()
    told = yard.signed(yard.issuer.token(), job)
    path = f"/api/v1/organizations/{yard.org.id}/certificates/revoke"
    which = {"key_fingerprint": told["fingerprint"], "reason": "lost"}
    assert yard.http.post(path, json=which, headers=yard.as_admin).status_code == 200
    assert yard.refused(None, job) == (409, "KEY_NOT_VERIFIED")


def test_a_short_rsa_key_is_refused(yard: Yard):
    """Ruling 35."""
    yard.added()
    put = f"/api/v1/organizations/{yard.org.id}/ssh/policy"
    yard.http.put(put, json={"min_rsa_bits": 4096}, headers=yard.as_admin)
    job = Job()
    job.private = private_key(RSA, "a job's")  # type: ignore[assignment]
    assert yard.refused(None, job) == (400, "WEAK_KEY")


def test_only_a_bearer_is_looked_at(yard: Yard):
    yard.added()
    token, job = yard.issuer.token(), Job()
    body = job.body(str(yard.org.slug), token)
    for headers in ({}, {"Authorization": token}, {"Authorization": f"Basic {token}"}):
        reply = yard.http.post(SIGN, json=body, headers=headers)
        assert (reply.status_code, reply.json["error"]["type"]) == (401, "INVALID_WORKLOAD_TOKEN")
    reply = yard.http.post(SIGN, json=body, headers=yard.as_owner)
    assert reply.json["error"]["type"] == "INVALID_WORKLOAD_TOKEN"


def test_where_nobody_signs_there_is_none(yard: Yard):
    yard.added()
    path = f"{yard.path}/{yard.ca['id']}"
    gone = yard.http.delete(path, json={}, headers=yard.as_owner)
    assert gone.status_code == 200, gone.text
    assert yard.refused() == (503, "CA_NOT_CONFIGURED")


LIES: dict[str, Callable[[Issuer], Any]] = {
    "HTML": lambda i: i.says.update({i.discovery: (200, {}, b"<html>Sign in</html>")}),
    "HTML for keys": lambda i: i.says.update({JWKS: (200, {}, b"<html></html>")}),
    "no object": lambda i: i.says.update({i.discovery: (200, {}, b"[]")}),
    "keys of no object": lambda i: i.says.update({JWKS: (200, {}, b'{"keys": 7}')}),
    "no keys": lambda i: i.published.clear(),
    "another's name": lambda i: i.description.update({"issuer": "https://ci.example.com"}),
    "its name with a slash": lambda i: i.description.update({"issuer": f"{i.url}/"}),
    "no place for keys": lambda i: i.description.update({"jwks_uri": None}),
    "keys at an inner address": lambda i: i.description.update(
        {"jwks_uri": "http://169.254.169.254/latest/meta-data"}
    ),
    "keys at a name inside": lambda i: i.description.update({"jwks_uri": "http://0x7f.1/jwks"}),
    "keys in a file": lambda i: i.description.update({"jwks_uri": "file:///etc/passwd"}),
    "leads elsewhere": lambda i: i.says.update(
        {JWKS: (302, {"Location": "http://169.254.169.254/"}, b"")}
    ),
    "leads to itself": lambda i: i.says.update({i.discovery: (301, {"Location": i.url}, b"")}),
    "huge": lambda i: i.says.update({JWKS: (200, {}, b'{"keys": [' + b" " * 70_000 + b"]}")}),
    "broken": lambda i: i.says.update({i.discovery: (500, {}, b"")}),
    "deep": lambda i: i.says.update({JWKS: (200, {}, b'{"keys": ' + b"[" * 9000 + b"}")}),
}


@pytest.mark.parametrize("lie", LIES)
def test_an_issuer_that_lies_is_believed_nothing(yard: Yard, lie: str):
    """Threat 197: no redirect is followed, no inner address called, no end waited for."""
    yard.added()
    LIES[lie](yard.issuer)

    reply = yard.come()

    assert (reply.status_code, reply.json["error"]["type"]) == (401, "INVALID_WORKLOAD_TOKEN")
    (entry,) = entries_of(yard.http, reply)
    assert entry.details["reason"] == "no_keys"


def test_an_issuer_may_have_a_path(yard: Yard):
    with issuing("/api/actions") as forge:
        yard.added(issuer=forge.url)
        assert yard.signed(forge.token())
        assert set(forge.asked) == {forge.discovery, JWKS}


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def keys() -> FetchedIssuers:
    schemes = ("http", "https")
    return FetchedIssuers(Outbound(("127.0.0.0/8",)), schemes=schemes, clock=Clock())


@pytest.mark.integration
def test_new_keys_are_asked_for_once_a_minute(issuer: Issuer, keys: FetchedIssuers):
    """Threat 62: a thousand unknown kids are one question a minute, and old keys go in time."""
    clock: Clock = keys._clock  # noqa: SLF001
    assert [key.kid for key in keys.at(issuer.url, "first")] == ["first"] * 2
    for number in range(1000):
        keys.at(issuer.url, f"unknown {number}")
    assert issuer.questions == 2
    issuer.published = [Signer("RS256", "second")]
    clock.now += REST
    assert {key.kid for key in keys.at(issuer.url, "second")} == {"second"}
    assert issuer.questions == 4
    clock.now += FRESH
    issuer.published = []
    assert keys.at(issuer.url, "second") == ()


@pytest.mark.integration
def test_a_slow_issuer_holds_nobody_for_long(issuer: Issuer, keys: FetchedIssuers):
    issuer.before = lambda: sleep(6)
    begun = time()
    assert keys.at(issuer.url, "first") == ()
    assert time() - begun < 5
