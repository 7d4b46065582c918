"""Asking a real DNS server."""

from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from uuid import uuid4

import pytest

from gatehouse.core.settings import SettingsRefused, read_settings
from gatehouse.domains import adapters
from gatehouse.domains.adapters import DnsResolver
from gatehouse.domains.errors import ResolverAway, ResolverBusy
from tests.dns import dns_server
from tests.processes import wait_until

pytestmark = pytest.mark.integration
NAME = "_gatehouse-challenge.example.test"


@pytest.fixture
def zone():
    with dns_server() as zone:
        yield zone


@pytest.fixture
def resolver(zone):
    return DnsResolver((zone.resolvers,))


@pytest.mark.parametrize(
    "texts", [["one"], ["one", "two words"], ["x" * 1000], ["y" * 200] * 60], ids=len
)
def test_texts_are_read_over_udp_and_tcp(zone, resolver, texts):
    zone.texts[NAME] = texts

    assert sorted(resolver.texts(NAME)) == sorted(set(texts))


def test_bytes_that_are_no_text_are_no_failure(zone, resolver):
    zone.texts[NAME] = ["\\255\\000ok"]

    assert "ok" in resolver.texts(NAME)[0]


def test_a_name_that_is_not_there_has_no_texts(zone, resolver):
    assert resolver.texts(NAME) == []
    zone.texts[NAME] = []
    assert resolver.texts(NAME) == []
    assert zone.asked == [NAME, NAME]


@pytest.mark.parametrize("code", ["SERVFAIL", "REFUSED", "NOTIMP"])
def test_a_server_that_does_not_know_is_an_error_for_now(zone, resolver, code):
    zone.code = code
    with pytest.raises(ResolverAway):
        resolver.texts(NAME)


def test_a_server_that_is_silent_is_given_up_in_time(zone, resolver, monkeypatch):
    monkeypatch.setattr(adapters, "LIFETIME", 1.0)
    zone.silent = True
    started = monotonic()
    with pytest.raises(ResolverAway):
        resolver.texts(NAME)

    assert monotonic() - started < 2


def test_few_requests_wait_for_the_dns_and_one_of_each_account_and_organization(
    zone, resolver, monkeypatch
):
    monkeypatch.setattr(adapters, "LIFETIME", 1.5)
    zone.silent = True
    one, other, third, org = (uuid4() for _ in range(4))
    with ThreadPoolExecutor(2) as threads:
        waiting = [threads.submit(resolver.texts, NAME, (one, org))]
        assert wait_until(lambda: resolver.waiting == {one, org})
        for same in ((one, uuid4()), (uuid4(), org)):
            with pytest.raises(ResolverBusy):
                resolver.texts(NAME, same)
        elsewhere = uuid4()
        waiting.append(threads.submit(resolver.texts, NAME, (other, elsewhere)))
        assert wait_until(lambda: len(resolver.waiting) == 4)
        with pytest.raises(ResolverBusy):
            resolver.texts(NAME, (third, uuid4()))
        with pytest.raises(ResolverAway):  # A job, for which nobody waits, has a place.
            resolver.texts(NAME)

    assert all(isinstance(one.exception(), ResolverAway) for one in waiting)
    zone.silent = False
    assert resolver.texts(NAME, (third, uuid4())) == []
    assert resolver.texts(NAME, (third, uuid4())) == []
    for rests in ((one, uuid4()), (uuid4(), org)):  # Their answer was slow: others go first.
        with pytest.raises(ResolverBusy) as refused:
            resolver.texts(NAME, rests)
        assert 10 <= int(dict(refused.value.headers)["Retry-After"]) <= 30


def test_the_next_server_is_asked(zone):
    zone.texts[NAME] = ["one"]

    assert DnsResolver(("127.0.0.1:1", zone.resolvers)).texts(NAME) == ["one"]


@pytest.mark.parametrize(
    ("text", "is_right"),
    [
        ("192.0.2.53", True),
        ("192.0.2.53:5353, [2001:db8::1]:53,2001:db8::1", True),
        ("dns.example.com", False),
        ("192.0.2.53:0", False),
        ("192.0.2.53:99999", False),
        ("nonsense:53", False),
    ],
)
def test_the_setting_holds_addresses(text, is_right):
    settings = {"FLASK_ENV": "testing", "DNS_RESOLVERS": text}
    if is_right:
        assert len(read_settings(settings).dns_resolvers) == text.count(",") + 1
    else:
        with pytest.raises(SettingsRefused, match="DNS_RESOLVERS"):
            read_settings(settings)
