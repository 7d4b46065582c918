"""Key ids: what is written is read back, and is fit for a log (threat 226)."""

import re
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.ssh_ca.rules.key_ids import (
    LONGEST,
    Holder,
    KeyId,
    key_id_of,
    key_id_of_break_glass,
    key_id_of_host,
    key_id_of_workload,
    read_key_id,
)

pytestmark = pytest.mark.unit

USER = UUID("7d1e3c52-5a3f-4b0e-9f5c-2f1f6a0b8c01")
CERTIFICATE = UUID("0a6f4f3e-93a1-4c65-8f0f-1b2c3d4e5f60")
U, C = str(USER), str(CERTIFICATE)
CHARSET = re.compile(r"[A-Za-z0-9._@+:%-]{1,255}")


@pytest.mark.parametrize(
    ("email", "written"),
    [
        ("ann@example.com", "ann@example.com"),
        ("Ann.B+ssh_1@ex-ample.com", "Ann.B+ssh_1@ex-ample.com"),
        ("a:b@example.com", "a%3Ab@example.com"),
        ('"a b"@example.com', "%22a%20b%22@example.com"),
        ("50%@example.com", "50%25@example.com"),
        ("a~b@example.com", "a%7Eb@example.com"),
        ("jürgen@exämple.com", "j%C3%BCrgen@ex%C3%A4mple.com"),
        ("a\n\0\x1b[31m@b.de", "a%0A%00%1B%5B31m@b.de"),
        ("a,b@example.com", "a%2Cb@example.com"),
        ("", ""),
    ],
)
def test_a_person_is_named_by_organization_id_and_address(email: str, written: str):
    assert key_id_of("acme", USER, email, CERTIFICATE) == f"gh1:acme:{U}:{written}:{C}"


def test_a_host_and_a_workload_are_named_as_such():
    subject = "repo:acme/x:ref:refs/heads/main"
    escaped = "repo%3Aacme%2Fx%3Aref%3Arefs%2Fheads%2Fmain"

    assert key_id_of_host("acme", USER, CERTIFICATE) == f"gh1:acme:host:{U}:{C}"
    assert key_id_of_workload("acme", USER, subject, CERTIFICATE) == (
        f"gh1:acme:wl:{U}:{escaped}:{C}"
    )


def test_an_address_that_is_too_long_is_cut_and_the_ids_stay():
    slug = "a" * 63
    written = key_id_of(slug, USER, "x" * 300, CERTIFICATE)

    assert len(written) == LONGEST
    assert written.startswith(f"gh1:{slug}:{U}:xxx")
    assert written.endswith(f"x:{C}")


@pytest.mark.parametrize("shift", range(6))
def test_no_character_is_cut_in_two(shift: int):
    read = read_key_id(key_id_of("acme", USER, "x" * shift + "ü" * 100, CERTIFICATE))
    assert read is not None
    assert re.fullmatch("x*ü+", read.label)


def test_a_slug_that_leaves_no_room_is_refused():
    with pytest.raises(ValueError, match="slug"):
        key_id_of("a" * 200, USER, "ann@example.com", CERTIFICATE)
    with pytest.raises(ValueError, match="slug"):
        key_id_of_host("ü" * 63, USER, CERTIFICATE)


def test_what_was_written_is_read_back():
    email, subject = "a:b%3A@exämple.com", "repo:acme/x"
    named = {"org_slug": "acme", "id": USER, "certificate_id": CERTIFICATE}

    assert read_key_id(key_id_of("acme", USER, email, CERTIFICATE)) == KeyId(
        holder=Holder.USER, label=email, **named
    )
    assert read_key_id(key_id_of_host("acme", USER, CERTIFICATE)) == KeyId(
        holder=Holder.HOST, label="", **named
    )
    assert read_key_id(key_id_of_break_glass("acme", USER, CERTIFICATE)) == KeyId(
        holder=Holder.BREAK_GLASS, label="", **named
    )
    assert read_key_id(key_id_of_workload("acme", USER, subject, CERTIFICATE)) == KeyId(
        holder=Holder.WORKLOAD, label=subject, **named
    )


@pytest.mark.parametrize("slug", ["host", "wl", "break-glass", "gh1", U])
def test_a_slug_that_looks_like_something_else_is_a_slug(slug: str):
    read = read_key_id(key_id_of(slug, USER, "ann@example.com", CERTIFICATE))
    assert read is not None
    assert (read.holder, read.org_slug) == (Holder.USER, slug)


FOREIGN = {
    "nothing": "",
    "a name": "ann",
    "another version": f"gh2:acme:{U}:ann@example.com:{C}",
    "an id in upper case": f"gh1:acme:{U.upper()}:ann@example.com:{C}",
    "no certificate": f"gh1:acme:{U}:ann@example.com:",
    "a part too many": f"gh1:acme:{U}:ann:b@example.com:{C}",
    "a part too few": f"gh1:acme:{U}:{C}",
    "a line break": f"gh1:acme:{U}:ann@example.com:{C}\n",
    "a blank": f"gh1:acme:{U}:ann b@example.com:{C}",
    "an escape that is not needed": f"gh1:acme:{U}:%61nn@example.com:{C}",
    "an escape in lower case": f"gh1:acme:{U}:a%3ab@example.com:{C}",
    "half an escape": f"gh1:acme:{U}:ann%4:{C}",
    "half a character": f"gh1:acme:{U}:ann%C3:{C}",
    "digits of another script": f"gh1:acme:{U}:ann:{C}".replace("1", "١"),  # noqa: RUF001
    "too much": f"gh1:acme:{U}:{'x' * 300}:{C}",
}


@pytest.mark.parametrize("text", FOREIGN.values(), ids=FOREIGN)
def test_what_was_not_written_here_is_nobody(text: str):
    assert read_key_id(text) is None


@given(st.text())
def test_no_text_is_too_odd_to_be_read(text: str):
    assert read_key_id(text) is None


@given(st.text(max_size=300), st.uuids(), st.uuids())
def test_every_address_makes_a_key_id_that_a_log_can_hold(email: str, user: UUID, made: UUID):
    for write in (key_id_of, key_id_of_workload):
        written = write("acme", user, email, made)
        read = read_key_id(written)

        assert CHARSET.fullmatch(written)
        assert read is not None
        assert (read.id, read.certificate_id) == (user, made)
        assert email.startswith(read.label)
