"""Idempotency-Key: what is asked for twice is done once (threat 175)."""

from datetime import timedelta
from http import HTTPStatus
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select, update

from gatehouse.core import idempotency
from gatehouse.core.context import Origin, unit_of_work
from gatehouse.core.idempotency import KEYS
from gatehouse.core.roles import Role
from gatehouse.organizations.models import Member, Organization
from tests.conftest import client_of

ORGS = "/api/v1/organizations"
REGISTER = "/api/v1/auth/register"


def key() -> str:
    return f"key-{uuid4().hex}"


@pytest.fixture
def headers(make):
    return make.bearer(make.user())


def create(client, headers, sent_key, **body):
    body = {"name": "Acme", "slug": f"s-{uuid4().hex[:12]}", **body}
    return client.post(ORGS, json=body, headers={**headers, "Idempotency-Key": sent_key})


def named(db, slug: str) -> int:
    db.rollback()
    rows = select(func.count()).select_from(Organization).where(Organization.slug == slug)
    return db.scalar(rows)


def test_the_same_key_and_body_gives_the_same_answer_once_done(client, headers, db):
    slug, sent = f"s-{uuid4().hex[:12]}", key()

    first = create(client, headers, sent, slug=slug)
    again = create(client, headers, sent, slug=slug)

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json["data"] == first.json["data"]
    assert again.json["request_id"] == again.headers["X-Request-ID"]
    assert "Idempotent-Replay" not in first.headers
    assert again.headers["Idempotent-Replay"] == "true"
    assert named(db, slug) == 1


def test_another_body_is_a_conflict(client, headers, db):
    slug, sent = f"s-{uuid4().hex[:12]}", key()
    create(client, headers, sent, slug=slug)

    other = create(client, headers, sent, slug=f"{slug}-2")

    assert (other.status_code, other.json["error"]["type"]) == (409, "CONFLICT")
    assert "another request" in other.json["message"]
    assert named(db, f"{slug}-2") == 0


def test_another_path_is_another_request(client, make):
    one, two = make.organization(), make.organization()
    person = make.user()
    owner = make.member(one, Role.OWNER, user=person)
    make.member(two, Role.OWNER, user=person)
    sent, body = key(), {"email": make.user().email, "role": "member"}
    headers = {**make.bearer(owner), "Idempotency-Key": sent}

    first = client.post(f"{ORGS}/{one.id}/members", json=body, headers=headers)
    other = client.post(f"{ORGS}/{two.id}/members", json=body, headers=headers)

    assert (first.status_code, other.status_code) == (201, 409)


def test_a_key_is_the_callers_own_and_the_routes(client, make, headers):
    sent, stranger = key(), make.bearer(make.user())
    first = create(client, headers, sent)
    theirs = create(client, stranger, sent)
    org = first.json["data"]["organization"]["id"]
    elsewhere = client.post(
        f"{ORGS}/{org}/members",
        json={"email": make.user().email, "role": "guest"},
        headers={**headers, "Idempotency-Key": sent},
    )

    assert [first.status_code, theirs.status_code, elsewhere.status_code] == [201] * 3
    assert theirs.json["data"]["organization"]["id"] != org


def test_a_refusal_is_not_kept(client, headers, db):
    slug, sent = f"s-{uuid4().hex[:12]}", key()
    assert create(client, headers, sent, slug="NOT A SLUG").status_code == 400
    taken = create(client, headers, key(), slug=slug).json["data"]["organization"]["slug"]
    assert create(client, headers, sent, slug=taken).status_code == 409

    assert create(client, headers, sent, slug=f"{slug}-2").status_code == 201


@pytest.mark.parametrize(
    "sent", ["", "short", "x" * 129, "with\ttab-inside", "umlaut-\xe4\xe4\xe4", " " * 10]
)
def test_a_bad_key_is_named(client, headers, sent):
    reply = create(client, headers, sent)

    assert reply.status_code == 400
    assert reply.json["error"]["details"].keys() == {"Idempotency-Key"}


@pytest.mark.parametrize("sent", ["x" * 8, "x" * 128, "with blanks : and ~signs~"])
def test_any_printable_key_will_do(client, headers, sent):
    assert create(client, headers, sent).status_code == 201


def test_without_a_sign_in_the_header_is_ignored(client):
    body = {
        "email": f"{uuid4().hex}@example.test",
        "password": "a long way to tipperary",
        "password_confirm": "a long way to tipperary",
    }
    headers = {"Idempotency-Key": key()}

    replies = [client.post(REGISTER, json=body, headers=headers) for _ in range(2)]

    assert [reply.status_code for reply in replies] == [201, 409]


def test_what_creates_nothing_ignores_the_header(client, headers, db):
    for bad in ("x", key()):
        sent = {**headers, "Idempotency-Key": bad}
        assert client.get("/api/v1/users/me", headers=sent).status_code == 200
        assert client.post("/api/v1/auth/sessions/refresh", headers=sent).status_code == 200


