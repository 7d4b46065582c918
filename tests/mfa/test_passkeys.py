"""Passkeys: registered, used to sign in, named and deleted."""

from gatehouse.accounts.models import AccountStatus
from tests.authenticators import HERE, RS
from tests.factories import PASSWORD
from tests.mfa.owners import LOGIN, MAKE, PASSKEYS, REAUTHENTICATE, REGISTER, STATUS, USE, KeyOwner


def session_of(holder: KeyOwner, reply) -> dict:
    assert reply.status_code == 200, reply.text
    bearer = {"Authorization": f"Bearer {reply.json['data']['token']}"}
    found = holder.http.get("/api/v1/auth/sessions", headers=bearer).json["data"]["sessions"]
    return next(each for each in found if each["is_current"])


def test_what_a_browser_is_given_to_make_one(holder: KeyOwner):
    first = holder.register()["credential"]
    told = holder.options()

    assert told["rp"] == {"id": "localhost", "name": "Gatehouse"}
    assert told["user"]["name"] == holder.user.email
    assert [one["alg"] for one in told["pubKeyCredParams"]] == [-7, -257]
    assert told["attestation"] == "none"
    assert told["authenticatorSelection"] == {
        "residentKey": "preferred",
        "requireResidentKey": False,
        "userVerification": "preferred",
    }
    assert [one["transports"] for one in told["excludeCredentials"]] == [["usb"]]
    assert first["transports"] == ["usb"]


def test_a_passkey_is_kept_with_its_name_and_the_codes_that_come_with_the_first(holder: KeyOwner):
    made = holder.register(name="Blue key")
    again = holder.register()

    assert made["credential"]["name"] == "Blue key"
    assert len(set(made["backup_codes"])) == 10
    assert again["credential"]["name"] == "Security key"
    assert "backup_codes" not in again
    listed = holder.http.get(PASSKEYS, headers=holder.headers).json["data"]
    assert [one["name"] for one in listed["credentials"]] == ["Blue key", "Security key"]
    assert listed["count"] == 2
    status = holder.http.get("/api/v1/auth/webauthn/status", headers=holder.headers)
    assert status.json["data"] == {"webauthn_enabled": True, "credential_count": 2}
    assert "public_key" not in holder.http.get(PASSKEYS, headers=holder.headers).text


def test_a_passkey_that_knows_its_user_is_both_factors(holder: KeyOwner):
    holder.register()

    session = session_of(holder, holder.sign_in())

    assert session["amr"] == ["hwk", "user", "mfa"]
    (listed,) = holder.http.get(PASSKEYS, headers=holder.headers).json["data"]["credentials"]
    assert listed["sign_count"] == 1
    assert listed["last_used_at"]


def test_a_synced_passkey_counts_nothing_and_is_known_as_such(holder: KeyOwner):
    holder.key.synced, holder.key.counts = True, False
    made = holder.register()

    sessions = [session_of(holder, holder.sign_in()) for _ in range(2)]

    assert [one["amr"] for one in sessions] == [["swk", "user", "mfa"]] * 2
    assert (made["credential"]["is_synced"], made["credential"]["is_backed_up"]) == (True, True)


def test_an_rsa_key_is_taken_too(holder: KeyOwner):
    holder.key.algorithm = RS
    holder.register()

    assert session_of(holder, holder.sign_in())["amr"] == ["hwk", "user", "mfa"]


def test_it_signs_in_for_an_address(holder: KeyOwner):
    holder.register()
    options = holder.asked(email=holder.user.email.upper())

    answer = holder.key.use(options)

    assert [one["id"] for one in options["allowCredentials"]] == [answer["id"]]
    assert options["userVerification"] == "preferred"
    assert session_of(holder, holder.use(answer))["amr"] == ["hwk", "user", "mfa"]


def test_after_a_password_a_touch_is_enough(holder: KeyOwner):
    holder.register()
    holder.key.flags = HERE
    waits = holder.begin()
    assert waits["requires_webauthn"] is True
    assert waits["mfa_methods"] == ["webauthn", "recovery_code"]

    options = holder.asked(mfa_token=waits["mfa_token"])
    reply = holder.use(holder.key.use(options), mfa_token=waits["mfa_token"])

    assert session_of(holder, reply)["amr"] == ["pwd", "hwk", "user"]
    again = holder.use(
        holder.key.use(holder.asked(email=holder.user.email)), mfa_token=waits["mfa_token"]
    )
    assert (again.status_code, again.json["error"]["type"]) == (401, "AUTHENTICATION_ERROR")


def test_a_touch_alone_is_not(holder: KeyOwner):
    holder.register()
    holder.key.flags = HERE

    reply = holder.use(holder.key.use(holder.asked()))

    assert reply.status_code == 401
    assert reply.json["error"]["details"] == {"reason": "user_not_verified"}


def test_with_both_factors_either_goes_on(holder: KeyOwner):
    holder.enrol()
    holder.register()

    waits = holder.begin()

    assert waits["mfa_methods"] == ["webauthn", "totp", "recovery_code"]
    assert "requires_totp" not in waits
    assert holder.answer(waits["mfa_token"], holder.app.now()).status_code == 200


def test_recovery_codes_work_without_an_app(holder: KeyOwner):
    code = holder.register()["backup_codes"][0]
    token = holder.begin()["mfa_token"]

    reply = holder.answer(token, code, is_backup_code=True)

    assert session_of(holder, reply)["amr"] == ["pwd", "otp"]
    told = holder.http.get(STATUS, headers=holder.headers).json["data"]
    assert told == {"totp_enabled": False, "verified_at": None, "backup_codes_remaining": 9}


