"""A factor that an organization demands cannot be removed (threat 130)."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient

from gatehouse.core.runtime import Runtime
from gatehouse.policies.rules import Mode
from tests.accounts.together import at_once
from tests.conftest import client_of
from tests.factories import Factory
from tests.mfa.owners import PASSKEYS, KeyOwner
from tests.policies.demands import Demanding, told

Demand = Callable[..., Demanding]
APP = "/api/v1/auth/totp/disable"
NEEDED = (409, "CONFLICT")


@pytest.fixture
def holder(client: FlaskClient, make: Factory, runtime: Runtime) -> KeyOwner:
    return KeyOwner(client, make, runtime)


def removed(holder: KeyOwner, path: str) -> Any:
    return holder.http.delete(path, headers=holder.headers)


def key_path(holder: KeyOwner) -> str:
    return f"{PASSKEYS}/{holder.register()['credential']['id']}"


def test_the_app_stays_and_the_organizations_are_named(holder: KeyOwner, demanding: Demand):
    holder.enrol()
    place, other = demanding(Mode.REQUIRE_EITHER), demanding(Mode.REQUIRE_WEBAUTHN)
    for each in (place, other):
        each.join(user=holder.user)

    refused = removed(holder, APP)

    assert told(refused) == NEEDED
    # The other one misses a passkey now, and would miss no more.
    assert refused.json["error"]["details"] == {"organizations": [place.org.name]}
    holder.register()
    assert removed(holder, APP).status_code == 200, "a passkey does as well"


def test_the_last_passkey_stays_and_another_may_go(holder: KeyOwner, demanding: Demand):
    first = key_path(holder)
    place = demanding(Mode.REQUIRE_WEBAUTHN)
    place.join(user=holder.user)

    refused = removed(holder, first)

    assert told(refused) == NEEDED
    assert refused.json["error"]["details"] == {"organizations": [place.org.name]}
    second = key_path(holder)
    assert removed(holder, first).status_code == 200
    assert told(removed(holder, second)) == NEEDED
    assert holder.http.get(place.path(), headers=holder.headers).status_code == 200


def test_a_key_of_another_model_holds_no_factor_back(holder: KeyOwner, demanding: Demand):
    holder.enrol()
    place = demanding(Mode.REQUIRE_EITHER, allowed_aaguids=[str(uuid4())])
    place.join(user=holder.user)
    key = key_path(holder)

    assert told(removed(holder, APP)) == NEEDED, "that key does not count there"
    assert removed(holder, key).status_code == 200


def test_of_two_factors_that_go_at_once_one_stays(
    holder: KeyOwner, demanding: Demand, address: str
):
    """Threat 175: neither counts on the other."""
    holder.enrol()
    place = demanding(Mode.REQUIRE_EITHER)
    place.join(user=holder.user)
    app, paths = holder.http.application, (APP, key_path(holder))

    def remove(path: str) -> int:
        return client_of(app, address).delete(path, headers=holder.headers).status_code

    found = at_once(*[lambda path=path: remove(path) for path in paths])

    assert sorted(found) == [200, 409]


def test_who_is_free_may_remove_all(holder: KeyOwner, demanding: Demand):
    place = demanding()
    place.join(user=holder.user)
    place.override(holder.user.id, override="exempt")
    holder.enrol()

    assert removed(holder, APP).status_code == 200


def test_right_codes_lock_nobody_out_where_the_act_is_refused(holder: KeyOwner, demanding: Demand):
    """Threat 116: they are no guesses, whatever became of them."""
    holder.enrol()
    demanding(Mode.REQUIRE_TOTP).join(user=holder.user)
    sent = {"json": {"code": holder.app.now()}, "headers": holder.headers}

    refused = [told(holder.http.delete(APP, **sent)) for _ in range(11)]

    assert refused == [NEEDED] * 11
