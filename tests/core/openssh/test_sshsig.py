"""SSHSIG: what `ssh-keygen -Y sign` writes is read here, and what we write `-Y verify` takes."""

from base64 import b64decode, b64encode
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.core.openssh.signatures import BadSignature, Shown, SignatureFault
from gatehouse.core.openssh.sshsig import BEGIN, END, check, make_sshsig, read_sshsig
from gatehouse.core.openssh.wire import string, strings, uint32
from tests.core.openssh.conftest import FIDO_TYPES, KINDS, Pair
from tests.core.openssh.soft_fido import TOUCHED, VERIFIED, SoftKey, armored
from tests.openssh import keygen

NAMESPACE = "ssh-key-verify@gatehouse"
MESSAGE = "a message of Zoë".encode()


def signed(pair: Pair, message: bytes = MESSAGE, namespace: str = NAMESPACE) -> str:
    if isinstance(pair.private, SoftKey):
        return armored(pair.private, message, namespace)
    return make_sshsig(pair.private, message, namespace)


def check_text(text: str, pair: Pair, message: bytes = MESSAGE, **how: bool) -> Shown | None:
    return check(read_sshsig(text), message, NAMESPACE, key=pair.public, **how)


def fault(text: str, pair: Pair, message: bytes = MESSAGE, **how: bool) -> SignatureFault:
    with pytest.raises(BadSignature) as refused:
        check_text(text, pair, message, **how)
    assert str(refused.value)
    return refused.value.reason


@pytest.mark.parametrize("hash_name", ["sha256", "sha512"])
@pytest.mark.parametrize("type_", KINDS)
def test_a_signature_of_ssh_keygen_is_taken(
    pairs: dict[str, Pair], tmp_path: Path, type_: str, hash_name: str
):
    pair = pairs[type_]
    path = tmp_path / "message"
    path.write_bytes(MESSAGE)
    keygen("-q", "-Y", "sign", "-f", pair.path, "-n", NAMESPACE, "-O", f"hashalg={hash_name}", path)

    text = path.with_suffix(".sig").read_text()

    assert read_sshsig(text).hash == hash_name
    assert check_text(text, pair) is None
    assert fault(text, pair, MESSAGE + b"\n") == SignatureFault.SIGNATURE


def test_ssh_keygen_takes_a_signature_of_ours(pair: Pair, tmp_path: Path):
    allowed, signature = tmp_path / "allowed_signers", tmp_path / "message.sig"
    allowed.write_text(f'gatehouse namespaces="{NAMESPACE}" {pair.public.text}\n')
    signature.write_text(signed(pair))
    asked = ["-Y", "verify", "-f", allowed, "-I", "gatehouse", "-n", NAMESPACE, "-s", signature]

    assert "Good" in keygen(*asked, given=MESSAGE)
    assert "Good" not in keygen(*asked, given=MESSAGE + b".", expect=(255,))


def test_our_armor_is_that_of_ssh_keygen(pairs: dict[str, Pair], tmp_path: Path):
    """Ed25519 and RSA sign the same with the same bytes."""
    path = tmp_path / "message"
    path.write_bytes(MESSAGE)
    for type_ in ("ssh-ed25519", "ssh-rsa"):
        pair = pairs[type_]
        keygen("-q", "-Y", "sign", "-f", pair.path, "-n", NAMESPACE, path)
        signature = path.with_suffix(".sig")
        assert signed(pair) == signature.read_text()
        signature.unlink()


def test_each_thing_that_is_wrong_has_its_own_name(pair: Pair, pairs: dict[str, Pair]):
    other = next(other for other in pairs.values() if other is not pair)

    assert fault(signed(pair, namespace="file"), pair) == SignatureFault.NAMESPACE
    assert fault(signed(other), pair) == SignatureFault.KEY
    assert fault(signed(pair, b"another"), pair) == SignatureFault.SIGNATURE
    assert fault(signed(pair), pair, b"") == SignatureFault.SIGNATURE


def test_a_signature_does_not_hold_for_another_hash_or_namespace(pair: Pair):
    sshsig = read_sshsig(signed(pair))
    posing = (replace(sshsig, hash="sha256"), replace(sshsig, namespace="file"))
    for posed in posing:
        with pytest.raises(BadSignature) as refused:
            check(posed, MESSAGE, posed.namespace, key=pair.public)
        assert refused.value.reason == SignatureFault.SIGNATURE


@pytest.mark.parametrize("type_", FIDO_TYPES)
@pytest.mark.parametrize(
    ("flags", "needs_verification", "why"),
    [
        (0, False, "user_not_present"),
        (VERIFIED, False, "user_not_present"),
        (VERIFIED, True, "user_not_present"),
        (TOUCHED, False, None),
        (TOUCHED, True, "user_not_verified"),
        (TOUCHED | VERIFIED, True, None),
    ],
)
def test_a_security_key_was_touched_and_where_needed_asked_for_a_pin(
    pairs: dict[str, Pair], type_: str, flags: int, needs_verification, why: str | None
):
    pair = pairs[type_]
    text = armored(replace(pair.private, flags=flags), MESSAGE, NAMESPACE)
    if why:
        how = {"needs_verification": needs_verification}
        assert fault(text, pair, **how) == SignatureFault(why)
    else:
        shown = check_text(text, pair, needs_verification=needs_verification)
        assert (shown.is_present, shown.is_verified) == (True, bool(flags & VERIFIED))


