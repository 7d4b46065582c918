"""Redis is killed, emptied, restarted or silent: slower, and never more open (threat 242)."""

from time import monotonic

import pytest

from tests.authenticators import Authenticator
from tests.conftest import client_of
from tests.factories import PASSWORD
from tests.faults.house import House
from tests.mfa.owners import USE, KeyOwner
from tests.servers import RedisServer

pytestmark = [pytest.mark.integration, pytest.mark.slow]

ME = "/api/v1/auth/me"
LOGIN = "/api/v1/auth/login"


@pytest.fixture
def redis(tmp_path):
    with RedisServer(tmp_path / "redis", appendonly=True) as redis:
        yield redis


@pytest.fixture
def house(tmp_path, redis):
    house = House(
        tmp_path,
        {"DATABASE_URL": f"sqlite:///{tmp_path / 'gatehouse.db'}", "REDIS_URL": redis.url()},
    )
    yield house
    house.runtime.engine.dispose()


def silence(redis: RedisServer) -> None:
    from gatehouse.core.redis_link import RedisLink  # noqa: PLC0415 - only here

    RedisLink(redis.url()).call("CLIENT", "PAUSE", 60_000, "ALL")


def restart_empty(redis: RedisServer) -> None:
    redis.kill()
    for file in redis.directory.glob("appendonly*"):
        file.unlink()
    redis.start()


FAULTS = {
    "killed": lambda redis: redis.kill(),
    "restarted": lambda redis: redis.restart(),
    "emptied": restart_empty,
    "silent": silence,
}


@pytest.mark.parametrize("fault", FAULTS)
def test_sessions_and_sign_in_whatever_befalls_redis(house, redis, fault):
    user = house.make.user()
    living, ended = house.make.session(user.id), house.make.session(user.id)
    sent = {"email": user.email, "password": PASSWORD}
    with house.server() as server:
        assert all(server.call("GET", ME, token=token).status == 200 for token in (living, ended))
        assert server.call("POST", "/api/v1/auth/logout", {}, token=ended).status == 200

        FAULTS[fault](redis)

        for _ in range(6):
            started = monotonic()
            assert server.call("GET", ME, token=ended).status == 401
            assert server.call("GET", ME, token=living).status == 200
            assert monotonic() - started < 2.5  # at most a time-out of a second for each
        started = monotonic()
        assert server.call("POST", LOGIN, sent).status == 200
        assert monotonic() - started < 3
        assert server.call("POST", "/api/v1/auth/logout", {}, token=living).status == 200
        assert all(server.call("GET", ME, token=living).status == 401 for _ in range(4))


@pytest.mark.parametrize("fault", FAULTS)
def test_a_passkey_answers_once_whatever_befalls_redis(house, redis, fault):
    """Threats 136 and 242: it counts nothing, so nothing but the challenge tells one answer from
    the other.
    """
    holder = KeyOwner(client_of(house.app), house.make, house.runtime)
    holder.key = Authenticator(synced=True, counts=False)
    holder.register()
    with house.server() as server:
        holder.key.origin = f"http://localhost:{server.port}"
        before, after = (holder.key.use(holder.asked()) for _ in range(2))
        assert server.call("POST", USE, before).status == 200

        FAULTS[fault](redis)

        replies = server.at_once([("POST", USE, after)] * 8)
        assert sorted(reply.status for reply in replies) == [200, *[401] * 7]
        assert server.call("POST", USE, before).status == 401
        assert server.call("POST", USE, after).status == 401
