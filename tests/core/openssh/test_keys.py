"""Public keys are read as `ssh-keygen` reads them."""

from base64 import b64encode
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gatehouse.core.openssh.bad_keys import BadKey, KeyFault
from gatehouse.core.openssh.keys import READERS, read_blob, read_public_key
from gatehouse.core.openssh.signatures import public_blob
from gatehouse.core.openssh.wire import mpint, string, strings
from tests.core.openssh.conftest import FIDO_TYPES, TYPES, Pair
from tests.openssh import keygen


def test_there_are_seven_types():
    assert set(READERS) == set(TYPES)


def test_a_key_is_shown_as_ssh_keygen_shows_it(pair: Pair, tmp_path: Path):
    path = tmp_path / "key.pub"
    path.write_text(pair.line)
    key = read_public_key(pair.line)

    bits, fingerprint, comment = keygen("-lf", path).split(" ", 2)
    assert (key.bits, key.fingerprint) == (int(bits), fingerprint)
    assert comment.startswith(f"{key.comment} (")
    assert key.comment.endswith("of Zoë")


def test_a_key_has_one_spelling(pair: Pair):
    spelled = {read_public_key(line).text for line in (pair.line, f"  {pair.public.text}  other ")}

    assert spelled == {" ".join(pair.line.split(" ")[:2])}
    assert read_public_key(pair.public.text) == read_blob(pair.public.blob) == pair.public


def test_only_security_keys_say_what_they_are_for(pairs: dict[str, Pair]):
    fido = {type_ for type_, pair in pairs.items() if pair.public.is_fido}

    assert fido == set(FIDO_TYPES)
    assert {pairs[type_].public.application for type_ in fido} == {"ssh:"}


def test_a_blob_of_a_private_key_of_ours_is_what_ssh_keygen_writes(pairs: dict[str, Pair]):
    ours = {t: public_blob(p.private) for t, p in pairs.items() if t not in FIDO_TYPES}
    assert ours == {type_: pairs[type_].public.blob for type_ in ours}


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_the_line_break_of_a_file_may_be_there(pair: Pair, end: str):
    assert read_public_key(pair.line.removesuffix("\n") + end) == pair.public


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("", ""),
        (" ", ""),
        ("  Ann's laptop  ", "Ann's laptop"),
        ("x" * 300, "x" * 255),
        ("\N{FAMILY}\N{ZERO WIDTH JOINER}\N{GIRL}", "\N{FAMILY}\N{ZERO WIDTH JOINER}\N{GIRL}"),
        ("ssh-ed25519 AAAA", "ssh-ed25519 AAAA"),
    ],
)
def test_a_comment_is_what_stands_behind_the_key(pairs: dict[str, Pair], written: str, kept: str):
    line = f"{pairs['ssh-ed25519'].public.text} {written}"
    assert read_public_key(line).comment == kept


def test_every_truncation_of_a_blob_is_refused(pair: Pair):
    blob = pair.public.blob
    for length in range(len(blob)):
        with pytest.raises(BadKey):
            read_blob(blob[:length])


def test_nothing_may_follow_a_key(pair: Pair):
    for more in (b"\0", string(b""), pair.public.blob):
        with pytest.raises(BadKey) as refused:
            read_blob(pair.public.blob + more)
        assert refused.value.reason == KeyFault.MALFORMED


@given(st.text(), st.sampled_from(("", *TYPES)))
@example("\ud800", "ssh-rsa")
@example("AAAA\ud800", "ssh-rsa")
def test_no_text_does_more_than_be_refused(text: str, before: str):
    with pytest.raises(BadKey):
        read_public_key(f"{before} {text}")


@given(st.binary(max_size=200), st.sampled_from(TYPES), st.lists(st.binary(max_size=80)))
def test_no_bytes_do_more_than_be_refused(junk: bytes, type_: str, parts: list[bytes]):
    for blob in (junk, string(type_.encode()) + junk, strings([type_.encode(), *parts])):
        line = f"{type_} {b64encode(blob).decode()}"
        for read, given_ in ((read_blob, blob), (read_public_key, line)):
            try:
                key = read(given_)
            except BadKey as refused:
                assert str(refused)  # noqa: PT017
            else:
                assert key.blob == blob


@given(st.integers(0, 2**70), st.integers(0, 2**2100))
def test_no_numbers_do_more_than_be_refused(exponent: int, modulus: int):
    try:
        assert read_blob(string(b"ssh-rsa") + mpint(exponent) + mpint(modulus)).bits >= 2048
    except BadKey as refused:
        assert refused.reason == KeyFault.WEAK  # noqa: PT017
