"""Approving that somebody's lost factors go in a day (ruling 21, threat 140)."""

from datetime import UTC, datetime, timedelta

import pytest

from gatehouse.accounts.models import AccountStatus
from gatehouse.core.fields import rfc3339
from gatehouse.core.roles import Role
from gatehouse.domains.models import DomainStatus
from tests.accounts.together import at_once, tables_as_text
from tests.audit.record import assert_recorded
from tests.conftest import client_of
from tests.mailbox import link_in
from tests.organizations.people import ERRORS, MANAGERS, Circle
from tests.recovery.people import DAY, HOUR, REASON, Lost

ONLY_OPERATORS = dict.fromkeys(("owner", "admin", "member", "guest", "stranger"), 403)
ONLY_OPERATORS |= {"anonymous": 401, "invalid": 401, "suspended": 403}


def refusal_of(reply) -> tuple[int, str]:
    return reply.status_code, reply.json["message"].partition(".")[0]


@pytest.mark.parametrize("by_org", [False, True], ids=["operator", "organization"])
def test_an_approval_waits_a_day_and_is_told_at_once(lost: Lost, by_org: bool):  # noqa: FBT001
    """Threat 140: the person is told on the spot, and nothing happens before."""
    reply = lost.approve(by_org=by_org)

    assert reply.status_code == 201, reply.text
    shown = reply.json["data"]["factor_reset"]
    assert shown["user_id"] == str(lost.person.id)
    assert shown["organization_id"] == (str(lost.org.id) if by_org else None)
    assert (shown["status"], shown["reason"]) == ("pending", REASON["reason"])
    assert timedelta(0) < datetime.now(UTC) + DAY - datetime.fromisoformat(shown["due_at"]) < HOUR
    assert_recorded(
        lost.http,
        reply,
        "recovery.reset_approved",
        actor=lost.admin.user_id if by_org else lost.operator.id,
        kind="user" if by_org else "operator",
        target=lost.person.id,
        org=lost.org.id if by_org else None,
        resource=shown["id"],
    )
    (letter,) = lost.mailbox.deliver()
    assert letter.to == lost.person.email
    assert link_in(letter).startswith("http://localhost:5000/factor-reset/ghf_")
    told = "an administrator of Marlowe" if by_org else "an operator of this service"
    assert told in letter.text
    assert "<b>" not in (letter.html or "")
    assert REASON["reason"] not in letter.text
    lost.run()
    assert lost.has_factor()


def test_what_the_approver_wrote_stays_in_the_row(lost: Lost, db):
    lost.approve()

    listed = lost.http.get(lost.path(), headers=lost.as_operator).json["data"]

    assert listed["count"] == 1
    assert listed["factor_resets"][0]["reason"] == REASON["reason"]
    assert listed["factor_resets"][0]["approved_by_id"] == str(lost.operator.id)
    written = [line for line in tables_as_text(db).splitlines() if REASON["reason"] in line]
    assert sum(lost.person.id.hex in line.replace("-", "") for line in written) == 1


def test_the_link_stands_in_no_table(lost: Lost, db):
    """Threat 140: whoever has the database cancels and approves nothing."""
    lost.approve()
    (letter,) = lost.mailbox.deliver()

    assert link_in(letter).rpartition("/")[2] not in tables_as_text(db)


@pytest.mark.parametrize("kind", MANAGERS)
def test_who_may_approve_for_a_member(lost: Lost, make, kind: str):
    circle = Circle(make)
    lost.org, lost.claim = circle.org, None
    lost.place = make.member(circle.org)

    reply = lost.http.post(
        lost.org_path(user_id=lost.place.user_id), headers=circle.headers(kind), json=REASON
    )

    # Nobody's domain is proven here: who gets as far as that may approve.
    assert reply.status_code == (403 if MANAGERS[kind] == 200 else MANAGERS[kind])
    if MANAGERS[kind] == 200:
        assert "no domain" in reply.json["message"]
    else:
        assert reply.json["error"]["type"] == ERRORS[kind]


@pytest.mark.parametrize("kind", ONLY_OPERATORS)
def test_who_else_cannot_do_what_operators_do(lost: Lost, make, kind: str):
    headers = Circle(make).headers(kind)
    calls = (("POST", "factor-resets"), ("GET", "factor-resets"), ("GET", "factors"))
    for method, rest in calls:
        body = REASON if method == "POST" else None
        reply = lost.http.open(lost.path(rest), method=method, headers=headers, json=body)

        assert reply.status_code == ONLY_OPERATORS[kind], rest
    assert lost.mailbox.deliver() == []


