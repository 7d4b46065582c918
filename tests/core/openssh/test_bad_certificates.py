"""What is no certificate is refused (PROTOCOL.certkeys), by ssh-keygen too."""

from contextlib import suppress
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import load_ssh_public_identity
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gatehouse.core.openssh.certificates import (
    BadCertificate,
    certificate_type,
    read_certificate,
)
from gatehouse.core.openssh.layouts import FIELDS
from gatehouse.core.openssh.wire import string, strings, uint32, uint64
from tests.core.openssh.made_certificates import CERTIFICATE, NONCE, as_line, issued, raw, user
from tests.core.openssh.made_keys import (
    ED25519,
    RSA,
    SK_ECDSA,
    authority,
    public_line,
    subject,
)
from tests.openssh import keygen


@pytest.mark.parametrize("of_type", [ED25519, RSA, SK_ECDSA])
def test_nothing_may_be_missing_and_nothing_may_follow(of_type: str):
    whole = raw(issued(user(of_type)))
    read_certificate(as_line(whole, of_type))

    for bad in (*(whole[:end] for end in range(len(whole))), whole + b"\0"):
        with pytest.raises(BadCertificate):
            read_certificate(as_line(bad, of_type))


def parts(**changed: bytes) -> str:
    """A certificate with some of its parts changed, and rightly signed."""
    by = authority(ED25519)
    usual = {
        "type": string(certificate_type(ED25519).encode()),
        "nonce": string(NONCE),
        "key": subject(ED25519).removeprefix(string(ED25519.encode())),
        "serial": uint64(1),
        "kind": uint32(1),
        "key_id": string(b"alice"),
        "principals": string(string(b"prod")),
        "validity": uint64(1) + uint64(2),
        "critical": string(b""),
        "extensions": string(strings([b"permit-pty", b""])),
        "reserved": string(b""),
        "authority": string(by.blob),
    }
    signed = b"".join({**usual, **changed}.values())
    return as_line(signed + string(by.sign(signed)))


def option(*names: bytes, value: bytes = b"") -> bytes:
    return string(strings(part for name in names for part in (name, value)))


JUNK_INSIDE = {
    "unknown type": {"type": string(b"ssh-dss-cert-v01@openssh.com")},
    "a key, no certificate": {"type": string(ED25519.encode())},
    "short key": {"key": string(bytes(31))},
    "neither user nor host": {"kind": uint32(3)},
    "kind 0": {"kind": uint32(0)},
    "zero byte in the key id": {"key_id": string(b"alice\0")},
    "line break in the key id": {"key_id": string(b"alice\nbob")},
    "no UTF-8": {"key_id": string(b"\xff")},
    "half a principal": {"principals": string(b"\0\0\0\5prod")},
    "zero byte in a principal": {"principals": string(string(b"prod\0"))},
    "257 principals": {"principals": string(strings([b"a"] * 257))},
    "half an option": {"critical": string(string(b"force-command"))},
    "half a value": {"critical": option(b"force-command", value=b"\0\0\0\5ls")},
    "value and more": {"critical": option(b"force-command", value=string(b"ls") + b"\0")},
    "value without its string": {"critical": option(b"force-command", value=b"ls")},
    "empty value in a string": {"critical": option(b"verify-required", value=string(b""))},
    "options out of order": {"critical": option(b"verify-required", b"force-command")},
    "extensions out of order": {"extensions": option(b"permit-pty", b"permit-X11-forwarding")},
    "extension twice": {"extensions": option(b"permit-pty", b"permit-pty")},
    "something reserved": {"reserved": string(b"x")},
    "certificate as authority": {"authority": string(CERTIFICATE)},
    "no authority": {"authority": string(b"")},
    "another type of authority": {"authority": string(subject(RSA))},
    "authority and more": {"authority": string(authority(ED25519).blob + b"\0")},
}


@pytest.mark.parametrize("changed", JUNK_INSIDE.values(), ids=JUNK_INSIDE)
def test_a_rightly_signed_certificate_with_wrong_parts_is_refused(changed: dict[str, bytes]):
    read_certificate(parts())

    with pytest.raises(BadCertificate):
        read_certificate(parts(**changed))


REFUSED_BY_OPENSSH_TOO = (
    "unknown type", "short key", "neither user nor host", "kind 0", "half a principal",
    "257 principals", "half an option", "certificate as authority", "no authority",
    "another type of authority", "authority and more",
)  # fmt: skip


