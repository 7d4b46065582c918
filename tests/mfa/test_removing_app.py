"""Removing the app and making codes anew, with a proof that comes along."""

from datetime import timedelta

import pytest

from tests.factories import PASSWORD
from tests.mfa.owners import STATUS, Owner

DISABLE, RENEW = "/api/v1/auth/totp/disable", "/api/v1/auth/totp/regenerate-backup-codes"
DOORS = [("DELETE", DISABLE), ("POST", DISABLE), ("POST", RENEW)]


@pytest.fixture
def old(owner: Owner) -> dict[str, str]:
    """A session that has proved nothing lately."""
    owner.codes = owner.enrol()["backup_codes"]
    return owner.make.bearer(owner.user, signed_in_ago=timedelta(hours=1))


def told(reply) -> tuple[int, str]:
    return reply.status_code, reply.json.get("error", {}).get("type", "")


@pytest.mark.parametrize(("method", "path"), DOORS)
def test_a_code_that_comes_along_is_proof_enough(
    owner: Owner, old: dict[str, str], method: str, path: str
):
    """Threat 130: of the app, or one to recover with; each once."""
    recovery = {"code": owner.codes[0], "is_backup_code": True}

    assert told(owner.http.open(path, method=method, json={}, headers=old)) == (
        403,
        "REAUTHENTICATION_REQUIRED",
    )
    wrong = owner.http.open(path, method=method, json={"code": "000000"}, headers=old)
    assert told(wrong) == (401, "AUTHENTICATION_ERROR")
    if path == RENEW:
        body = {"code": owner.app.now()}
        done = owner.http.open(path, method=method, json=body, headers=old)
        assert done.status_code == 200, done.text
        assert len(done.json["data"]["backup_codes"]) == 10
        again = owner.http.open(path, method=method, json=recovery, headers=old)
        assert told(again) == (401, "AUTHENTICATION_ERROR")
        return
    assert owner.http.open(path, method=method, json=recovery, headers=old).status_code == 200
    status = owner.http.get(STATUS, headers=old).json["data"]
    assert (status["totp_enabled"], status["backup_codes_remaining"]) == (False, 0)


@pytest.mark.parametrize(("method", "path"), DOORS)
def test_a_password_does_beside_a_fresh_factor_alone(
    owner: Owner, old: dict[str, str], method: str, path: str
):
    """Threat 130, ruling 17."""
    right, wrong = {"password": PASSWORD}, {"password": "wrong horse"}

    assert told(owner.http.open(path, method=method, json=wrong, headers=old))[0] == 401
    refused = owner.http.open(path, method=method, json=right, headers=old)
    assert told(refused) == (403, "STEP_UP_REQUIRED")
    both = {**right, "code": owner.app.now()}
    assert told(owner.http.open(path, method=method, json=both, headers=old))[0] == 400
    fresh = owner.http.open(path, method=method, json=right, headers=owner.headers)
    assert fresh.status_code == 200, fresh.text