@pytest.mark.parametrize(
    ("theirs", "own", "status"),
    [
        (Role.OWNER, Role.ADMIN, 403),
        (Role.ADMIN, Role.ADMIN, 201),
        (Role.OWNER, Role.OWNER, 201),
        (Role.GUEST, Role.ADMIN, 201),
    ],
    ids=str,
)
def test_nobody_approves_for_who_stands_above_them(lost: Lost, theirs, own, status: int):
    """Threat 140: a helpdesk resets no higher role."""
    lost.make.change(lost.place, role=theirs)
    headers = lost.make.bearer(lost.admin if own is Role.ADMIN else lost.owner)

    reply = lost.approve(headers, by_org=True)

    assert reply.status_code == status
    if status == 403:
        assert "above your own" in reply.json["message"]


def test_nobody_approves_for_themselves(lost: Lost):
    """Threat 140: one's own account needs somebody else."""
    lost.enrol(lost.operator.id)
    lost.make.change(lost.place, role=Role.OWNER)
    as_person = lost.make.bearer(lost.person)
    for each in (lost.operator, lost.person):
        lost.prove_factor(each.id)

    replies = (lost.approve(user_id=lost.operator.id), lost.approve(as_person, by_org=True))

    for reply in replies:
        assert refusal_of(reply) == (403, "Nobody approves a reset of their own factors")


@pytest.mark.parametrize("by_org", [False, True], ids=["operator", "organization"])
def test_who_approves_has_signed_in_a_moment_ago_with_their_own_factor(lost: Lost, by_org: bool):  # noqa: FBT001
    """Threat 140."""
    approver = lost.admin.user_id if by_org else lost.operator.id
    who = lost.admin if by_org else lost.operator
    stale = lost.approve(lost.make.bearer(who, signed_in_ago=HOUR), by_org=by_org)
    assert stale.json["error"]["type"] == "REAUTHENTICATION_REQUIRED"
    lost.enrol(approver)

    assert lost.approve(by_org=by_org).json["error"]["type"] == "STEP_UP_REQUIRED"
    lost.prove_factor(approver, ago=HOUR)
    assert lost.approve(by_org=by_org).json["error"]["type"] == "STEP_UP_REQUIRED"
    lost.prove_factor(approver)
    assert lost.approve(by_org=by_org).status_code == 201


OUTSIDE = {
    "a domain of nobody": lambda lost: lost.make.change(
        lost.person, email_key="kim@elsewhere.example"
    ),
    "a domain below": lambda lost: lost.make.change(lost.person, email_key=f"kim@mail.{lost.host}"),
    "a domain that is claimed alone": lambda lost: lost.make.change(
        lost.claim, status=DomainStatus.PENDING
    ),
    "a proof that is lost": lambda lost: lost.make.change(lost.claim, status=DomainStatus.LOST),
    "a domain of others": lambda lost: lost.make.change(
        lost.claim, org_id=lost.make.organization().id
    ),
}


@pytest.mark.parametrize("change", OUTSIDE.values(), ids=OUTSIDE)
def test_an_organization_approves_for_addresses_of_its_own_domains_alone(lost: Lost, change):
    """Threat 140."""
    change(lost)

    reply = lost.approve(by_org=True)

    assert refusal_of(reply)[0] == 403
    assert "no domain that your organization has proven" in reply.json["message"]


def join_elsewhere(lost: Lost, **fields) -> None:
    lost.make.member(lost.make.organization(name="Elsewhere"), user=lost.person, **fields)


NOT_ALONE = {
    "in another one": join_elsewhere,
    "barred from another one": lambda lost: join_elsewhere(lost, suspended_at=datetime.now(UTC)),
    "an operator": lambda lost: lost.make.change(lost.person, is_operator=True),
    "never verified": lambda lost: lost.make.change(lost.person, email_verified=False),
    "suspended": lambda lost: lost.make.change(lost.person, status=AccountStatus.SUSPENDED),
}


def test_an_organization_approves_for_accounts_in_its_own_care_alone(lost: Lost):
    """Threat 140. One answer for every reason: none tells what else the account is."""
    answers = set()
    for change in NOT_ALONE.values():
        other = Lost(lost.http, lost.make, lost.runtime, lost.mailbox)
        change(other)
        reply = other.approve(by_org=True)
        answers.add((reply.status_code, reply.json["message"]))
        assert "Elsewhere" not in reply.text

    ((status, message),) = answers
    assert status == 403
    assert "not in the care of your organization alone" in message


