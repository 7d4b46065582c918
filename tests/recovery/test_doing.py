"""Doing what was approved a day ago, if all that let it be approved is still so (ruling 21)."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select, update

from gatehouse.accounts.models import AccountStatus
from gatehouse.accounts.service import delete_account, suspend_account
from gatehouse.audit.models import AuditEntry
from gatehouse.core.context import Origin, unit_of_work
from gatehouse.core.roles import Role
from gatehouse.domains.models import DomainStatus
from gatehouse.mail.ports import Letter
from gatehouse.mfa.models import RecoveryCode, Totp
from gatehouse.organizations.models import Member, Organization
from gatehouse.outbox.models import Message
from gatehouse.recovery.jobs import do_factor_resets
from gatehouse.recovery.models import FactorReset, ResetStatus
from gatehouse.recovery.rules import HOLDS
from gatehouse.sessions.service import open_session
from tests.accounts.together import at_once
from tests.audit.record import entries_with
from tests.factories import PASSWORD
from tests.mailbox import token_in
from tests.recovery.people import DAY, HOUR, Lost

CHANGED = "The reset of your second factors was cancelled"
TOLD = "Your second factors will be reset"
GONE = "Your second factors were taken from your account"


def actions_of(lost: Lost) -> list[str]:
    entries = entries_with(lost.http, AuditEntry.user_id == lost.person.id)
    return [entry.action for entry in entries if entry.action.startswith(("recovery.", "mfa."))]


@pytest.mark.parametrize("by_org", [False, True], ids=["operator", "organization"])
def test_after_a_day_the_factors_go_and_all_sessions_end(lost: Lost, by_org: bool):  # noqa: FBT001
    """Threat 140."""
    headers = lost.make.bearer(lost.person)
    reset_id = lost.approved(by_org=by_org)
    lost.run()
    assert lost.has_factor()
    lost.let_a_day_go_by()

    lost.run()

    assert not lost.has_factor()
    assert lost.reset(reset_id).status is ResetStatus.DONE
    assert lost.http.get("/api/v1/users/me", headers=headers).status_code == 401
    lost.mailbox.deliver()
    assert lost.letters() == [TOLD, GONE]
    assert actions_of(lost) == [
        "recovery.reset_approved",
        "mfa.factors_reset",
        "recovery.reset_done",
    ]
    done = entries_with(lost.http, AuditEntry.resource_id == reset_id)[-1]
    assert (done.action, done.actor_kind) == ("recovery.reset_done", "job")
    assert done.org_id == (lost.org.id if by_org else None)
    with lost.work() as ctx:
        for kind in (Totp, RecoveryCode):
            assert ctx.db.scalar(select(kind.id).where(kind.user_id == lost.person.id)) is None


def test_nobody_is_signed_in_by_it_and_the_password_stays(lost: Lost):
    """Threat 103: what a reset leaves is a password to be proved."""
    lost.approved()
    login = {"email": lost.person.email, "password": PASSWORD}
    asked = lost.http.post("/api/v1/auth/login", json=login).json["data"]
    assert asked["requires_totp"]
    lost.let_a_day_go_by()
    lost.run()

    wrong = lost.http.post("/api/v1/auth/login", json={**login, "password": "wrong"})
    right = lost.http.post("/api/v1/auth/login", json=login)

    assert wrong.status_code == 401
    assert right.json["data"]["token"].startswith("ghs_")


def test_a_new_password_hastens_and_cancels_nothing(lost: Lost):
    """Threat 103: whoever has the mailbox alone gets no further by it."""
    reset_id = lost.approved()
    lost.http.post("/api/v1/auth/forgot-password", json={"email": lost.person.email})
    (letter,) = lost.mailbox.deliver()
    password = "another horse battery staple"
    body = {"token": token_in(letter), "password": password, "password_confirm": password}
    assert lost.http.post("/api/v1/auth/reset-password", json=body).status_code == 200
    lost.run()

    login = {"email": lost.person.email, "password": password}
    assert "token" not in lost.http.post("/api/v1/auth/login", json=login).json["data"]
    assert lost.reset(reset_id).status is ResetStatus.PENDING


def change_own_place(lost: Lost, **fields) -> None:
    lost.make.change(lost.admin, **fields)


def sign_in_with_a_factor(lost: Lost) -> None:
    with lost.work() as ctx:
        open_session(ctx, lost.person.id, amr=("pwd", "otp"))


def remove_all_factors(lost: Lost) -> None:
    with lost.work() as ctx:
        for totp in ctx.db.scalars(select(Totp).where(Totp.user_id == lost.person.id)):
            ctx.db.delete(totp)


def end_organization(lost: Lost) -> None:
    with lost.work() as ctx:
        for kind, own in ((Organization, Organization.id), (Member, Member.org_id)):
            rows = update(kind).where(own == lost.org.id).values(deleted_at=ctx.now)
            ctx.db.execute(rows, execution_options={"with_removed": True})


NOW = datetime.now(UTC)
OF_ORGANIZATIONS = {
    "the proof of the domain is lost": (
        lambda lost: lost.make.change(lost.claim, status=DomainStatus.LOST),
        "not_in_care",
    ),
    "the person joined another organization": (
        lambda lost: lost.make.member(lost.make.organization(), user=lost.person),
        "not_in_care",
    ),
    "the person left": (lambda lost: lost.make.change(lost.place, deleted_at=NOW), "not_in_care"),
    "the member is suspended": (
        lambda lost: lost.make.change(lost.place, suspended_at=NOW),
        "not_in_care",
    ),
    "the person is an operator": (
        lambda lost: lost.make.change(lost.person, is_operator=True),
        "not_in_care",
    ),
    "the person stands higher": (
        lambda lost: lost.make.change(lost.place, role=Role.OWNER),
        "approver_may_not",
    ),
    "the approver manages no more": (
        lambda lost: change_own_place(lost, role=Role.MEMBER),
        "approver_may_not",
    ),
    "the approver left": (lambda lost: change_own_place(lost, deleted_at=NOW), "approver_may_not"),
    "the approver is barred": (
        lambda lost: change_own_place(lost, suspended_at=NOW),
        "approver_may_not",
    ),
    "the approver's account is suspended": (
        lambda lost: lost.make.change(lost.boss, status=AccountStatus.SUSPENDED),
        "approver_may_not",
    ),
    "the organization is deleted": (end_organization, "approver_may_not"),
}
OF_BOTH = {
    "a factor was used": (sign_in_with_a_factor, "factor_used"),
    "there is no factor": (remove_all_factors, "no_factors"),
}
OF_OPERATORS = {
    "the approver is no operator": (
        lambda lost: lost.make.change(lost.operator, is_operator=False),
        "approver_may_not",
    ),
    "the approver's account is suspended": (
        lambda lost: lost.make.change(lost.operator, status=AccountStatus.SUSPENDED),
        "approver_may_not",
    ),
    "the approver's account is deleted": (
        lambda lost: lost.make.change(lost.operator, deleted_at=NOW),
        "approver_may_not",
    ),
}


def assert_dropped(lost: Lost, change, reason: str, *, by_org: bool) -> None:
    reset_id = lost.approved(by_org=by_org)
    lost.let_a_day_go_by()
    had_factor = change is not remove_all_factors
    change(lost)

    lost.run()

    assert lost.has_factor() is had_factor
    assert lost.reset(reset_id).status is ResetStatus.CANCELLED
    (entry,) = entries_with(
        lost.http,
        AuditEntry.action == "recovery.reset_cancelled",
        AuditEntry.resource_id == reset_id,
    )
    assert (entry.details["reason"], entry.actor_kind) == (reason, "job")
    lost.mailbox.deliver()
    assert lost.letters() == [TOLD, CHANGED]


@pytest.mark.parametrize(
    ("change", "reason"), (OF_ORGANIZATIONS | OF_BOTH).values(), ids=OF_ORGANIZATIONS | OF_BOTH
)
def test_what_an_organization_approved_is_dropped_when(lost: Lost, change, reason: str):
    """Threat 140."""
    assert_dropped(lost, change, reason, by_org=True)


@pytest.mark.parametrize(
    ("change", "reason"), (OF_OPERATORS | OF_BOTH).values(), ids=OF_OPERATORS | OF_BOTH
)
def test_what_an_operator_approved_is_dropped_when(lost: Lost, change, reason: str):
    """Threat 140."""
    assert_dropped(lost, change, reason, by_org=False)


def test_a_factor_that_was_used_before_counts_for_nothing(lost: Lost):
    lost.make.session(lost.person.id)
    lost.prove_factor(lost.person.id, ago=DAY + HOUR)
    reset_id = lost.approved()
    lost.let_a_day_go_by()

    lost.run()

    assert lost.reset(reset_id).status is ResetStatus.DONE


def test_a_suspension_cancels_it(lost: Lost):
    reset_id = lost.approved()
    with lost.work() as ctx:
        suspend_account(ctx, lost.person.id)

    assert lost.reset(reset_id).status is ResetStatus.CANCELLED
    entry = entries_with(lost.http, AuditEntry.user_id == lost.person.id)[-1]
    assert entry.action == "account.suspended"
    assert entry.details["factor_resets_cancelled"] == 1


def test_a_deletion_takes_it_and_what_was_written_along(lost: Lost, db):
    lost.approved()
    with lost.work() as ctx:
        delete_account(ctx, lost.person.id)

    assert db.scalar(select(FactorReset).where(FactorReset.user_id == lost.person.id)) is None
    lost.run()


def test_a_changed_address_cancels_it(lost: Lost, client):
    reset_id = lost.approved()
    headers = lost.make.bearer(lost.person)
    lost.prove_factor(lost.person.id)
    new = f"new@{lost.host}"
    asked = client.post("/api/v1/users/me/email", json={"email": new}, headers=headers)
    assert asked.status_code == 200, asked.text
    letters = {letter.to: letter for letter in lost.mailbox.deliver()}
    body = {"token": token_in(letters[new])}

    assert client.post("/api/v1/auth/confirm-email", json=body, headers=headers).status_code == 200
    assert lost.reset(reset_id).status is ResetStatus.CANCELLED


def test_two_runners_do_it_once(lost: Lost):
    lost.approved()
    lost.let_a_day_go_by()

    def run() -> int:
        with lost.work() as ctx:
            return do_factor_resets(ctx)

    at_once(run, run, run)
    lost.run()

    lost.mailbox.deliver()
    assert lost.letters() == [TOLD, GONE]
    assert actions_of(lost).count("recovery.reset_done") == 1


def test_nothing_happens_before_the_person_could_be_told(lost: Lost):
    """Threat 140: a day is left from the mail on, however late it goes out."""
    reset_id = lost.approve().json["data"]["factor_reset"]["id"]
    lost.let_a_day_go_by()
    lost.run()
    assert lost.has_factor()

    lost.mailbox.deliver()
    lost.run()

    assert lost.has_factor()
    assert lost.reset(reset_id).due_at > datetime.now(UTC) + DAY - HOUR
    lost.let_a_day_go_by()
    lost.run()
    assert not lost.has_factor()


def test_what_could_not_be_mailed_is_not_done(lost: Lost):
    class Broken(Exception):
        pass

    def refuse(_letter: Letter) -> None:
        raise Broken

    lost.approve()
    lost.mailbox.send = refuse  # type: ignore[method-assign]
    try:
        lost.mailbox.deliver()
    finally:
        del lost.mailbox.send
    lost.let_a_day_go_by()
    lost.run()
    assert lost.has_factor()

    with unit_of_work(lost.runtime, Origin()) as ctx:
        ctx.db.execute(update(Message).values(due_at=ctx.now))
    lost.mailbox.deliver()
    assert lost.letters() == [TOLD]


def test_an_approval_that_was_never_mailed_ends_by_itself(lost: Lost):
    """Threat 140: also when nobody remembers any more that the mail was given up."""
    reset_id = lost.approve().json["data"]["factor_reset"]["id"]
    with lost.work() as ctx:
        old = update(FactorReset).where(FactorReset.user_id == lost.person.id)
        ctx.db.execute(old.values(created_at=ctx.now - HOLDS - HOUR, due_at=ctx.now - HOLDS))

    lost.run()

    assert lost.has_factor()
    assert lost.reset(reset_id).status is ResetStatus.CANCELLED
    lost.mailbox.deliver()
    assert lost.letters() == [CHANGED]


def test_one_that_was_cancelled_before_the_mail_went_out_is_not_announced(lost: Lost):
    reset_id = lost.approve().json["data"]["factor_reset"]["id"]
    lost.http.delete(f"{lost.path()}/{reset_id}", headers=lost.as_operator)

    lost.mailbox.deliver()

    assert lost.letters() == [CHANGED]
