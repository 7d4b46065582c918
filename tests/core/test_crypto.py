"""Secrets at rest: what opens them, and what does not."""

import pytest

from gatehouse.core.crypto import CannotOpen, Keyring, fingerprint, key_id, same

OLD, NEW, OTHER = ("o" * 32, "n" * 32, "x" * 32)
BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_="


@pytest.mark.parametrize("secret", [b"", b"s", b"\x00\xff" * 9, b"long" * 5000])
def test_what_was_sealed_opens(secret):
    keyring = Keyring((NEW,))

    assert keyring.open(keyring.seal(secret, "totp:1"), "totp:1") == secret


def test_the_first_key_seals_and_every_key_opens():
    sealed_before = Keyring((OLD,)).seal(b"secret", "p")
    both = Keyring((NEW, OLD))

    assert both.open(sealed_before, "p") == b"secret"
    assert Keyring((NEW,)).open(both.seal(b"secret", "p"), "p") == b"secret"


def test_only_what_the_first_key_sealed_needs_no_rewrap():
    """Threat 76: a new master key works beside the old one, and one can tell when it is done."""
    sealed_before = Keyring((OLD,)).seal(b"secret", "p")
    both = Keyring((NEW, OLD))

    assert not both.is_current(sealed_before)
    rewrapped = both.seal(both.open(sealed_before, "p"), "p")
    assert both.is_current(rewrapped)
    assert Keyring((NEW,)).open(rewrapped, "p") == b"secret"


def test_a_key_that_is_gone_opens_nothing():
    sealed = Keyring((OLD,)).seal(b"secret", "p")

    with pytest.raises(CannotOpen, match="no such key"):
        Keyring((NEW,)).open(sealed, "p")


def test_another_secret_under_the_same_name_opens_nothing():
    sealed = Keyring((OLD,)).seal(b"secret", "p")
    renamed = sealed.replace(key_id(OLD), key_id(NEW))

    with pytest.raises(CannotOpen):
        Keyring((NEW,)).open(renamed, "p")


@pytest.mark.parametrize("purpose", ["", "totp:2", "totp:", "TOTP:1", "totp:1 "])
def test_a_sealed_value_cannot_be_moved_to_another_purpose(purpose):
    keyring = Keyring((NEW,))
    sealed = keyring.seal(b"secret", "totp:1")

    with pytest.raises(CannotOpen):
        keyring.open(sealed, purpose)


def test_two_seals_of_one_secret_differ():
    keyring = Keyring((NEW,))

    assert len({keyring.seal(b"secret", "p") for _ in range(50)}) == 50


@pytest.mark.parametrize("secret", [b"secret", b"secrets", b"secretss"])
def test_no_character_of_a_sealed_value_can_be_changed(secret):
    """Threat 68: not even to another spelling of the same bytes."""
    keyring = Keyring((NEW,))
    sealed = keyring.seal(secret, "p")

    opened = []
    for position, was in enumerate(sealed):
        for letter in BASE64:
            changed = sealed[:position] + letter + sealed[position + 1 :]
            if letter != was and opens(keyring, changed):
                opened.append((position, was, letter))

    assert opened == []


@pytest.mark.parametrize("extra", ["A", "=", "==", "\n", " ", "!", ".", "é", "\x00"])
def test_nothing_can_be_added_to_a_sealed_value(extra):
    """Threat 68."""
    keyring = Keyring((NEW,))
    sealed = keyring.seal(b"secret", "p")
    middle = len(sealed) - 8

    assert not opens(keyring, sealed + extra)
    assert not opens(keyring, extra + sealed)
    assert not opens(keyring, sealed[:middle] + extra + sealed[middle:])


def test_a_sealed_value_cannot_be_cut():
    keyring = Keyring((NEW,))
    sealed = keyring.seal(b"secret", "p")

    assert not any(opens(keyring, sealed[:length]) for length in range(len(sealed)))


@pytest.mark.parametrize(
    "junk", ["", ".", "..", "v1..", "v1.x.AAAA", "v2", "a.b.c.d", "\ud800.a.b"]
)
def test_junk_is_refused_as_such(junk):
    assert not opens(Keyring((NEW,)), junk)


def test_another_version_is_refused():
    keyring = Keyring((NEW,))

    assert not opens(keyring, keyring.seal(b"secret", "p").replace("v1.", "v2."))


def test_the_name_of_a_key_does_not_tell_it():
    assert key_id(OLD) != key_id(NEW)
    assert len(key_id(OLD)) == 8
    assert key_id(OLD) == key_id(OLD)
    assert key_id(OLD) not in OLD


def test_a_fingerprint_depends_on_key_purpose_and_text():
    one = fingerprint(OLD, "guess", "ada@example.org")

    assert one == fingerprint(OLD, "guess", "ada@example.org")
    assert "ada" not in one
    others = {
        fingerprint(NEW, "guess", "ada@example.org"),
        fingerprint(OLD, "wait", "ada@example.org"),
        fingerprint(OLD, "guess", "Ada@example.org"),
    }
    assert one not in others
    assert len(others) == 3


@pytest.mark.parametrize(
    ("one", "other", "are_same"),
    [
        ("a", "a", True),
        ("a", b"a", True),
        ("é", "é".encode(), True),
        ("a", "b", False),
        ("a", "aa", False),
        ("", "", True),
        ("", "a", False),
    ],
)
def test_comparison_takes_text_and_bytes(one, other, are_same):
    assert same(one, other) is are_same


def opens(keyring: Keyring, sealed: str) -> bool:
    """Whether it opens. Anything but CannotOpen is a failure of the test."""
    try:
        keyring.open(sealed, "p")
    except CannotOpen:
        return False
    return True