def test_a_place_that_was_left_elsewhere_does_not_count(lost: Lost):
    join_elsewhere(lost, deleted_at=datetime.now(UTC))

    assert lost.approve(by_org=True).status_code == 201


def test_a_suspended_member_is_no_active_one(lost: Lost):
    lost.make.change(lost.place, suspended_at=datetime.now(UTC))

    assert refusal_of(lost.approve(by_org=True))[0] == 404


@pytest.mark.parametrize(
    ("change", "status", "says"),
    [
        ({"status": AccountStatus.SUSPENDED}, 409, "This account is not active"),
        ({"email_verified": False}, 409, "The address of this account is not verified"),
        ({"deleted_at": datetime.now(UTC)}, 404, "There is no such account"),
    ],
)
def test_an_operator_approves_for_who_can_be_told(lost: Lost, change, status: int, says: str):
    lost.make.change(lost.person, **change)

    reply = lost.approve()

    assert reply.status_code == status
    assert reply.json["message"].startswith(says)


def test_where_nobody_verifies_an_address_an_organization_wants_it_verified_still(
    lost: Lost, make_app
):
    """Threat 140: to have proven a domain says nothing of who registered an address in it."""
    lost.make.change(lost.person, email_verified=False)
    lost.http = client_of(make_app(REQUIRE_VERIFIED_EMAIL="false"), "192.0.2.9")

    assert lost.approve(by_org=True).status_code == 403
    assert lost.approve().status_code == 201


def test_who_has_no_factor_has_lost_none(lost: Lost):
    other = lost.somebody()
    lost.make.member(lost.org, user=other)

    for by_org in (False, True):
        reply = lost.approve(by_org=by_org, user_id=other.id)
        assert refusal_of(reply) == (409, "This account has no second factor")


def test_one_waits_at_a_time_and_few_in_a_day(lost: Lost):
    """Threat 111: an approver floods nobody."""
    for _ in range(3):
        reset_id = lost.approve().json["data"]["factor_reset"]["id"]
        second = lost.approve(by_org=True)
        assert refusal_of(second)[0] == 409
        assert "approved for this account already" in second.json["message"]
        path = f"{lost.path()}/{reset_id}"
        assert lost.http.delete(path, headers=lost.as_operator).status_code == 200

    assert "too often" in lost.approve().json["message"]
    lost.let_a_day_go_by()
    assert lost.approve().status_code == 201


def test_of_eight_who_approve_at_once_one_does(lost: Lost):
    calls = [client_of(lost.http.application, f"192.0.2.{n}") for n in range(8)]

    def approve(call):
        return call.post(lost.path(), headers=lost.as_operator, json=REASON).status_code

    answers = at_once(*(lambda c=call: approve(c) for call in calls))

    assert sorted(answers) == [201, *[409] * 7]
    assert len(lost.mailbox.deliver()) == 1


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": " "}, {"reason": "x" * 501}])
def test_a_reason_is_given(lost: Lost, body):
    for path, headers in ((lost.path(), lost.as_operator), (lost.org_path(), lost.as_admin)):
        reply = lost.http.post(path, headers=headers, json=body)
        assert reply.status_code == 400
        assert list(reply.json["error"]["details"]) == ["reason"]


def test_an_organization_sees_what_it_approved_and_nothing_else(lost: Lost):
    lost.approve()
    listed = lost.http.get(lost.org_path(), headers=lost.as_admin)
    assert listed.json["data"] == {"factor_resets": [], "count": 0}

    strangers = lost.make.user()
    for method, rest in (("GET", "factor-resets"), ("GET", "factors")):
        path = lost.org_path(rest, user_id=strangers.id)
        assert lost.http.open(path, method=method, headers=lost.as_admin).status_code == 404


def test_the_person_sees_what_waits_but_not_what_was_written(lost: Lost):
    """Threat 140: the person is told on all channels."""
    reset_id = lost.approved(by_org=True)
    headers = lost.make.bearer(lost.person)

    (own,) = lost.http.get("/api/v1/users/me/factor-resets", headers=headers).json["data"][
        "factor_resets"
    ]

    assert own == {
        "id": str(reset_id),
        "user_id": str(lost.person.id),
        "organization_id": str(lost.org.id),
        "status": "pending",
        "due_at": own["due_at"],
        "created_at": rfc3339(lost.reset(reset_id).created_at),
    }
