"""How private keys of authorities lie in the database, and under which key: threat 227."""

from collections.abc import Callable
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

from gatehouse.core.openssh.signatures import public_blob
from gatehouse.ops.service import migrate
from gatehouse.ssh_ca.errors import SignerUnavailable
from gatehouse.ssh_ca.models import AuthorityKey
from gatehouse.ssh_ca.service import open_key
from tests.factories import Factory
from tests.ssh_ca.places import Place

FIRST, SECOND = "As0Gd5Jh1Fc6Yn3Br8Zw4Lp7Tm2Qv9Xk", "aZ9xK3vB7nQ1mW5tY8rE2uI6oP4sD0fG"


@pytest.fixture
def app_with(app_on: Callable[..., Flask], empty_database: str) -> Callable[[str], Flask]:
    """Make apps on one database, with these keys."""

    def make(keys: str) -> Flask:
        app = app_on(empty_database, CA_ENCRYPTION_KEY=keys)
        with app.app_context():
            migrate(app.extensions["gatehouse"], app.extensions["migrate"])
        return app

    return make


def place_in(app: Flask) -> Place:
    return Place(app.test_client(), Factory(app.extensions["gatehouse"]))


def key_of(runtime, ca) -> AuthorityKey:
    with runtime.reading() as db:
        return db.scalars(
            select(AuthorityKey).where(AuthorityKey.authority_id == UUID(ca["id"]))
        ).one()


def test_a_key_opens_where_it_belongs_and_nowhere_else(place: Place, elsewhere: Place, runtime):
    made, other = place.created(), elsewhere.created()
    mine, theirs = key_of(runtime, made), key_of(runtime, other)

    assert public_blob(open_key(runtime, mine, place.org.id)) == mine.blob

    with pytest.raises(SignerUnavailable):
        open_key(runtime, mine, elsewhere.org.id)
    theirs.private_sealed, theirs.key_sealed = mine.private_sealed, mine.key_sealed
    with pytest.raises(SignerUnavailable):
        open_key(runtime, theirs, elsewhere.org.id)


def test_what_was_changed_does_not_open(place: Place, runtime):
    key = key_of(runtime, place.created())
    changed = bytearray(key.private_sealed)
    changed[-1] ^= 1
    key.private_sealed = bytes(changed)

    with pytest.raises(SignerUnavailable):
        open_key(runtime, key, place.org.id)


def test_keys_are_sealed_anew_under_another_key(app_with):
    old = app_with(FIRST)
    place = place_in(old)
    made = place.created()
    before = key_of(old.extensions["gatehouse"], made)
    both = app_with(f"{SECOND},{FIRST}")

    told = both.test_cli_runner().invoke(args=["ca", "rewrap"])

    assert (told.exit_code, told.output) == (0, "2 keys sealed anew.\n")
    runtime = app_with(SECOND).extensions["gatehouse"]
    after = key_of(runtime, made)
    assert after.private_sealed == before.private_sealed
    assert after.key_sealed != before.key_sealed
    assert public_blob(open_key(runtime, after, place.org.id)) == after.blob
    with pytest.raises(SignerUnavailable):
        open_key(old.extensions["gatehouse"], after, place.org.id)
    again = both.test_cli_runner().invoke(args=["ca", "rewrap"])
    assert again.output.startswith("0 ")


def test_without_the_key_that_sealed_them_nothing_is_changed(app_with):
    old = app_with(FIRST)
    made = place_in(old).created()
    before = key_of(old.extensions["gatehouse"], made)

    told = app_with(SECOND).test_cli_runner().invoke(args=["ca", "rewrap"])

    assert told.exit_code == 1
    assert "CA_ENCRYPTION_KEY" in told.output
    assert key_of(old.extensions["gatehouse"], made).key_sealed == before.key_sealed
