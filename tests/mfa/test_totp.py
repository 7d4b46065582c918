"""An authenticator app: set up, used to sign in, and removed."""

from concurrent.futures import ThreadPoolExecutor

from gatehouse.accounts.models import AccountStatus
from tests.audit.record import entry_of
from tests.conftest import client_of
from tests.factories import PASSWORD
from tests.mfa.owners import ENROL, FACTOR, LOGIN, STATUS, Owner

NEW = "eleven quiet lanterns"


def test_an_app_counts_once_it_is_confirmed(owner: Owner):
    begun = owner.http.post(ENROL, headers=owner.headers)
    assert begun.status_code == 201
    assert begun.json["data"]["qr_code"].startswith("data:image/svg+xml;base64,")
    assert len(set(begun.json["data"]["backup_codes"])) == 10
    assert "token" in owner.begin()

    owner.enrol()

    waits = owner.begin()
    assert waits["requires_totp"] is True
    assert waits["mfa_methods"] == ["totp", "recovery_code"]
    assert "token" not in waits
    told = owner.http.get(STATUS, headers=owner.headers).json["data"]
    assert (told["totp_enabled"], told["backup_codes_remaining"]) == (True, 10)


def test_a_code_of_the_app_opens_the_session(owner: Owner):
    owner.enrol()

    reply = owner.answer(owner.begin()["mfa_token"], owner.app.now())

    assert reply.status_code == 200, reply.text
    bearer = {"Authorization": f"Bearer {reply.json['data']['token']}"}
    (session,) = [
        each
        for each in owner.http.get("/api/v1/auth/sessions", headers=bearer).json["data"]["sessions"]
        if each["is_current"]
    ]
    assert session["amr"] == ["pwd", "otp"]


def test_a_code_is_good_once(owner: Owner, address: str):
    """Threat 125: two sign-ins at once, and one after the other."""
    owner.enrol()
    code, tokens = owner.app.now(), [owner.begin()["mfa_token"] for _ in range(8)]

    def answer(token: object) -> int:
        http = client_of(owner.http.application, address)
        return http.post(FACTOR, json={"mfa_token": token, "code": code}).status_code

    with ThreadPoolExecutor(8) as pool:
        found = sorted(pool.map(answer, tokens))

    assert found[0] == 200
    assert set(found[1:]) <= {401, 429}


def test_a_recovery_code_is_good_once(owner: Owner):
    """Threat 131."""
    codes = owner.enrol()["backup_codes"]
    first = owner.answer(owner.begin()["mfa_token"], str(codes[0]).lower(), is_backup_code=True)
    again = owner.answer(owner.begin()["mfa_token"], codes[0], is_backup_code=True)

    assert (first.status_code, again.status_code) == (200, 401)
    told = owner.http.get(STATUS, headers=owner.headers).json["data"]
    assert told["backup_codes_remaining"] == 9


def test_no_step_of_a_sign_in_is_skipped(owner: Owner):
    """Threats 80 and 128: what waits is no session, and nobody else's factor goes on with it."""
    owner.enrol()
    other = Owner(owner.http, owner.make, owner.runtime)
    other.enrol()
    token = owner.begin()["mfa_token"]

    waits = {"Authorization": f"Bearer {token}"}
    assert owner.http.get("/api/v1/auth/me", headers=waits).status_code == 401
    for wrong in ("", "gpl_x", owner.headers["Authorization"].removeprefix("Bearer "), None):
        assert owner.answer(wrong, owner.app.now()).status_code in (400, 401)
    assert owner.http.post(FACTOR, json={"mfa_token": token}).status_code == 400
    assert owner.http.post(FACTOR, json={}).status_code == 400
    assert owner.answer(token, other.app.now()).status_code == 401
    assert owner.answer(token, owner.app.now()).status_code == 200


def test_a_sign_in_that_waits_takes_five_codes_and_no_more(owner: Owner):
    owner.enrol()
    token = owner.begin()["mfa_token"]

    wrong = [owner.answer(token, "000000").status_code for _ in range(4)]
    assert wrong == [401] * 4
    assert owner.answer(token, "000000").status_code in (401, 429)

    assert owner.answer(token, owner.app.now()).status_code == 401


