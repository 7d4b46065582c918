"""What others write to Redis is nobody's entry and nobody's answer, with a real Redis."""

from collections.abc import Callable
from datetime import timedelta
from itertools import permutations
from uuid import uuid4

import pytest
import time_machine

from gatehouse.core.cache import VERSION_LENGTH, OwnedCache
from gatehouse.core.redis_link import RedisLink

pytestmark = pytest.mark.integration

LIFE = 60.0
SECRET = "a secret of this house"
Intruder = Callable[..., bytes]


@pytest.fixture
def link(shared_servers, worker) -> RedisLink:
    return RedisLink(shared_servers.redis.url(50 + worker))


@pytest.fixture
def cache(link, engine) -> OwnedCache:
    return OwnedCache(link, engine, SECRET)


@pytest.fixture
def place(link) -> str:
    """What all keys begin with."""
    return f"gatehouse:{link.run_id()}:1:"


@pytest.fixture
def owners(cache) -> tuple[tuple[str, str], ...]:
    """Two owners with a key, an entry and a ready answer each: keys and owners."""
    made = tuple((uuid4().hex, str(uuid4())) for _ in range(2))
    for key, owner in made:
        version = cache.begin(owner)
        cache.fill(key, owner, version, b"entry of " + owner.encode(), LIFE)
        cache.fill_answer("me", owner, version, b"answer of " + owner.encode(), LIFE)
        cache.fill_answer("rights", owner, version, b"rights of " + owner.encode(), LIFE)
    return made


def test_who_writes_entries_without_our_key_is_nobody(cache, link, place):
    """Threat 242."""
    key, owner, version = uuid4().hex, str(uuid4()), "f" * VERSION_LENGTH
    link.call("SET", f"{place}v:{owner}", version)

    for tail in (b"", b"payload", b"9" * 13 + b"\0" * 16 + b"payload", b"\xff" * 200):
        link.call("SET", f"{place}e:{key}", owner.encode() + version.encode() + tail)
        assert cache.look(key, answer="me") is None


def test_an_entry_under_the_key_of_another_house_is_nobodys(cache, link, engine, owners):
    key, _ = owners[0]

    assert OwnedCache(link, engine, SECRET + "!").look(key, answer="me") is None
    assert cache.look(key, answer="me").answer is not None


def test_an_entry_counts_under_its_own_key_alone(cache, link, place, owners):
    """Else whoever has a token had everybody's: entries could be copied."""
    for (key, _), (other, owner) in permutations(owners):
        link.call("SET", f"{place}e:{key}:kept", link.call("GET", f"{place}e:{key}"))
        link.call("SET", f"{place}e:{key}", link.call("GET", f"{place}e:{other}"))
        assert cache.look(key) is None
        link.call("SET", f"{place}e:{key}", link.call("GET", f"{place}e:{key}:kept"))
        assert cache.look(other).payload == b"entry of " + owner.encode()


def test_no_byte_of_an_entry_can_be_changed(cache, link, place, owners):
    key, owner = owners[0]
    entry = link.call("GET", f"{place}e:{key}")

    for index in range(len(entry)):
        changed = bytearray(entry)
        changed[index] ^= 1
        link.call("SET", f"{place}e:{key}", bytes(changed))
        # Owner and version are looked up, too: let there be what the entry says.
        for one in (changed[:36], entry[:36]):
            link.call("SET", b"%sv:%s" % (place.encode(), one), bytes(changed[36:52]))
        assert cache.look(key) is None, index

    link.call("SET", f"{place}e:{key}", entry)
    link.call("SET", f"{place}v:{owner}", entry[36:52])
    assert cache.look(key) is not None


def test_an_answer_is_its_owners_and_of_its_name(cache, link, place, owners):
    (key, owner), (_, other) = owners
    version = cache.look(key).version
    foreign = link.call("GET", f"{place}a:me:{other}")
    for put in (
        link.call("GET", f"{place}a:rights:{owner}"),
        foreign,
        version.encode() + foreign[VERSION_LENGTH:],
        version.encode() + b'{"is_operator":true}',
        version.encode(),
    ):
        link.call("SET", f"{place}a:me:{owner}", put)

        found = cache.look(key, answer="me")

        assert (found.payload, found.answer) == (b"entry of " + owner.encode(), None)
    assert cache.look(key, answer="rights").answer == b"rights of " + owner.encode()


def test_what_is_put_back_later_revives_nothing(cache, link, place, owners):
    """A copy of what Redis held before a revocation is worth no more than it was then."""
    key, owner = owners[0]
    names = [f"{place}{name}" for name in (f"v:{owner}", f"e:{key}", f"a:me:{owner}")]
    kept = [(name, link.call("GET", name)) for name in names]
    cache.forget([owner])
    for name, value in kept:
        link.call("SET", name, value)

    with time_machine.travel(timedelta(seconds=LIFE + 1), tick=False):
        assert cache.look(key, answer="me") is None
        cache.fill(key, owner, kept[0][1].decode(), b"anew", LIFE)
        found = cache.look(key, answer="me")
        assert (found.payload, found.answer) == (b"anew", None)


@pytest.mark.parametrize(
    "version", [b"", b"f" * 15, b"f" * 17, b"f" * 60, b"\xff" * 16, b"f\n" * 8]
)
def test_nothing_is_filled_under_a_version_that_is_none_of_ours(cache, link, place, version):
    """What we sign has the parts that we mean, wherever others would like them to end."""
    owner = str(uuid4())
    link.call("SET", f"{place}v:{owner}", version)

    assert cache.begin(owner) is None