def test_who_has_lost_the_right_gets_no_answer_from_before(client, make):
    org = make.organization()
    admin = make.member(org, Role.ADMIN)
    body = {"email": make.user().email, "role": "member"}
    headers = {**make.bearer(admin), "Idempotency-Key": key()}
    assert client.post(f"{ORGS}/{org.id}/members", json=body, headers=headers).status_code == 201

    make.change(admin, role=Role.GUEST)

    again = client.post(f"{ORGS}/{org.id}/members", json=body, headers=headers)
    assert again.status_code == 403
    assert "Idempotent-Replay" not in again.headers


def test_while_the_first_runs_the_second_is_told_to_wait(client, headers, runtime, make):
    user = make.user()
    environ = {
        "HTTP_IDEMPOTENCY_KEY": "the-first-one",
        "REQUEST_METHOD": "POST",
        "gatehouse.route": ORGS,
        "PATH_INFO": ORGS,
        "QUERY_STRING": "",
    }
    once = idempotency.asked_for(environ, user.id, b"")
    with idempotency.alone(runtime, once) as stored:
        assert stored is None
        second = create(client, make.bearer(user), "the-first-one")

    assert (second.status_code, second.headers["Retry-After"]) == (409, "1")
    assert create(client, make.bearer(user), "the-first-one").status_code == 201


def test_if_two_are_at_work_all_the_same_the_row_decides(runtime, make):
    """The mark of the first ran out while it worked: the second is undone, whole."""
    once = idempotency.Once(uuid4().bytes * 2, b"r" * 32)
    with unit_of_work(runtime, Origin()) as ctx:
        idempotency.keep(ctx, once, _created({"a": 1}))

    org = Organization(name="Second", slug=f"s-{uuid4().hex[:12]}")
    with pytest.raises(idempotency.StillRunning), unit_of_work(runtime, Origin()) as ctx:
        ctx.db.add(org)
        ctx.db.flush()
        idempotency.keep(ctx, once, _created({"a": 2}))

    with runtime.reading() as db:
        assert named(db, org.slug) == 0
    with idempotency.alone(runtime, once) as stored:
        assert stored == _created({"a": 1})


def _created(data):
    return (HTTPStatus.CREATED, data, None)


def test_what_is_stored_is_sealed_and_found_by_no_name(client, headers, db):
    sent, slug = key(), f"s-{uuid4().hex[:12]}"
    create(client, headers, sent, slug=slug)

    rows = db.execute(select(KEYS)).all()

    assert all(slug not in row.answer and row.answer.startswith("v1.") for row in rows)
    assert all(len(row.key) == len(row.request) == 32 for row in rows)


def test_a_key_that_was_changed_on_the_way_opens_nothing(make_app, address, make):
    sealed_by = {"ENCRYPTION_KEY": "another-key-that-is-long-enough-" * 2}
    user, sent, slug = make.user(), key(), f"s-{uuid4().hex[:12]}"
    headers = make.bearer(user)
    first = create(client_of(make_app(**sealed_by), address), headers, sent, slug=slug)
    again = create(client_of(make_app(), address), headers, sent, slug=slug)

    assert (first.status_code, again.status_code) == (201, 409)
    assert "no longer be read" in again.json["message"]


def test_after_a_day_a_key_is_new_and_the_job_deletes_it(client, headers, db, runtime):
    sent = key()
    create(client, headers, sent)
    with unit_of_work(runtime, Origin()) as ctx:
        day = timedelta(days=1, seconds=1)
        ctx.db.execute(update(KEYS).values(expires_at=ctx.now - day))

    assert create(client, headers, sent).status_code == 201
    with unit_of_work(runtime, Origin()) as ctx:
        ctx.db.execute(update(KEYS).values(expires_at=ctx.now))
    with unit_of_work(runtime, Origin()) as ctx:
        assert idempotency.purge(ctx) >= 1
        assert idempotency.purge(ctx) == 0


def test_a_request_without_the_header_leaves_no_row(client, headers, db):
    before = db.scalar(select(func.count()).select_from(KEYS))
    client.post(ORGS, json={"name": "No key"}, headers=headers)
    db.rollback()

    assert db.scalar(select(func.count()).select_from(KEYS)) == before


def test_the_document_and_the_preflight_name_the_header(client, app, make_app):
    document = client.get("/api/openapi.json").json
    named_in = {
        f"{method} {path}"
        for path, item in document["paths"].items()
        for method, one in item.items()
        if method != "parameters"
        if any(p.get("name") == "Idempotency-Key" for p in one.get("parameters", ()))
    }
    origin = "https://app.example.org"
    asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    preflight = make_app(CORS_ORIGINS=origin).test_client().options(ORGS, headers=asked)

    assert f"post {ORGS}" in named_in
    assert f"post {REGISTER}" not in named_in
    assert all(name.startswith("post ") for name in named_in)
    assert "Idempotency-Key" in preflight.headers["Access-Control-Allow-Headers"]


def test_what_was_created_once_has_one_member(client, headers, db):
    sent, slug = key(), f"s-{uuid4().hex[:12]}"
    for _ in range(3):
        made = create(client, headers, sent, slug=slug)

    org_id = UUID(made.json["data"]["organization"]["id"])
    rows = select(func.count()).select_from(Member).where(Member.org_id == org_id)
    assert db.scalar(rows) == 1