def test_a_sign_in_that_waits_goes_on_once(owner: Owner):
    codes = owner.enrol()["backup_codes"]
    token = owner.begin()["mfa_token"]

    assert owner.answer(token, codes[0], is_backup_code=True).status_code == 200
    assert owner.answer(token, codes[1], is_backup_code=True).status_code == 401


def test_no_password_removes_a_factor(owner: Owner):
    """Threat 130: what an old session has proved does not suffice either."""
    owner.enrol()
    old = owner.make.bearer(owner.user)
    remove = "/api/v1/auth/totp/disable"

    refused = owner.http.delete(remove, headers=old)
    assert (refused.status_code, refused.json["error"]["type"]) == (403, "STEP_UP_REQUIRED")
    assert refused.json["error"]["details"] == {"acr_values": "mfa", "max_age": 600}

    confirm = {"code": owner.app.now()}
    raised = owner.http.post("/api/v1/auth/reauthenticate", json=confirm, headers=old).json["data"]
    assert (raised["amr"], raised["acr"]) == (["pwd", "otp"], "mfa")
    assert owner.http.delete(remove, headers=old).status_code == 200
    assert "token" in owner.begin()
    again = owner.http.delete(remove, headers=old)
    assert again.status_code == 404


def test_new_codes_void_those_before(owner: Owner):
    """Threat 131: and those of an app that was removed."""
    before = owner.enrol()["backup_codes"]
    renew = "/api/v1/auth/totp/regenerate-backup-codes"

    after = owner.http.post(renew, headers=owner.headers).json["data"]["backup_codes"]

    assert len(set(before) | set(after)) == 20
    waits = owner.begin()["mfa_token"]
    assert owner.answer(waits, before[0], is_backup_code=True).status_code == 401
    assert owner.answer(waits, after[0], is_backup_code=True).status_code == 200


def test_who_has_lost_all_is_let_in_from_the_host(owner: Owner):
    """Nobody is locked out for good; and no session outlives the reset."""
    owner.enrol()
    runner = owner.http.application.test_cli_runner()

    told = runner.invoke(args=["reset-factors", owner.user.email])

    assert told.exit_code == 0, told.output
    assert "has no second factor any more" in told.output
    assert owner.http.get(STATUS, headers=owner.headers).status_code == 401
    assert "token" in owner.begin()
    again = runner.invoke(args=["reset-factors", owner.user.email])
    assert "has no second factor." in again.output
    assert runner.invoke(args=["reset-factors", "nobody@example.com"]).exit_code == 1


def test_a_new_password_removes_no_factor_and_ends_what_waits(owner: Owner):
    """Threat 103."""
    codes = owner.enrol()["backup_codes"]
    waits = owner.begin()["mfa_token"]
    change = {"current_password": PASSWORD, "new_password": NEW, "new_password_confirm": NEW}
    changed = owner.http.post("/api/v1/users/me/password", json=change, headers=owner.headers)
    assert changed.status_code == 200, changed.text

    late = owner.answer(waits, codes[0], is_backup_code=True)
    assert (late.status_code, late.json["error"]["type"]) == (401, "AUTHENTICATION_ERROR")
    assert entry_of(owner.http, late).details["reason"] == "password_was_changed"
    reply = owner.http.post(LOGIN, json={"email": owner.user.email, "password": NEW})
    assert reply.json["data"]["requires_totp"] is True


def test_who_knows_an_old_password_hears_nothing_of_the_account(owner: Owner):
    """Threats 103, 112: not even with a right code, in a sign-in that waited."""
    owner.enrol()
    waits = owner.begin()["mfa_token"]
    change = {"current_password": PASSWORD, "new_password": NEW, "new_password_confirm": NEW}
    changed = owner.http.post("/api/v1/users/me/password", json=change, headers=owner.headers)
    assert changed.status_code == 200, changed.text
    owner.make.change(owner.user, status=AccountStatus.SUSPENDED)

    late = owner.answer(waits, owner.app.now())

    assert (late.status_code, late.json["error"]["type"]) == (401, "AUTHENTICATION_ERROR")
    assert entry_of(owner.http, late).details["reason"] == "password_was_changed"