def test_a_passkey_confirms_who_is_signed_in(holder: KeyOwner):
    """Threat 136: what was asked in one session is not answered in another."""
    holder.register()
    first = {"Authorization": f"Bearer {holder.sign_in().json['data']['token']}"}
    second = {"Authorization": f"Bearer {holder.sign_in().json['data']['token']}"}
    begin = "/api/v1/auth/webauthn/login/begin"
    options = holder.http.post(begin, json={}, headers=first).json

    elsewhere = {"passkey": holder.key.use(options)}
    there = holder.http.post(REAUTHENTICATE, json=elsewhere, headers=second)
    here = holder.http.post(REAUTHENTICATE, json=elsewhere, headers=first)

    assert (there.status_code, here.status_code) == (401, 200)
    assert here.json["data"]["acr"] == "phr"
    assert len(options["allowCredentials"]) == 1


def test_one_is_named_by_its_owner_alone(holder: KeyOwner, make):
    mine = holder.register()["credential"]
    path = f"{PASSKEYS}/{mine['id']}"
    stranger = make.bearer(make.user())

    named = holder.http.patch(path, json={"name": " Desk "}, headers=holder.headers)

    assert named.json["data"]["credential"]["name"] == "Desk"
    for bad in ({"name": ""}, {"name": "a" * 101}, {"name": "a\nb"}, {}, {"sign_count": 0}):
        assert holder.http.patch(path, json=bad, headers=holder.headers).status_code == 400
    assert holder.http.patch(path, json={"name": "Mine"}, headers=stranger).status_code == 404
    assert holder.http.delete(path, headers=stranger).status_code == 404


def test_deleting_needs_a_factor_and_the_last_takes_the_codes_along(holder: KeyOwner):
    """Threat 130: a password alone deletes no passkey."""
    first, second = (holder.register()["credential"]["id"] for _ in range(2))
    password_only = holder.make.bearer(holder.user)

    refused = holder.http.delete(f"{PASSKEYS}/{first}", headers=password_only)
    gone = [
        holder.http.delete(f"{PASSKEYS}/{one}", headers=holder.headers).status_code
        for one in (first, first, second)
    ]

    assert (refused.status_code, refused.json["error"]["type"]) == (403, "STEP_UP_REQUIRED")
    assert gone == [200, 404, 200]
    told = holder.http.get(STATUS, headers=holder.headers).json["data"]
    assert told["backup_codes_remaining"] == 0
    assert "token" in holder.begin()


def test_a_second_factor_is_added_by_whoever_has_the_first(holder: KeyOwner):
    """Threat 129."""
    holder.enrol()
    stolen = holder.make.bearer(holder.user)

    begun = holder.http.post(REGISTER, headers=stolen)

    assert (begun.status_code, begun.json["error"]["type"]) == (403, "STEP_UP_REQUIRED")
    holder.register()


def test_an_app_is_added_by_whoever_has_the_passkey(holder: KeyOwner):
    """Threat 129."""
    holder.register()
    stolen = holder.make.bearer(holder.user)

    begun = holder.http.post("/api/v1/auth/totp/enroll", headers=stolen)

    assert (begun.status_code, begun.json["error"]["type"]) == (403, "STEP_UP_REQUIRED")
    holder.enrol()


def test_there_is_an_end_to_how_many_somebody_may_have(holder: KeyOwner):
    for _ in range(20):
        holder.register()

    reply = holder.http.post(REGISTER, headers=holder.headers)

    assert (reply.status_code, reply.json["error"]["type"]) == (409, "CONFLICT")


def test_a_suspended_account_is_told_after_the_right_passkey_only(holder: KeyOwner, make):
    """Threat 133."""
    holder.register()
    make.change(holder.user, status=AccountStatus.SUSPENDED)

    wrong = holder.key.lying(origin="https://evil.example").use(holder.asked())
    right = holder.key.use(holder.asked())

    assert holder.use(wrong).status_code == 401
    assert holder.use(right).json["error"]["type"] == "ACCOUNT_SUSPENDED"


def test_mails_tell_the_owner(holder: KeyOwner, mailbox):
    mailbox.empty()
    made = holder.register(name="<b>Blue</b> key")["credential"]
    holder.http.delete(f"{PASSKEYS}/{made['id']}", headers=holder.headers)

    mailbox.deliver()
    told = [letter.subject for letter in mailbox.to(holder.user.email)]

    assert sorted(told) == ["A passkey was deleted", "A passkey was registered"]


def test_no_flood_of_one_act_keeps_the_news_of_another_waiting(holder: KeyOwner, mailbox):
    """Threat 111."""
    holder.register()
    mailbox.empty()
    for _ in range(7):
        answer = holder.http.post(
            "/api/v1/auth/totp/regenerate-backup-codes", headers=holder.headers
        )
        assert answer.status_code == 200
    holder.register()

    mailbox.deliver()
    told = [letter.subject for letter in mailbox.to(holder.user.email)]

    assert told.count("New recovery codes were made") == 5
    assert told.count("A passkey was registered") == 1


def test_nothing_works_without_a_session(client):
    for path in (REGISTER, MAKE):
        assert client.post(path, json={}).status_code == 401
    assert client.get(PASSKEYS).status_code == 401
    assert client.post(USE, json={}).status_code == 400
    assert client.post(LOGIN, json={"email": "a@b.c", "password": PASSWORD}).status_code == 401
