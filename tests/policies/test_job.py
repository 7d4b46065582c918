"""Reminders and suspensions: each once, mailed once, on record once (threats 111, 132 and 175)."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import delete, func, insert, select

from gatehouse.accounts.models import AccountStatus, User
from gatehouse.audit.models import AuditEntry
from gatehouse.core.context import Actor, Origin, unit_of_work
from gatehouse.core.roles import Role
from gatehouse.core.runtime import Runtime
from gatehouse.grants.models import Grant
from gatehouse.mfa.models import Totp
from gatehouse.organizations.models import Member
from gatehouse.outbox.models import Message
from gatehouse.policies.models import Compliance, OrganizationPolicy, PersonalPolicy
from gatehouse.policies.rules import Mode
from gatehouse.scheduler.service import run_once
from tests.accounts.together import at_once
from tests.audit.record import entries_with, entry_of
from tests.conftest import client_of
from tests.factories import Factory
from tests.mailbox import Mailbox, link_in
from tests.policies.demands import LONG_AGO, Demanding, ago, told

Demand = Callable[..., Demanding]
SUSPENDED, REMINDED = "policy.member_suspended", "policy.member_reminded"
REMINDER = "/members/{}/send-mfa-reminder"


@pytest.fixture
def run(runtime: Runtime) -> Callable[[], int]:
    """Run the job as it runs alone: others' rows are out of the way."""
    with unit_of_work(runtime, Origin()) as ctx:
        for kind in (OrganizationPolicy, PersonalPolicy):
            ctx.db.execute(delete(kind))
    return lambda: run_once(runtime, runtime.jobs["remind_and_suspend"])


def acts(client: FlaskClient, place: Demanding) -> list[tuple[str, UUID]]:
    """What the job did there, as the record has it."""
    entries = entries_with(client, AuditEntry.org_id == place.org.id)
    return [(each.action, each.user_id) for each in entries]


def address_of(place: Demanding, member: Member) -> str:
    with place.runtime.reading() as db:
        return str(db.scalar(select(User.email).where(User.id == member.user_id)))


def later(place: Demanding, **span: float) -> None:
    """As if that time had gone by since the job did anything."""
    with unit_of_work(place.runtime, Origin()) as ctx:
        for row in ctx.db.scalars(select(Compliance).where(Compliance.org_id == place.org.id)):
            for name in ("suspended_at", "last_notified_at", "last_reminded_at"):
                if moment := getattr(row, name):
                    setattr(row, name, moment - timedelta(**span))


def test_whose_grace_is_over_is_suspended_once(
    run: Callable[[], int], client: FlaskClient, mailbox: Mailbox, demanding: Demand
):
    place = demanding()
    late, met = place.join(), place.join()
    place.give_app(met.user_id)

    assert run() == 1
    assert run() == 0

    assert acts(client, place) == [(SUSPENDED, late.user_id)]
    (letter,) = mailbox.deliver()
    assert letter.to == address_of(place, late)
    assert place.org.name in letter.subject
    assert "an authenticator app" in letter.text
    assert link_in(letter).endswith("/security")
    own = client.get("/api/v1/users/me/mfa-compliance", headers=place.make.bearer(late))
    assert own.json["data"]["overall_status"] == "suspended"


# Days since the demand, with 14 days of grace and reminders for the last 7.
WINDOW = [(6.99, False), (7.01, True), (13.99, True)]


@pytest.mark.parametrize(("days", "is_reminded"), WINDOW)
def test_whose_grace_ends_soon_is_reminded_once_a_day(
    run: Callable[[], int],
    client: FlaskClient,
    mailbox: Mailbox,
    demanding: Demand,
    days: float,
    *,
    is_reminded: bool,
):
    place = demanding(Mode.REQUIRE_EITHER, demands_since=ago(days=days))
    member = place.join()

    assert [run(), run()] == [is_reminded, 0]

    assert acts(client, place) == [(REMINDED, member.user_id)] * is_reminded
    letters = mailbox.deliver()
    assert len(letters) == is_reminded
    if letters:
        assert "an authenticator app or a passkey" in letters[0].text
        deadline = ago(days=days) + timedelta(days=14)
        assert deadline.strftime("%d %B %Y") in letters[0].text
        later(place, hours=23)
        assert run() == 0
        later(place, hours=1.1)
        assert run() == 1
        assert len(mailbox.deliver()) == 1


