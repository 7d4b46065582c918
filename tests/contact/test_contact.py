"""The contact form: to the house alone, never lost, and no relay (threat 110)."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import time_machine
from sqlalchemy import delete, select, update

from gatehouse.audit.models import AuditEntry
from gatehouse.contact.jobs import purge_enquiries
from gatehouse.contact.models import Enquiry
from gatehouse.core.context import Actor, Origin, unit_of_work
from gatehouse.outbox.jobs import deliver_outbox
from gatehouse.outbox.models import Message
from tests.conftest import client_of
from tests.sink import sink

CONTACT = "/api/v1/contact"
HOUSE = "desk@house.example.test"


def enquiry(**changes):
    body = {
        "name": "Kim Kelly",
        "email": f"kim-{uuid4().hex[:12]}@example.test",
        "company": "Example Ltd",
        "enquiry_type": "sales",
        "message": "Hello,\nhow much is it?",
    }
    return {name: value for name, value in (body | changes).items() if value is not ...}


@pytest.fixture
def house():
    with sink() as server:
        yield server


@pytest.fixture
def desk(make_app, house, runtime):
    """An app that mails to the house, and an outbox that holds nothing else."""
    with unit_of_work(runtime, Origin()) as ctx:
        ctx.db.execute(delete(Message))
    return make_app(**house.settings, CONTACT_EMAIL=HOUSE)


@pytest.fixture
def client(desk, address):
    return client_of(desk, address)


def deliver(app) -> None:
    with unit_of_work(app.extensions["gatehouse"], Origin("deliver"), Actor("job")) as ctx:
        while deliver_outbox(ctx):
            pass


def kept(db, body):
    return db.scalar(select(Enquiry).where(Enquiry.email == body["email"]))


def test_the_mail_goes_to_the_house_alone_and_answers_go_to_the_sender(desk, client, house, db):
    body = enquiry()

    reply = client.post(CONTACT, json=body)
    deliver(desk)

    assert (reply.status_code, reply.json["data"]) == (202, {})
    assert kept(db, body).message == body["message"]
    (mail,) = house.mails
    assert house.recipients == [HOUSE]
    assert (mail["To"], mail["Reply-To"]) == (HOUSE, body["email"])
    assert mail["From"] == "Gatehouse <gatehouse@example.test>"
    assert mail["Cc"] is mail["Bcc"] is None
    assert mail["Subject"] == "Contact form, sales: Kim Kelly"
    text = mail.get_body(["plain"]).get_content()
    assert "how much is it?" in text
    assert body["email"] in text


def test_nothing_that_is_written_begins_a_header(desk, client, house):
    evil = "\r\nBcc: all@example.test\r\n"
    for name in ("name", "email", "company"):
        reply = client.post(CONTACT, json=enquiry(**{name: f"kim@example.test{evil}x"}))
        assert reply.json["error"]["details"].keys() == {name}
    sent = client.post(
        CONTACT, json=enquiry(name="Bcc: all@example.test, Kim", message=f"Hi{evil}\r\n.\r\nQUIT")
    )
    deliver(desk)

    assert sent.status_code == 202
    (mail,) = house.mails
    assert house.recipients == [HOUSE]
    assert mail["Bcc"] is None
    assert mail["Subject"] == "Contact form, sales: Bcc: all@example.test, Kim"
    assert "Bcc: all@example.test" in mail.get_body(["plain"]).get_content()


def test_mark_up_stays_text(desk, client, house):
    client.post(CONTACT, json=enquiry(name="<b>Kim</b>", message="<script>1</script> {{7*7}}"))
    deliver(desk)

    page = house.mails[0].get_body(["html"]).get_content()
    assert "<script>" not in page
    assert "&lt;b&gt;Kim" in page
    assert "{{7*7}}" in page


def test_whoever_fills_in_the_trap_is_answered_alike_and_nothing_happens(desk, client, house, db):
    body = enquiry(website="https://spam.example")

    reply = client.post(CONTACT, json=body)
    deliver(desk)

    assert (reply.status_code, reply.json["data"]) == (202, {})
    assert kept(db, body) is None
    assert house.mails == []


@pytest.mark.parametrize("empty", ["", None])
def test_an_empty_trap_is_no_trap(client, db, empty):
    body = enquiry(website=empty)

    assert client.post(CONTACT, json=body).status_code == 202
    assert kept(db, body) is not None


@pytest.mark.parametrize(
    "changes",
    [
        {"name": ...},
        {"name": ""},
        {"name": "x" * 121},
        {"email": ...},
        {"email": "kim"},
        {"email": "a@example.test, b@example.test"},
        {"company": "x" * 201},
        {"enquiry_type": ...},
        {"enquiry_type": "order"},
        {"message": ...},
        {"message": " \n "},
        {"message": "x" * 5001},
        {"message": "a\x00b"},
        {"website": 1},
        {"cc": "x@example.test"},
    ],
    ids=str,
)
def test_what_is_wrong_is_named(make_app, address, db, changes):
    client = client_of(make_app(RATELIMIT_ENABLED="false"), address)
    body = enquiry(**changes)

    reply = client.post(CONTACT, json=body)

    assert reply.status_code == 400
    assert reply.json["error"]["details"].keys() == changes.keys()


@pytest.mark.parametrize("changes", [{"company": ...}, {"company": None}, {"message": "x" * 5000}])
def test_what_may_be_left_out_may_be(client, db, changes):
    body = enquiry(**changes)

    assert client.post(CONTACT, json=body).status_code == 202
    assert kept(db, body) is not None


def test_the_sixth_in_an_hour_waits_whatever_a_header_says(app, address):
    client = client_of(app, address)
    with time_machine.travel("2026-01-01T12:00:00Z", tick=False):
        headers = [
            {"X-Forwarded-For": f"192.0.2.{n}", "X-Real-IP": f"192.0.2.{n}"} for n in range(6)
        ]
        answers = [client.post(CONTACT, json=enquiry(), headers=one) for one in headers]

    assert [answer.status_code for answer in answers] == [*[202] * 5, 429]
    assert answers[-1].headers["Retry-After"] == "3600"


def test_a_mail_server_that_is_away_loses_nothing(desk, client, house):
    house.answer = "451 try later"
    assert client.post(CONTACT, json=enquiry()).status_code == 202
    deliver(desk)
    assert house.mails == []

    house.answer = "250 OK"
    with unit_of_work(desk.extensions["gatehouse"], Origin()) as ctx:
        ctx.db.execute(update(Message).values(due_at=ctx.now))
    deliver(desk)
    assert house.recipients == [HOUSE]


def test_the_record_holds_the_id_and_nothing_that_was_written(client, db):
    body = enquiry(message="something private")
    client.post(CONTACT, json=body)

    entry = db.scalar(select(AuditEntry).where(AuditEntry.resource_id == kept(db, body).id))
    assert entry.action == "contact.enquiry_received"
    assert (entry.actor_kind, entry.actor_id) == ("anonymous", None)
    assert "private" not in str(entry.details)
    assert body["email"] not in str(entry.details)


def test_old_enquiries_are_deleted_and_their_mail_is_no_failure(desk, client, house, db, runtime):
    old, new = enquiry(), enquiry()
    for body in (old, new):
        client.post(CONTACT, json=body)
    with unit_of_work(runtime, Origin()) as ctx:
        before = datetime.now(UTC) - timedelta(days=91)
        aged = update(Enquiry).where(Enquiry.email == old["email"])
        ctx.db.execute(aged.values(created_at=before))
    with unit_of_work(runtime, Origin()) as ctx:
        assert purge_enquiries(ctx) >= 1
        assert purge_enquiries(ctx) == 0
    deliver(desk)

    assert kept(db, old) is None
    assert [mail["Reply-To"] for mail in house.mails] == [new["email"]]


def test_nothing_tells_whether_the_sender_has_an_account(client, make):
    known = client.post(CONTACT, json=enquiry(email=make.user().email))
    unknown = client.post(CONTACT, json=enquiry())

    assert known.status_code == unknown.status_code == 202
    assert known.json["data"] == unknown.json["data"] == {}
    assert list(known.headers.keys()) == list(unknown.headers.keys())
