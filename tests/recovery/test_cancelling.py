"""Cancelling a reset: by the link of the mail, by the person, by whoever may approve one."""

import re
from uuid import uuid4

import pytest

from gatehouse.audit.models import AuditEntry
from gatehouse.recovery.models import ResetStatus
from tests.accounts.together import at_once
from tests.audit.record import assert_recorded, entries_with
from tests.conftest import client_of
from tests.mailbox import link_in
from tests.organizations.people import MANAGERS, Circle
from tests.recovery.people import HOUR, Lost

OURS = {"Origin": "http://localhost:5000"}
FORM_TOKEN = re.compile(r'name="form_token" value="([^"]+)"')
ME = "/api/v1/users/me/factor-resets"


def path_in_mail(lost: Lost) -> str:
    lost.approve(by_org=True)
    (letter,) = lost.mailbox.deliver()
    return link_in(letter).removeprefix("http://localhost:5000")


def press(http, path: str):
    """Press the button of the page, or send what it would."""
    page = http.get(path).text
    found = FORM_TOKEN.search(page) or FORM_TOKEN.search(http.get("/forgot-password").text)
    token = found[1] if found else ""
    return http.post(path, data={"form_token": token}, headers=OURS)


def test_the_link_cancels_without_a_sign_in_and_once(lost: Lost):
    """Threat 140: the link works once, and does nothing else."""
    path = path_in_mail(lost)
    assert "Cancel the reset" in lost.http.get(path).text

    reply = press(lost.http, path)

    assert (reply.status_code, reply.headers["Location"]) == (303, "/")
    assert "The reset is cancelled" in lost.http.get("/", follow_redirects=True).text
    again = lost.http.get(path)
    assert again.status_code == 400
    assert "does not hold any more" in again.text
    assert press(lost.http, path).status_code == 400
    lost.let_a_day_go_by()
    lost.run()
    assert lost.has_factor()
    lost.mailbox.deliver()
    assert lost.letters() == [
        "Your second factors will be reset",
        "The reset of your second factors was cancelled",
    ]


def test_what_was_cancelled_is_on_both_records(lost: Lost):
    path = path_in_mail(lost)
    press(lost.http, path)

    (entry,) = entries_with(
        lost.http,
        AuditEntry.action == "recovery.reset_cancelled",
        AuditEntry.user_id == lost.person.id,
    )
    assert (entry.org_id, entry.actor_id) == (lost.org.id, lost.person.id)
    assert entry.details["reason"] == "link"


def test_scanners_cancel_nothing(lost: Lost):
    """Threat 102."""
    path = path_in_mail(lost)

    for method in ("GET", "HEAD") * 5:
        reply = lost.http.open(path, method=method)
        assert (reply.status_code, reply.headers["Referrer-Policy"]) == (200, "strict-origin")

    assert press(lost.http, path).status_code == 303


def test_of_eight_who_press_it_at_once_one_cancels(lost: Lost):
    """Threat 140."""
    path = path_in_mail(lost)
    browsers = [client_of(lost.http.application, f"192.0.2.{n}") for n in range(8)]
    tokens = [FORM_TOKEN.search(browser.get(path).text)[1] for browser in browsers]

    def post(browser, token):
        return browser.post(path, data={"form_token": token}, headers=OURS).status_code

    pairs = zip(browsers, tokens, strict=True)
    answers = at_once(*(lambda b=b, t=t: post(b, t) for b, t in pairs))

    assert sorted(answers) == [303, *[400] * 7]
    assert len(lost.mailbox.deliver()) == 1


def test_no_other_link_cancels(lost: Lost):
    """Threat 106."""
    path = path_in_mail(lost)
    other = Lost(lost.http, lost.make, lost.runtime, lost.mailbox)
    foreign = path_in_mail(other)
    ends = foreign[-20:]
    spoilt = (path[:-20] + ends, path[:-1], path + "0", "/factor-reset/x", f"{path[:-6]}000000")

    for wrong in spoilt:
        assert lost.http.get(wrong).status_code == 400, wrong
        assert press(lost.http, wrong).status_code == 400, wrong
    for kind in ("reset-password", "undo-email-change"):
        assert lost.http.get(path.replace("factor-reset", kind)).status_code == 400
    assert press(lost.http, path).status_code == 303


