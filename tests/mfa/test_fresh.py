"""What matters is changed by whoever has used their factor just now (ruling 17)."""

import pytest

from tests.factories import PASSWORD
from tests.mfa.owners import Owner

ME = "/api/v1/users/me"
REAUTHENTICATE = "/api/v1/auth/reauthenticate"
NEW = "eleven quiet lanterns"
AGAIN = {"new_password": NEW, "new_password_confirm": NEW}
ACTS = [
    ("POST", f"{ME}/password", {"current_password": PASSWORD, **AGAIN}),
    ("POST", f"{ME}/email", {"email": "other@example.test", "password": PASSWORD}),
    ("POST", f"{ME}/email", {"email": "other@example.test"}),
    ("DELETE", ME, {"password": PASSWORD}),
    ("DELETE", ME, {}),
]


@pytest.mark.parametrize(("method", "path", "body"), ACTS)
def test_a_password_alone_changes_nothing_of_whoever_has_a_factor(
    owner: Owner, method: str, path: str, body: dict
):
    """Threats 107, 118, 124, 130: also not of a session that has just been opened with it."""
    owner.enrol()
    stolen = owner.make.bearer(owner.user)

    refused = owner.http.open(path, method=method, json=body, headers=stolen)
    again = owner.http.post(REAUTHENTICATE, json={"password": PASSWORD}, headers=stolen)
    still = owner.http.open(path, method=method, json=body, headers=stolen)

    assert again.status_code == 200
    for answer in (refused, still):
        assert (answer.status_code, answer.json["error"]["type"]) == (403, "STEP_UP_REQUIRED")
        assert answer.json["error"]["details"]["max_age"] == 600
    code = {"code": owner.app.now()}
    assert owner.http.post(REAUTHENTICATE, json=code, headers=stolen).status_code == 200
    done = owner.http.open(path, method=method, json=body, headers=stolen)
    assert done.status_code < 300, done.text