@pytest.mark.parametrize("name", REFUSED_BY_OPENSSH_TOO)
def test_openssh_refuses_these_too(tmp_path: Path, name: str):
    (tmp_path / "good").write_text(parts() + "\n")
    keygen("-L", "-f", tmp_path / "good")
    (tmp_path / "bad").write_text(parts(**JUNK_INSIDE[name]) + "\n")

    assert keygen("-L", "-f", tmp_path / "bad", expect=(1,)) == ""


LINE = issued(user())
LINES = {
    "empty": "",
    "nothing but its type": LINE.split()[0],
    "no base64": f"{LINE.split()[0]} ",
    "its end": f"{LINE}\n",
    "two lines": f"{LINE}\n{LINE}",
    "carriage return": f"{LINE}\r",
    "zero byte": f"{LINE} a\0",
    "two blanks": LINE.replace(" ", "  ", 1),
    "tab": LINE.replace(" ", "\t", 1),
    "options before it": f"no-pty {LINE}",
    "another type outside": LINE.replace("ssh-ed25519-cert", "ssh-rsa-cert", 1),
    "a key outside": LINE.replace("-cert-v01@openssh.com", "", 1),
    "a key": public_line(subject(ED25519)),
    "URL base64": f"{LINE.split()[0]} {LINE.split()[1][:-4]}-_-_",
    "too long": f"{LINE} {'a' * 70_000}",
    "no UTF-8": f"{LINE} \udcff",
}


@pytest.mark.parametrize("line", LINES.values(), ids=LINES)
def test_what_is_no_line_of_a_certificate_is_refused(line: str):
    with pytest.raises(BadCertificate):
        read_certificate(line)


def test_base64_has_one_spelling():
    padded = next(
        line for n in range(3) if (line := parts(key_id=string(b"a" * n))).endswith("=")
    ).rstrip("=")
    end = "=" * (-len(padded.split()[1]) % 4)
    read_certificate(padded + end)

    with pytest.raises(BadCertificate):
        read_certificate(padded[:-1] + chr(ord(padded[-1]) + 1) + end)
    with pytest.raises(BadCertificate):
        read_certificate(padded)


def test_a_point_that_is_not_on_its_curve_is_refused(tmp_path: Path):
    of_type = "ecdsa-sha2-nistp256"
    whole = raw(issued(user(of_type)))
    bad = whole.replace(subject(of_type)[-8:], bytes(8))

    with pytest.raises(BadCertificate, match="curve"):
        read_certificate(as_line(bad, of_type))


def test_a_changed_byte_is_seen_here_or_by_who_verifies():
    """Whatever is changed before the signature is refused, or the signature no longer fits."""
    public = load_ssh_public_identity(public_line(authority(ED25519).blob).encode())
    whole = raw(issued(user()))
    for at in range(len(whole) - 70):
        changed = bytearray(whole)
        changed[at] ^= 1
        try:
            read = read_certificate(as_line(bytes(changed)))
        except BadCertificate:
            continue
        with pytest.raises(InvalidSignature):
            public.verify(read.signature[-64:], read.signed)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    blob=st.binary(max_size=400)
    | st.tuples(st.binary(max_size=40), st.integers(0, 600)).map(
        lambda cut: CERTIFICATE[: cut[1]] + cut[0] + CERTIFICATE[cut[1] + len(cut[0]) :]
    ),
    of_type=st.sampled_from(tuple(FIELDS)),
)
def test_junk_raises_nothing_else(blob: bytes, of_type: str):
    with suppress(BadCertificate):
        read_certificate(as_line(blob, of_type))


SIGNED = read_certificate(issued(user())).signed
AUTHORITY_AT = SIGNED.index(authority(ED25519).blob)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    at=st.integers(0, AUTHORITY_AT), gone=st.integers(0, 4), put=st.binary(min_size=0, max_size=4)
)
@example(at=0, gone=0, put=b"")
def test_what_we_read_of_a_changed_certificate_openssh_reads_too(
    tmp_path: Path, at: int, gone: int, put: bytes
):
    signed = SIGNED[:at] + put + SIGNED[at + gone :]
    line = as_line(signed + string(authority(ED25519).sign(signed)))
    (tmp_path / "key-cert.pub").write_text(line + "\n")
    with suppress(BadCertificate):
        serial = read_certificate(line).terms.serial
        assert f"Serial: {serial}\n" in keygen("-L", "-f", tmp_path / "key-cert.pub")


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text())
def test_texts_that_are_no_certificates_raise_nothing_else(text: str):
    for line in (text, f"{LINE.split()[0]} {text}"):
        with pytest.raises(BadCertificate):
            read_certificate(line)
