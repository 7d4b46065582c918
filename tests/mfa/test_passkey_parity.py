"""Nobody learns from passkeys which addresses have an account, or a passkey (threat 135)."""

from typing import Any
from uuid import uuid4

import pytest
from flask import Flask

from gatehouse.accounts.models import AccountStatus
from gatehouse.core.base64url import decode, encode
from gatehouse.mfa.rules.options import decoys
from tests.authenticators import forged
from tests.conftest import client_of
from tests.login.test_parity import assert_alike, times
from tests.mfa.owners import BEGIN, USE, KeyOwner

OWN = ("X-Request-ID", "Date")
KINDS = ("nobody", "without", "with", "suspended")


@pytest.fixture
def addresses(somebody: KeyOwner, other: KeyOwner) -> dict[str, str]:
    """Of nobody, of accounts without a passkey and with one, and of one that is suspended."""
    other.make.change(other.user, status=AccountStatus.SUSPENDED)
    return {
        "nobody": f"user-{uuid4().hex[:12]}@example.test",
        "without": somebody.make.user().email,
        "with": somebody.user.email,
        "suspended": other.user.email,
    }


def headers_of(reply: Any) -> dict[str, str]:
    return {name: said for name, said in reply.headers.items() if name not in OWN}


def offered(app: Flask, email: str) -> Any:
    reply = client_of(app).post(BEGIN, json={"email": email})
    assert reply.status_code == 200, reply.text
    return reply


def test_begin_answers_every_address_alike(unlimited: Flask, addresses: dict[str, str]):
    """Threat 135."""
    replies = {kind: offered(unlimited, addresses[kind]) for kind in KINDS}

    heads = [headers_of(reply) for reply in replies.values()]
    for head in heads:
        head.pop("Content-Length")  # Names of passkeys are of several lengths.
    assert heads == [heads[0]] * len(KINDS)
    shapes = {kind: _shape(reply.json) for kind, reply in replies.items()}
    assert set(shapes.values()) == {shapes["with"]}


def _shape(options: dict[str, Any]) -> tuple[Any, ...]:
    only, *others = options["allowCredentials"]
    assert len(others) < 2
    for one in (only, *others):
        assert 16 <= len(decode(one["id"])) <= 48
        assert one["transports"]
        assert one.keys() == only.keys()
    rest = {name: said for name, said in options.items() if not isinstance(said, list)}
    length = len(rest.pop("challenge"))
    return tuple(options), tuple(only), only["type"], length, tuple(rest.items())


def test_what_is_offered_stays_the_same(unlimited, make_app, addresses: dict[str, str]):
    """Threat 135: over calls, restarts, and spellings of the address."""
    restarted = make_app(RATELIMIT_ENABLED="false")
    for kind in KINDS:
        email = addresses[kind]
        first = offered(unlimited, email).json["allowCredentials"]
        for said in (email, email.upper(), f"  {email}\t", email.replace("user", "User")):
            assert offered(unlimited, said).json["allowCredentials"] == first, kind
        assert offered(restarted, email).json["allowCredentials"] == first, kind


def test_other_installations_and_addresses_are_offered_others(
    unlimited, make_app, addresses: dict[str, str]
):
    """Threat 135: a decoy is nothing that somebody could make who knows the code alone."""
    elsewhere = make_app(RATELIMIT_ENABLED="false", SECRET_KEY="another key of the service" * 2)
    email = addresses["nobody"]
    found = [
        offered(app, said).json["allowCredentials"][0]["id"]
        for app, said in ((unlimited, email), (elsewhere, email), (unlimited, f"x{email}"))
    ]
    assert len(set(found)) == 3


def answers(somebody: KeyOwner, addresses: dict[str, str]) -> dict[str, Any]:
    """What is refused by its credential or by its signature alone."""
    asked = {kind: somebody.asked(email=addresses[kind]) for kind in KINDS}
    names = {kind: asked[kind]["allowCredentials"][0]["id"] for kind in KINDS}
    offers = {
        f"{kind}, as was offered": _named(forged(somebody.key.use(asked[kind])), names[kind])
        for kind in KINDS
    }
    unknown = encode(bytes(range(32)))
    return offers | {
        "unknown": _named(somebody.key.use(somebody.asked(email=addresses["with"])), unknown),
        "unknown, of anybody": _named(somebody.key.use(somebody.asked()), unknown),
        "known, of anybody": _named(forged(somebody.key.use(somebody.asked())), names["with"]),
        "of somebody else": somebody.key.use(somebody.asked(email=addresses["nobody"])),
    }


def _named(answer: dict[str, Any], name: str) -> dict[str, Any]:
    """The answer under another name."""
    return answer | {"id": name, "rawId": name}


def test_complete_refuses_with_the_same_words(somebody: KeyOwner, addresses: dict[str, str]):
    """Threat 135: a decoy, a passkey with a wrong signature, and one that there is not."""
    found = {name: somebody.use(sent) for name, sent in answers(somebody, addresses).items()}

    bodies = {name: _without_id(reply) for name, reply in found.items()}
    assert bodies == dict.fromkeys(found, bodies["unknown"])
    assert {reply.status_code for reply in found.values()} == {401}
    heads = [headers_of(reply) for reply in found.values()]
    assert heads == [heads[0]] * len(heads)


def _without_id(reply: Any) -> dict[str, Any]:
    return {name: said for name, said in reply.json.items() if name != "request_id"}


@pytest.mark.slow
def test_begin_takes_as_long_for_everybody(unlimited: Flask, addresses: dict[str, str]):
    """Threat 135."""
    kinds = {
        "known": lambda _: {"email": addresses["with"]},
        "unknown": lambda _: {"email": addresses["nobody"]},
    }
    assert_alike(times(unlimited, BEGIN, "10.200.0.1", kinds, {200}))


@pytest.mark.slow
def test_complete_takes_as_long_for_every_passkey(
    unlimited: Flask, somebody: KeyOwner, addresses: dict[str, str]
):
    """Threat 135: that there is, with a wrong signature, and that there is not."""

    def wrong(kind: str) -> Any:
        asked = somebody.asked(email=addresses[kind])
        return _named(forged(somebody.key.use(asked)), asked["allowCredentials"][0]["id"])

    kinds = {"known": lambda _: wrong("with"), "unknown": lambda _: wrong("nobody")}
    assert_alike(times(unlimited, USE, "10.200.0.1", kinds, {401}))


@pytest.mark.unit
def test_one_address_of_four_seems_to_have_two():
    """Threat 135: neither one nor two tell that somebody is there."""
    counts = [len(decoys("key", f"kim{number}@example.test")) for number in range(400)]

    assert set(counts) == {1, 2}
    assert 60 < counts.count(2) < 140
