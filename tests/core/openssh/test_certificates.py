"""PROTOCOL.certkeys; ssh-keygen is the counterpart."""

from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import load_ssh_public_identity
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gatehouse.core.openssh.certificates import (
    BadCertificate,
    Read,
    certificate_type,
    issue,
    read_certificate,
    to_be_signed,
)
from gatehouse.core.openssh.terms import MOST, Terms
from gatehouse.core.openssh.wire import Reader, string, uint32
from tests.core.openssh.made_certificates import (
    FLAGS,
    NONCE,
    host,
    issued,
    user,
)
from tests.core.openssh.made_keys import (
    ALL,
    ED25519,
    RSA,
    SIGNING,
    SK_ECDSA,
    SK_ED25519,
    authority,
    fingerprint,
    public_line,
    subject,
)
from tests.core.openssh.shown import shown
from tests.openssh import keygen


def described(read: Read) -> dict:
    """What we have read, as ``shown`` says what ssh-keygen shows."""
    terms = read.terms
    return {
        "type": certificate_type(Reader(terms.subject).string().decode()),
        "kind": terms.kind.name.lower(),
        "subject": fingerprint(terms.subject),
        "authority": fingerprint(read.authority),
        "signed with": Reader(read.signature).string().decode(),
        "key_id": terms.key_id,
        "serial": terms.serial,
        "valid": (terms.valid_after, terms.valid_before),
        "principals": list(terms.principals),
        "critical_options": terms.critical_options,
        "extensions": terms.extensions,
    }


@pytest.mark.parametrize("by", SIGNING)
@pytest.mark.parametrize("of_type", ALL)
def test_openssh_shows_exactly_what_went_in(tmp_path: Path, of_type: str, by: str):
    options = {"verify-required": ""} if of_type in {SK_ED25519, SK_ECDSA} else {}
    terms = user(of_type)
    terms = replace(terms, critical_options={**terms.critical_options, **options})
    for given_terms in (terms, host(of_type)):
        line = issued(given_terms, by, "alice at home")
        read = read_certificate(line)
        (tmp_path / "key-cert.pub").write_text(line + "\n")

        assert (read.terms, read.comment) == (given_terms, "alice at home")
        assert read.authority == authority(by).blob
        assert described(read) == shown(tmp_path / "key-cert.pub")


@pytest.mark.parametrize("by", SIGNING)
@pytest.mark.parametrize("of_type", SIGNING)
def test_another_implementation_verifies_the_signature(of_type: str, by: str):
    line = issued(user(of_type), by)
    certificate = load_ssh_public_identity(line.encode())

    certificate.verify_cert_signature()

    read = read_certificate(line)
    assert certificate.nonce == read.terms.nonce == NONCE
    assert to_be_signed(read.terms, read.authority) == read.signed


BY_OPENSSH = {
    "user": ["-n", "prod,user:alice", "-O", "source-address=10.0.0.0/8,::1/128"],
    "everything off": ["-n", "prod", "-O", "clear"],
    "own options": [
        *("-n", "prod", "-O", "force-command=ls -l", "-O", "verify-required"),
        *("-O", "no-touch-required", "-O", "critical:a@example.com=b"),
        *("-O", "extension:c@example.com", "-O", "extension:a@example.com=d"),
    ],
    "for anybody": [],
    "for ever": ["-n", "prod", "-V", "always:forever"],
    "from the beginning": ["-n", "prod", "-V", "always:20300101"],
    "highest serial": ["-n", "prod", "-z", str(2**64 - 1)],
    "host": ["-h", "-n", "db1.example.com,192.0.2.1"],
}


@pytest.mark.parametrize("by", SIGNING)
@pytest.mark.parametrize("options", BY_OPENSSH.values(), ids=BY_OPENSSH)
def test_certificates_by_openssh_are_read_as_it_shows_them(
    tmp_path: Path, options: list[str], by: str
):
    ca = tmp_path / "ca"
    ca.touch(mode=0o600)
    ca.write_text(authority(by).private)
    (tmp_path / "key.pub").write_text(public_line(subject(ED25519)) + " bob\n")
    when = [] if "-V" in options else ["-V", "20270101:20270201"]

    signing = ["-t", "rsa-sha2-512"] if by == RSA else []
    keygen("-q", "-s", ca, *signing, "-I", "the key", *when, *options, tmp_path / "key.pub")

    line = (tmp_path / "key-cert.pub").read_text().rstrip("\n")
    read = read_certificate(line)
    assert described(read) == shown(tmp_path / "key-cert.pub")
    assert (read.terms.subject, read.comment) == (subject(ED25519), "bob")
    load_ssh_public_identity(line.encode()).verify_cert_signature()


NAMES = st.lists(st.from_regex(r"[A-Za-z0-9._:@-]{1,64}", fullmatch=True), min_size=1, unique=True)
TEXTS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=60).filter(str.isprintable)
OWN = st.from_regex(r"[a-z0-9]{1,9}@[a-z]{1,9}\.com", fullmatch=True)
NETWORKS = st.ip_addresses().map(lambda address: f"{address}/{address.max_prefixlen}")
USERS = st.builds(
    user,
    st.sampled_from([ED25519, SK_ECDSA]),
    serial=st.integers(1, MOST),
    key_id=TEXTS,
    principals=NAMES.map(tuple),
    valid_after=st.integers(0, 2**63),
    valid_before=st.integers(2**63 + 1, MOST),
    nonce=st.binary(min_size=32, max_size=32),
    critical_options=st.fixed_dictionaries(
        {},
        optional={
            "force-command": TEXTS.filter(str.strip),
            "source-address": st.lists(NETWORKS, min_size=1, unique=True).map(",".join),
        },
    ),
    extensions=st.dictionaries(st.sampled_from(FLAGS), st.just(""))
    | st.dictionaries(OWN, st.just("") | TEXTS),
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(terms=USERS, comment=st.just("") | TEXTS)
def test_every_field_survives_a_round_trip(terms: Terms, comment: str):
    read = read_certificate(issued(terms, comment=comment))

    assert (read.terms, read.comment) == (terms, comment)
    assert read.signature == authority(ED25519).sign(read.signed)


def test_a_nonce_of_ones_own_is_made_for_every_certificate():
    made = [
        Terms(**{name: getattr(user(), name) for name in Terms.__slots__ if name != "nonce"})
        for _ in range(2)
    ]
    assert len({terms.nonce for terms in made} | {NONCE}) == 3


@pytest.mark.parametrize(
    "signature",
    [
        string(b"ssh-rsa") + string(bytes(384)),  # SHA-1
        string(b"rsa-sha2-512") + string(bytes(384)) + b"\0",
        string(b"rsa-sha2-512"),
        string(ED25519.encode()) + string(bytes(64)),
        b"",
    ],
)
def test_what_is_no_signature_of_the_authority_is_not_put_into_a_certificate(signature: bytes):
    with pytest.raises(BadCertificate):
        issue(user(), authority(RSA).blob, lambda data: signature)


def test_a_signature_by_hardware_has_flags_and_a_counter():
    body = string(SK_ED25519.encode()) + string(bytes(64))
    line = issue(user(), subject(SK_ED25519, "ca"), lambda data: body + b"\1" + uint32(5))

    assert read_certificate(line).signature == body + b"\1" + uint32(5)
    with pytest.raises(BadCertificate):
        issue(user(), subject(SK_ED25519, "ca"), lambda data: body)