def test_with_no_notice_and_no_grace_nobody_is_reminded(
    run: Callable[[], int], client: FlaskClient, demanding: Demand
):
    silent = demanding(demands_since=ago(days=13.9), notify_days=0)
    at_once_due = demanding(grace_days=0)
    silent.join()
    member = at_once_due.join()

    assert run() == 1

    assert acts(client, silent) == []
    assert acts(client, at_once_due) == [(SUSPENDED, member.user_id)]


def test_who_is_out_anyway_is_passed_over(
    run: Callable[[], int], client: FlaskClient, make: Factory, demanding: Demand
):
    place, gone = demanding(), demanding()
    place.join(suspended_at=ago(days=1))
    for status in (AccountStatus.SUSPENDED, AccountStatus.INACTIVE):
        place.join(user=make.user(status=status))
    place.join(user=make.user(deleted_at=ago(days=1)))
    place.join(deleted_at=ago(days=1))
    exempt = place.join()
    place.override(exempt.user_id, override="exempt")
    gone.join()
    make.change(gone.org, deleted_at=ago(days=1))

    assert run() == 0
    assert acts(client, place) == acts(client, gone) == []


def test_what_one_member_owes_is_found_where_nothing_is_demanded_of_all(
    run: Callable[[], int], client: FlaskClient, make: Factory, runtime: Runtime
):
    place = Demanding(make, runtime, Mode.OPTIONAL, demands_since=None)
    forced, _ = place.join(), place.join()
    place.override(forced.user_id, force_totp=True, since=LONG_AGO)

    assert run() == 1
    assert acts(client, place) == [(SUSPENDED, forced.user_id)]


def test_two_runners_at_once_do_each_thing_once(
    run: Callable[[], int],
    client: FlaskClient,
    runtime: Runtime,
    mailbox: Mailbox,
    make: Factory,
    demanding: Demand,
):
    """Threat 175: without the lease that keeps them apart."""
    place = demanding()
    soon = demanding(demands_since=ago(days=13))
    with make.together():
        for _ in range(20):
            place.join()
            soon.join()

    def batch() -> int:
        with unit_of_work(runtime, Origin(), Actor("job")) as ctx:
            return runtime.jobs["remind_and_suspend"].run(ctx)

    done = at_once(batch, batch, batch)

    assert sum(done) == 40
    assert run() == 0
    assert len(set(acts(client, place))) == len(acts(client, place)) == 20
    assert len(set(acts(client, soon))) == len(acts(client, soon)) == 20
    assert len(mailbox.deliver()) == 40


def test_what_was_met_meanwhile_is_not_mailed(
    run: Callable[[], int], mailbox: Mailbox, demanding: Demand
):
    place = demanding()
    member = place.join()
    assert run() == 1

    place.give_app(member.user_id)

    assert mailbox.deliver() == []
    assert run() == 1, "the suspension is forgotten"
    with unit_of_work(place.runtime, Origin()) as ctx:
        ctx.db.execute(delete(Totp).where(Totp.user_id == member.user_id))
    assert run() == 1, "what was taken from them is demanded anew"
    assert len(mailbox.deliver()) == 1


def test_a_suspension_ends_what_applications_were_given_there(
    run: Callable[[], int], make: Factory, runtime: Runtime, demanding: Demand
):
    """Ruling 16. A factor revives nothing."""
    place = demanding()
    member = place.join()
    here, elsewhere = make.client(place.org), make.client(make.organization())
    held = {"scopes": [], "claims": [], "resources": [], "details": [], "organizations": []}
    with unit_of_work(runtime, Origin()) as ctx:
        for each in (here, elsewhere):
            row = Grant(user_id=member.user_id, client_row_id=each.id, is_asked=True, **held)
            row.updated_at = ctx.now
            ctx.db.add(row)

    assert run() == 1
    place.give_app(member.user_id)

    with runtime.reading() as db:
        living = select(Grant.client_row_id).where(
            Grant.user_id == member.user_id, Grant.revoked_at.is_(None)
        )
        assert list(db.scalars(living)) == [elsewhere.id]


@pytest.fixture
def place(demanding: Demand) -> Demanding:
    """A place with somebody who is free to look after the others."""
    place = demanding(demands_since=ago(days=1))
    place.boss = place.make.bearer(place.join(Role.ADMIN))
    return place


