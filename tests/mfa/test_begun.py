"""What was begun, and who may go on with it: threats 129 and 130."""

from typing import Any

from pyotp import TOTP

from tests.mfa.owners import ENROL, STATUS, VERIFY, KeyOwner, Owner, give_app


def begin(owner: Owner) -> TOTP:
    begun = owner.http.post(ENROL, headers=owner.headers)
    assert begun.status_code == 201, begun.text
    return TOTP(begun.json["data"]["secret"])


def confirm(owner: Owner, app: TOTP, headers: dict[str, str] | None = None) -> Any:
    return owner.http.post(VERIFY, json={"code": app.now()}, headers=headers or owner.headers)


def test_an_app_that_was_begun_counts_for_nobody_once_there_is_a_factor(holder: KeyOwner):
    """Threat 129: whoever was in before the owner had one has no way to come by one of theirs."""
    app = begin(holder)
    thief, holder.headers = holder.headers, holder.make.bearer(holder.user)
    holder.register()

    refused = confirm(holder, app, thief)

    assert (refused.status_code, refused.json["error"]["type"]) == (403, "STEP_UP_REQUIRED")
    told = holder.http.get(STATUS, headers=holder.headers).json["data"]
    assert told["totp_enabled"] is False


def test_an_app_is_confirmed_where_it_was_begun(owner: Owner):
    """Threat 129: nobody is led to set up an app whose secret somebody else knows."""
    app, elsewhere = begin(owner), owner.make.bearer(owner.user)

    assert confirm(owner, app, elsewhere).status_code == 409
    assert confirm(owner, app).status_code == 200


def test_a_passkey_that_was_begun_counts_for_nobody_once_there_is_a_factor(holder: KeyOwner):
    """Threat 129: it was begun with a password alone."""
    options = holder.options()
    give_app(holder.runtime, holder.user.id)

    refused = holder.send(holder.key.make(options))

    assert (refused.status_code, refused.json["error"]["type"]) == (403, "STEP_UP_REQUIRED")


def test_codes_that_were_shown_last_are_not_lost_with_those_before(holder: KeyOwner):
    """Threat 131: whoever sets up both at once is left with the codes of the passkey."""
    app = begin(holder)
    holder.register()

    assert confirm(holder, app).status_code == 200

    told = holder.http.get(STATUS, headers=holder.headers).json["data"]
    assert told["backup_codes_remaining"] == 10
