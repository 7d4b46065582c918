"""Passwords, addresses and waits, as tables."""

from time import thread_time

import pytest

from gatehouse.accounts.rules import (
    broken_rules,
    email_key,
    is_locked,
    wait_after,
    without_words,
    words_about,
)

EMAIL = "bob@example.test"
SHORT = "Use at least 8 characters."
LONG = "Use at most 128 characters."
BLANK = "Use more than blanks."
BESIDES = "Use at least 8 characters besides your address and your name."
OWN = "Use something else than your address."
EASY = "This is too easy to guess. Several uncommon words are good."


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("bob@example.test", "bob@example.test"),
        ("Bob@Example.TEST", "bob@example.test"),
        ("  bob@example.test\t", "bob@example.test"),
        ("jose\N{COMBINING ACUTE ACCENT}@x.test", "jos\N{LATIN SMALL LETTER E WITH ACUTE}@x.test"),
        ("STRASSE@x.test", "strasse@x.test"),
        ("\N{KELVIN SIGN}im@x.test", "kim@x.test"),
    ],
)
def test_an_address_has_one_key_however_it_is_written(address, key):
    assert email_key(address) == key
    assert email_key(email_key(address)) == key


@pytest.mark.parametrize(
    ("password", "score", "broken"),
    [
        ("a" * 8, 3, []),
        ("a" * 128, 4, []),
        ("a" * 7, 3, [SHORT]),
        ("a" * 129, 3, [LONG]),
        ("a" * 8, 2, [EASY]),
        (" " * 8, 3, [BLANK]),
        ("\t\N{NO-BREAK SPACE}" * 4, 3, [BLANK]),
        (EMAIL, 3, [OWN]),
        (EMAIL.upper(), 3, [OWN]),
        ("", 0, [SHORT, BLANK, EASY]),
        (" " * 7, 0, [SHORT, BLANK, EASY]),
        (" " * 129, 0, [LONG, BLANK, EASY]),
    ],
)
def test_every_broken_rule_is_named_at_once(password, score, broken):
    assert broken_rules(password, score=score, advice="", email=EMAIL) == broken


def test_what_makes_a_password_easy_is_said():
    broken = broken_rules("a" * 8, score=0, advice="Dates are often easy to guess.", email=EMAIL)

    assert broken == [
        "This is too easy to guess. Dates are often easy to guess. Several uncommon words are good."
    ]


@pytest.mark.parametrize(
    ("password", "left"),
    [
        ("zebra lantern orbit", "zebra lantern orbit"),
        ("Philippa.Marlowe@EXAMPLE.test", ""),
        ("marlowe-marlowe-marlowe", "--"),
        ("philippa.marlowe and Jo 12", " and Jo 12"),
        ("Marlowe_and_m-a-r-l-o-w-e", "_and_"),
        ("philippamarlowe", ""),
    ],
)
def test_names_and_addresses_are_taken_out_of_a_password(password, left):
    words = ["philippa.marlowe@example.test", "philippa.marlowe", "marlowe", "jo", "test"]

    assert without_words(password, words) == left


@pytest.mark.parametrize(
    ("password", "own", "broken"),
    [
        ("marlowe12345", "12345", [BESIDES]),
        ("marlowe12345678", "12345678", []),
        (EMAIL, "", [OWN, BESIDES]),
        ("short", "short", [SHORT]),
    ],
)
def test_what_is_left_without_them_is_long_enough(password, own, broken):
    assert broken_rules(password, score=3, advice="", email=EMAIL, own=own) == broken


@pytest.mark.parametrize(
    ("full_name", "words"),
    [
        (None, {"gatehouse", EMAIL, "bob", "example", "test"}),
        ("", {"gatehouse", EMAIL, "bob", "example", "test"}),
        (
            "Bob  Marlowe",
            {"gatehouse", EMAIL, "bob", "example", "test", "marlowe", "bob marlowe"},
        ),
    ],
)
def test_a_guesser_tries_the_name_the_address_and_the_product_first(full_name, words):
    assert set(words_about("Bob@Example.test", full_name)) == words


@pytest.mark.parametrize(
    ("email", "full_name", "password"),
    [
        ("maximilian.mustermann@a.test", None, "maximilianmustermann"),
        ("maximilian.mustermann@a.test", None, "mustermannmaximilian"),
        ("maximilian+mustermann@a.test", None, "Mustermann_Maximilian"),
        ("jane.q.rosenkrantz@a.test", None, "RosenkrantzJane"),
        ("jane@northwind-traders.test", None, "northwindtraders"),
        ("x7f.kq2.vw9@a.test", None, "x7fkq2-vw9"),
        ("kim.li@mail.kq2.vw9.test", None, "kimli@mailkq2vw9test"),
        ("jane@a.test", "Anne-Marie O'Neil", "annemarieoneil"),
        ("jane@a.test", "Kim Li Wu Xi", "kimliwuxi"),
    ],
)
def test_the_parts_of_an_address_or_a_name_are_no_password_however_they_are_put_together(
    email, full_name, password
):
    """Threat 119."""
    assert len(without_words(password, words_about(email, full_name))) < len("12345678") - 1


def test_a_password_that_is_all_separators_is_read_in_a_moment():
    words = words_about(".".join("abcdefgh" * 8) + "@" + "a-b." * 40 + "test", "Kim " * 60)

    before = thread_time()
    without_words("a-" * 64, words)

    assert thread_time() - before < 0.5


@pytest.mark.parametrize(
    ("wrong", "seconds"),
    [(0, 0), (1, 0), (4, 0), (5, 1), (6, 2), (7, 4), (8, 8), (9, 16), (10, 32), (11, 60), (99, 60)],
)
def test_the_wait_doubles_from_the_fifth_wrong_password_on(wrong, seconds):
    assert wait_after(wrong) == seconds


@pytest.mark.parametrize(("tries", "locked"), [(1, False), (10, False), (11, True), (1000, True)])
def test_the_lock_falls_after_the_tenth_wrong_password(tries, locked):
    assert is_locked(tries) is locked