def remind(client: FlaskClient, place: Demanding, user_id: object):
    return client.post(place.path(REMINDER.format(user_id)), headers=place.boss)


def test_an_admin_reminds_a_member(client: FlaskClient, mailbox: Mailbox, place: Demanding):
    member = place.join()

    reply = remind(client, place, member.user_id)

    assert (reply.status_code, reply.json["data"]) == (200, {})
    entry = entry_of(client, reply)
    assert (entry.action, entry.user_id) == ("policy.reminder_sent", member.user_id)
    (letter,) = mailbox.deliver()
    assert letter.to == address_of(place, member)
    assert "Until" in letter.text


def test_once_an_hour_for_each(client: FlaskClient, mailbox: Mailbox, place: Demanding):
    member, other = place.join(), place.join()
    assert remind(client, place, member.user_id).status_code == 200

    again = remind(client, place, member.user_id)

    assert told(again) == (429, "RATE_LIMIT_EXCEEDED")
    assert 3500 < int(again.headers["Retry-After"]) <= 3601
    assert remind(client, place, other.user_id).status_code == 200
    later(place, minutes=61)
    assert remind(client, place, member.user_id).status_code == 200
    assert len(mailbox.deliver()) == 3


def test_of_eight_at_once_one_is_sent(
    client: FlaskClient, mailbox: Mailbox, place: Demanding, address: str
):
    member = place.join()
    app = client.application

    replies = at_once(
        *[lambda: remind(client_of(app, address), place, member.user_id) for _ in range(8)]
    )

    assert sorted(reply.status_code for reply in replies) == [200] + [429] * 7
    assert len(mailbox.deliver()) == 1


def test_nobody_is_reminded_of_nothing(client: FlaskClient, make: Factory, place: Demanding):
    met, exempt = place.join(), place.join()
    place.give_app(met.user_id)
    place.override(exempt.user_id, override="exempt")

    for member in (met, exempt):
        assert told(remind(client, place, member.user_id)) == (409, "CONFLICT")
    for stranger in (make.user().id, place.join(suspended_at=ago(days=1)).user_id, uuid4()):
        assert told(remind(client, place, stranger)) == (404, "NOT_FOUND")


def test_a_name_makes_no_link_of_itself(
    run: Callable[[], int], mailbox: Mailbox, make: Factory, demanding: Demand
):
    """Threat 109."""
    place = demanding()
    make.change(place.org, name="https://evil.example/pay now")
    place.join()

    assert run() == 1

    (letter,) = mailbox.deliver()
    assert "evil.example" not in letter.text + letter.subject


MANY = 1_000


def crowd(place: Demanding) -> None:
    """People who have nothing that is demanded."""
    people = [{"id": uuid4(), "email": f"{n}@{place.org.slug}.test"} for n in range(MANY)]
    here = {"org_id": place.org.id, "role": Role.MEMBER, "created_at": LONG_AGO}
    with unit_of_work(place.runtime, Origin()) as ctx:
        ctx.db.execute(
            insert(User),
            [{**each, "email_key": each["email"], "email_verified": True} for each in people],
        )
        ctx.db.execute(insert(Member), [{**here, "user_id": each["id"]} for each in people])


@pytest.mark.slow
def test_very_many_are_suspended_with_one_mail_each(
    run: Callable[[], int],
    client: FlaskClient,
    mailbox: Mailbox,
    demanding: Demand,
):
    """And counted at once: also by a database that knows nothing of so many new rows."""
    place = demanding()
    boss = place.join(Role.OWNER)
    place.override(boss.user_id, override="exempt")
    headers = place.make.bearer(boss)
    crowd(place)

    strict = {"mfa_policy_mode": "require_webauthn"}
    dry = f"{place.path('/security-policy')}?dry_run=true"
    preview = client.put(dry, json=strict, headers=headers).json["data"]["preview"]
    assert sum(preview["statuses"].values()) == MANY + 1
    assert run() >= MANY
    assert run() == 0

    assert len(set(acts(client, place))) == len(acts(client, place)) == MANY
    with place.runtime.reading() as db:
        mails = select(func.count()).select_from(Message).where(Message.event == SUSPENDED)
        assert db.scalar(mails) == MANY
    mailbox.empty()
