"""Addresses: many ways to write one, and look-alikes that must not become two (threat 122)."""

from uuid import uuid4

import pytest

from tests.factories import PASSWORD

REGISTER = "/api/v1/auth/register"
LOGIN = "/api/v1/auth/login"
BUECHER = "b\N{LATIN SMALL LETTER U WITH DIAERESIS}cher"
BUECHER_APART = "bu\N{COMBINING DIAERESIS}cher"


def register(client, email):
    sent = {"email": email, "password": PASSWORD, "password_confirm": PASSWORD}
    return client.post(REGISTER, json=sent)


@pytest.mark.parametrize(
    ("first", "again"),
    [
        ("bob.{}@example.test", "Bob.{}@Example.TEST"),
        ("bob.{}@example.test", " \tbob.{}@example.test \n"),
        ("kim.{}@example.test", "\N{KELVIN SIGN}im.{}@example.test"),
        ("bob.{}@" + BUECHER + ".test", "bob.{}@" + BUECHER_APART + ".test"),
        ("bob.{}@" + BUECHER + ".test", "bob.{}@xn--bcher-kva.test"),
        ("bob.{}@" + BUECHER + ".test", "BOB.{}@" + BUECHER.upper() + ".test"),
        ("bob.{}@example.test", "bob.{}@\N{FULLWIDTH LATIN SMALL LETTER E}xample.test"),
        ("bob.{}@example.test", "bob.{}@example\N{IDEOGRAPHIC FULL STOP}test"),
    ],
)
def test_one_address_in_two_spellings_is_one_account(caller, first, again):
    word = uuid4().hex[:10]
    client = caller()
    user = register(client, first.format(word)).json["data"]["user"]

    second = register(client, again.format(word))
    signed_in = client.post(LOGIN, json={"email": again.format(word), "password": PASSWORD})

    assert second.status_code == 409
    assert signed_in.json["data"]["user"]["id"] == user["id"]


def test_the_address_is_shown_as_it_was_written(caller):
    email = f"Bob.{uuid4().hex[:10]}@example.test"

    reply = register(caller(), email)

    assert reply.json["data"]["user"]["email"] == email


@pytest.mark.parametrize(
    "look_alike",
    [
        "b\N{CYRILLIC SMALL LETTER O}b@example.test",
        "b\N{LATIN SMALL LETTER DOTLESS I}b@example.test",
        "b\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}b@example.test",
        "\N{FULLWIDTH LATIN SMALL LETTER B}ob@example.test",
        "bo\N{COMBINING DIAERESIS}b@example.test",
        "b\N{LATIN SMALL LETTER O WITH DIAERESIS}b@example.test",
        "bo\N{ZERO WIDTH JOINER}b@example.test",
        "bo\N{SOFT HYPHEN}b@example.test",
        "bob@exa\N{ZERO WIDTH JOINER}mple.test",
        "bob@exam\N{SOFT HYPHEN}ple.test",
        "\N{RIGHT-TO-LEFT OVERRIDE}bob@example.test",
        "a@b@example.test",
        "bob\N{FULLWIDTH COMMERCIAL AT}evil.test@example.test",
        '"bob"@example.test',
        '"a b"@example.test',
        "Bob <bob@example.test>",
        "bob@example.test,eve@example.test",
        "bob@example.test;eve@example.test",
        "bob@example.test\r\nBcc: eve@example.test",
        "bo\0b@example.test",
        "bob@[127.0.0.1]",
        "bob@example.test.",
        "bob@example..test",
        ".bob@example.test",
        "bob@-example.test",
        "mailto:bob@example.test@",
    ],
)
def test_a_look_alike_or_a_broken_address_is_refused(caller, look_alike):
    reply = register(caller(), look_alike)

    assert reply.status_code == 400
    assert set(reply.json["error"]["details"]) == {"email"}


@pytest.mark.parametrize(
    "domain",
    ["example.test", "corp.local", "corp.internal", "localhost", "example.invalid", "x.onion"],
)
def test_private_domains_are_as_good_as_any(caller, domain):
    """Ruling 8: a house without a public name registers its people too."""
    email = f"bob.{uuid4().hex[:10]}@{domain}"

    assert register(caller(), email).status_code == 201

    signed_in = caller().post(LOGIN, json={"email": email, "password": PASSWORD})
    assert signed_in.status_code == 200


def test_a_tag_and_a_dot_make_another_account(caller):
    word = uuid4().hex[:10]
    emails = [f"bob.{word}@a.test", f"bob.{word}+tag@a.test", f"bo.b.{word}@a.test"]

    replies = [register(caller(), email) for email in emails]

    assert len({reply.json["data"]["user"]["id"] for reply in replies}) == 3