def test_an_ordinary_key_cannot_show_that_a_pin_was_asked_for(pairs: dict[str, Pair]):
    for type_ in KINDS:
        text = signed(pairs[type_])
        assert fault(text, pairs[type_], needs_verification=True) == SignatureFault.UNVERIFIED


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.removesuffix("\n"),
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("\n", "\r\n").removesuffix("\r\n"),
        lambda text: f"{BEGIN}\n{''.join(text.split(chr(10))[1:-2])}\n{END}\n",
    ],
)
def test_line_ends_and_lengths_do_not_matter(pair: Pair, change):
    text = signed(pair)
    assert check_text(change(text), pair) == check_text(text, pair)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: "",
        lambda text: " " + text,
        lambda text: "\n" + text,
        lambda text: text + "\n",
        lambda text: text + "more",
        lambda text: text * 2,
        lambda text: text.replace(BEGIN, "-----BEGIN SSH  SIGNATURE-----"),
        lambda text: text.replace(BEGIN + "\n", BEGIN),
        lambda text: text.replace(END, ""),
        lambda text: text.replace("\n", "\n\n"),
        lambda text: text.replace("\n", "\r"),
        lambda text: text.replace("\n", " \n"),
        lambda text: text.replace("U1NI", "U1NI-", 1),
        lambda text: text.replace("U1NI", "U1N=", 1),
        lambda text: text.replace(f"\n{END}", f"=\n{END}"),
        lambda text: text.replace(f"\n{END}", f"A\n{END}"),
        lambda text: text.replace("U1NI", "U1NJ", 1),
        lambda text: f"{BEGIN}\n{END}\n",
        lambda text: text.replace(BEGIN, BEGIN + "\n" + "A" * 16384),
        lambda text: "-----BEGIN PGP SIGNATURE-----\n\n-----END PGP SIGNATURE-----\n",
        lambda text: text + "\0",
        lambda text: text + "\ud800",
    ],
)
def test_a_text_that_is_no_sshsig_is_refused(pair: Pair, change):
    assert fault(change(signed(pair)), pair) == SignatureFault.MALFORMED


def armor(blob: bytes) -> str:
    return f"{BEGIN}\n{b64encode(blob).decode()}\n{END}\n"


def test_bytes_that_are_no_sshsig_are_refused(pair: Pair):
    key, start = string(pair.public.blob), b"SSHSIG" + uint32(1)
    rest = [NAMESPACE.encode(), b"", b"sha512", pair.sign(b"")]
    wrong = [
        b"",
        b"SSHSIG",
        b"SSHSIH" + uint32(1) + key + strings(rest),
        b"SSHSIG" + uint32(0) + key + strings(rest),
        b"SSHSIG" + uint32(2) + key + strings(rest),
        start + string(b"") + strings(rest),
        start + string(pair.public.blob + b"\0") + strings(rest),
        start + string(strings([b"ssh-dss", b""])) + strings(rest),
        start + string(strings([b"ssh-ed25519-cert-v01@openssh.com", b""])) + strings(rest),
        start + key + strings([b"", *rest[1:]]),
        start + key + strings([b"\xff", *rest[1:]]),
        start + key + strings([rest[0], b"reserved", *rest[2:]]),
        start + key + strings([*rest[:2], b"sha1", rest[3]]),
        start + key + strings([*rest[:2], b"SHA512", rest[3]]),
        start + key + strings([*rest[:2], b"", rest[3]]),
        start + key + strings(rest[:3]),
        start + key + strings(rest) + b"\0",
    ]
    for blob in wrong:
        assert fault(armor(blob), pair) == SignatureFault.MALFORMED
    assert fault(armor(start + key + strings(rest)), pair) == SignatureFault.SIGNATURE


def test_no_part_of_a_signature_is_one(pairs: dict[str, Pair]):
    pair = pairs["sk-ssh-ed25519@openssh.com"]
    whole = b64decode("".join(signed(pair).splitlines()[1:-1]))
    for length in range(len(whole)):
        assert fault(armor(whole[:length]), pair) == SignatureFault.MALFORMED


@given(st.text(), st.binary(max_size=300))
def test_no_text_does_more_than_be_refused(text: str, junk: bytes):
    for posted in (text, f"{BEGIN}\n{text}\n{END}", armor(junk), armor(b"SSHSIG\0\0\0\1" + junk)):
        with pytest.raises(BadSignature):
            read_sshsig(posted)


def test_a_signature_of_ours_has_a_namespace(pairs: dict[str, Pair]):
    with pytest.raises(ValueError, match="namespace"):
        make_sshsig(pairs["ssh-ed25519"].private, MESSAGE, "")