def test_a_link_of_a_reset_that_was_done_says_what_to_do(lost: Lost):
    path = path_in_mail(lost)
    lost.let_a_day_go_by()
    lost.run()

    reply = lost.http.get(path)

    assert reply.status_code == 400
    assert "/forgot-password" in reply.text


def test_the_link_outlasts_a_new_address(lost: Lost):
    path = path_in_mail(lost)
    lost.make.change(lost.person, email="new@elsewhere.example", email_key="new@elsewhere.example")

    assert press(lost.http, path).status_code == 303


def test_the_person_cancels_from_any_session(lost: Lost):
    reset_id = lost.approved()
    stranger = lost.make.bearer(lost.make.user())
    headers = lost.make.bearer(lost.person, signed_in_ago=HOUR)
    path = f"{ME}/{reset_id}"
    assert lost.http.delete(path, headers=stranger).status_code == 404
    assert lost.http.delete(path).status_code == 401

    reply = lost.http.delete(path, headers=headers)

    assert reply.status_code == 200
    entry = assert_recorded(
        lost.http,
        reply,
        "recovery.reset_cancelled",
        actor=lost.person.id,
        target=lost.person.id,
        resource=reset_id,
    )
    assert entry.details["reason"] == "person"
    again = lost.http.delete(path, headers=headers)
    assert (again.status_code, again.json["error"]["type"]) == (409, "CONFLICT")


@pytest.mark.parametrize("kind", MANAGERS)
def test_who_may_cancel_for_a_member(lost: Lost, make, kind: str):
    circle = Circle(make)
    headers = circle.headers(kind)
    lost.org = circle.org
    make.change(lost.claim, org_id=circle.org.id)
    make.change(lost.place, org_id=circle.org.id)
    reset_id = lost.approve(circle.as_owner, by_org=True).json["data"]["factor_reset"]["id"]

    reply = lost.http.delete(f"{lost.org_path()}/{reset_id}", headers=headers)

    assert reply.status_code == MANAGERS[kind]
    is_cancelled = lost.reset(reset_id).status is ResetStatus.CANCELLED
    assert is_cancelled is (MANAGERS[kind] == 200)


def test_an_organization_cancels_what_it_approved_and_an_operator_all(lost: Lost):
    by_operator = lost.approved()
    as_admin = lost.http.delete(f"{lost.org_path()}/{by_operator}", headers=lost.as_admin)
    assert as_admin.status_code == 404
    unknown = lost.http.delete(f"{lost.path()}/{uuid4()}", headers=lost.as_operator)
    assert unknown.status_code == 404
    own = lost.http.delete(f"{lost.path()}/{by_operator}", headers=lost.as_operator)
    assert own.status_code == 200

    by_org = lost.approved(by_org=True)
    reply = lost.http.delete(f"{lost.path()}/{by_org}", headers=lost.as_operator)

    assert reply.status_code == 200
    (letter,) = lost.mailbox.deliver()
    assert "by somebody who may approve one" in letter.text


def test_whoever_is_signed_in_sees_it_and_cancels_it_at_once(lost: Lost):
    """Threat 140: told on every way there is."""
    lost.approved()
    lost.http.set_cookie("gatehouse_session", lost.make.session(lost.person.id))
    page = lost.http.get("/").text
    assert "Your second factors will be taken away" in page
    path = re.search(r'action="(/factor-resets/[^"]+)"', page)[1]
    token = FORM_TOKEN.search(page)[1]

    reply = lost.http.post(path, data={"form_token": token}, headers=OURS)

    assert reply.status_code == 303
    after = lost.http.get("/").text
    assert "The reset is cancelled" in after
    assert "will be taken away" not in after
    again = lost.http.post(path, data={"form_token": token}, headers=OURS)
    assert again.status_code == 409
