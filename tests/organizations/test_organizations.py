"""Creating, reading, changing and deleting organizations."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient

from gatehouse.core.context import Origin, unit_of_work
from gatehouse.core.roles import Role
from gatehouse.organizations.errors import OrganizationNotFound
from gatehouse.organizations.queries import get_organization
from gatehouse.organizations.service import organizations
from gatehouse.organizations.service.organizations import lock_organization
from tests.audit.record import assert_recorded, entries_of
from tests.factories import Factory
from tests.organizations.people import Circle

ORGANIZATIONS = "/api/v1/organizations"
FIELDS = {
    "id",
    "name",
    "slug",
    "description",
    "logo_url",
    "is_active",
    "settings",
    "created_at",
    "updated_at",
}


def word() -> str:
    return uuid4().hex[:12]


def create(client: FlaskClient, headers: dict[str, str], **sent: object):
    return client.post(ORGANIZATIONS, json=sent, headers=headers)


def test_whoever_creates_an_organization_owns_it(client: FlaskClient, make: Factory):
    headers, slug = make.bearer(make.user()), word()

    reply = create(client, headers, name=" Acme ", slug=slug, description="a\r\nb")

    assert reply.status_code == 201
    made = reply.json["data"]["organization"]
    assert set(made) == FIELDS
    assert (made["name"], made["slug"], made["description"]) == ("Acme", slug, "a\nb")
    assert (made["logo_url"], made["is_active"], made["settings"]) == (None, True, {})
    [own] = client.get("/api/v1/users/me/organizations", headers=headers).json["data"][
        "organizations"
    ]
    assert own == made | {"role": "owner", "is_suspended": False}


def test_a_creation_is_recorded_once(client: FlaskClient, make: Factory):
    user, slug = make.user(), word()

    reply = create(client, make.bearer(user), name="Acme", slug=slug)

    org_id = UUID(reply.json["data"]["organization"]["id"])
    entry = assert_recorded(
        client, reply, "organization.created", actor=user.id, org=org_id, resource=org_id
    )
    assert entry.details == {"slug": slug}


def test_without_a_slug_one_is_made_of_the_name(client: FlaskClient, make: Factory):
    headers, name = make.bearer(make.user()), f"Zürich {word()}"

    slugs = [
        create(client, headers, name=name, **more).json["data"]["organization"]["slug"]
        for more in ({}, {"slug": None}, {})
    ]

    expected = name.lower().replace("ü", "u").replace(" ", "-")
    assert slugs == [expected, f"{expected}-2", f"{expected}-3"]


def test_a_taken_slug_is_a_conflict(client: FlaskClient, make: Factory):
    org = make.organization()

    reply = create(client, make.bearer(make.user()), name="Other", slug=org.slug)

    assert reply.status_code == 409
    assert reply.json["error"] == {"type": "CONFLICT", "details": {"slug": org.slug}}
    assert entries_of(client, reply) == []


@pytest.mark.parametrize(
    "slug",
    [
        "",
        "-a",
        "a-",
        "-",
        "A",
        "a b",
        "a_b",
        "a.b",
        "a/b",
        "a" * 64,
        "ä",
        "\N{CYRILLIC SMALL LETTER A}cme",
        "acme\n",
        "acme\0",
        "\nacme",
        "acme%20",
        7,
        [],
    ],
)
def test_a_bad_slug_is_refused(client: FlaskClient, make: Factory, slug):
    reply = create(client, make.bearer(make.user()), name="Acme", slug=slug)

    assert reply.status_code == 400
    assert set(reply.json["error"]["details"]) == {"slug"}


@pytest.mark.parametrize("slug", ["a", "0", "a-b", "a--b", "9" * 12])
def test_a_good_slug_is_taken_as_it_is(client: FlaskClient, make: Factory, slug):
    unique = f"{slug}{word()}"

    reply = create(client, make.bearer(make.user()), name="Acme", slug=unique)

    assert reply.json["data"]["organization"]["slug"] == unique


BAD_FIELDS = [
    ("name", None),
    ("name", ""),
    ("name", "  "),
    ("name", "x" * 256),
    ("name", "a\nb"),
    ("name", "a\0b"),
    ("name", 7),
    ("description", "x" * 2001),
    ("description", "a\0b"),
    ("description", 7),
    ("logo_url", "javascript:alert(1)"),
    ("logo_url", "data:image/svg+xml,<svg/>"),
    ("logo_url", "https://a@b.test/"),
    ("logo_url", "//evil.test/x.png"),
    ("logo_url", "https://x.test/" + "a" * 498),
    ("id", "01890a5d-ac96-774b-bcce-b302099a8057"),
    ("is_active", False),
    ("settings", {}),
    ("owner", "01890a5d-ac96-774b-bcce-b302099a8057"),
    ("owner_id", "01890a5d-ac96-774b-bcce-b302099a8057"),
    ("created_at", "2020-01-01T00:00:00Z"),
    ("deleted_at", None),
]


@pytest.mark.parametrize(("field", "value"), BAD_FIELDS)
def test_a_bad_or_smuggled_field_is_named_on_creation_and_on_change(
    client: FlaskClient, circle: Circle, field, value
):
    """Threats 7 and 173."""
    created = create(client, circle.as_owner, **({"name": "Acme"} | {field: value}))
    changed = client.patch(circle.path(), json={field: value}, headers=circle.as_owner)

    assert (created.status_code, changed.status_code) == (400, 400)
    assert set(created.json["error"]["details"]) == {field}
    assert set(changed.json["error"]["details"]) == {field}


def test_a_name_is_needed(client: FlaskClient, make: Factory):
    reply = create(client, make.bearer(make.user()))

    assert set(reply.json["error"]["details"]) == {"name"}


def test_reading_tells_the_organization_and_how_many_are_in_it(client: FlaskClient, circle: Circle):
    circle.join(Role.GUEST)

    data = client.get(circle.path(), headers=circle.as_owner).json["data"]

    assert set(data) == {"organization", "member_count"}
    assert set(data["organization"]) == FIELDS
    assert data["organization"]["slug"] == circle.org.slug
    assert data["member_count"] == 3


@pytest.mark.parametrize(
    "sent",
    [
        {"name": "New"},
        {"description": "New\n\ttext"},
        {"description": None},
        {"logo_url": "https://x.test/a.png"},
        {"logo_url": None},
        {"name": "New", "description": "d", "logo_url": "http://localhost/a.png"},
    ],
)
def test_what_is_sent_changes_and_the_rest_stays(
    client: FlaskClient, make: Factory, circle: Circle, sent
):
    make.change(circle.org, description="Old", logo_url="https://old.test/a.png")
    before = client.get(circle.path(), headers=circle.as_owner).json["data"]["organization"]

    reply = client.patch(circle.path(), json=sent, headers=circle.as_owner)

    after = client.get(circle.path(), headers=circle.as_owner).json["data"]["organization"]
    assert reply.json["data"]["organization"] == after
    assert after == before | sent | {"updated_at": after["updated_at"]}
    assert after["updated_at"] > before["updated_at"]
    entry = assert_recorded(
        client,
        reply,
        "organization.changed",
        actor=circle.owner.user_id,
        org=circle.org.id,
        resource=circle.org.id,
    )
    assert sorted(entry.details["fields"]) == sorted(sent)


def test_a_change_to_the_same_is_none(client: FlaskClient, circle: Circle):
    reply = client.patch(circle.path(), json={"name": circle.org.name}, headers=circle.as_owner)

    assert reply.status_code == 200
    assert entries_of(client, reply) == []


def test_the_slug_cannot_be_changed(client: FlaskClient, circle: Circle):
    reply = client.patch(circle.path(), json={"slug": word()}, headers=circle.as_owner)

    assert reply.status_code == 400
    assert set(reply.json["error"]["details"]) == {"slug"}


def test_an_organization_with_others_is_not_deleted(client: FlaskClient, circle: Circle):
    reply = client.delete(circle.path(), headers=circle.as_owner)

    assert reply.status_code == 409
    assert reply.json["error"] == {"type": "ORG_HAS_MEMBERS", "details": {"member_count": 1}}
    assert entries_of(client, reply) == []


def test_a_suspended_member_counts_among_the_others(
    client: FlaskClient, make: Factory, circle: Circle
):
    make.change(circle.other_owner, suspended_at=circle.owner.created_at)

    assert client.delete(circle.path(), headers=circle.as_owner).status_code == 409


def test_an_empty_organization_is_deleted_and_gone(
    client: FlaskClient, make: Factory, circle: Circle
):
    headers = circle.as_owner
    client.delete(circle.path(f"/members/{circle.other_owner.user_id}"), headers=headers)

    reply = client.delete(circle.path(), headers=headers)

    assert (reply.status_code, reply.json["data"]) == (200, {})
    assert_recorded(
        client,
        reply,
        "organization.deleted",
        actor=circle.owner.user_id,
        org=circle.org.id,
        resource=circle.org.id,
    )
    for rest in ("", "/members", "/audit-logs"):
        assert client.get(circle.path(rest), headers=headers).status_code == 404
    for path in ("/api/v1/auth/me", "/api/v1/users/me/organizations"):
        assert client.get(path, headers=headers).json["data"]["organizations"] == []
    assert client.delete(circle.path(), headers=headers).status_code == 404


def test_deleting_needs_a_fresh_sign_in(client: FlaskClient, make: Factory, circle: Circle):
    headers = make.bearer(circle.owner, signed_in_ago=timedelta(minutes=11))

    reply = client.delete(circle.path(), headers=headers)

    assert reply.json["error"] == {
        "type": "REAUTHENTICATION_REQUIRED",
        "details": {"max_age": 600},
    }


def test_a_freed_slug_inherits_nothing(client: FlaskClient, make: Factory):
    """Threat 123."""
    org = make.organization(description="Secret")
    first = make.member(org, Role.OWNER)
    assert client.delete(f"{ORGANIZATIONS}/{org.id}", headers=make.bearer(first)).status_code == 200
    headers = make.bearer(make.user())

    made = create(client, headers, name="Other", slug=org.slug).json["data"]["organization"]

    assert made["id"] != str(org.id)
    assert made["description"] is None
    read = client.get(f"{ORGANIZATIONS}/{made['id']}", headers=headers).json["data"]
    assert read["member_count"] == 1
    logs = client.get(f"{ORGANIZATIONS}/{made['id']}/audit-logs", headers=headers)
    assert [entry["action"] for entry in logs.json["data"]["audit_logs"]] == [
        "organization.created"
    ]


def test_ones_own_organizations_come_in_pages_by_name(client: FlaskClient, make: Factory):
    user = make.user()
    for name, role in (("B", Role.GUEST), ("A", Role.OWNER), ("C", Role.ADMIN)):
        make.member(make.organization(name=name), role, user=user)

    reply = client.get("/api/v1/users/me/organizations?per_page=2", headers=make.bearer(user))

    listed = reply.json["data"]["organizations"]
    assert [(entry["name"], entry["role"]) for entry in listed] == [("A", "owner"), ("B", "guest")]
    assert reply.json["meta"]["pagination"] == {"page": 1, "per_page": 2, "total": 3, "pages": 2}
    assert set(listed[0]) == FIELDS | {"role", "is_suspended"}


def test_a_name_that_too_many_have_asks_for_a_slug(client, make, monkeypatch):
    monkeypatch.setattr(organizations, "MOST_SLUGS_TRIED", 3)
    headers, name = make.bearer(make.user()), f"Common {uuid4().hex}"

    replies = [client.post(ORGANIZATIONS, json={"name": name}, headers=headers) for _ in range(3)]

    assert [reply.status_code for reply in replies] == [201, 201, 400]
    assert "Send a slug." in replies[-1].json["error"]["details"]["slug"][0]


@pytest.mark.parametrize("act", [get_organization, lock_organization])
def test_an_organization_that_went_a_moment_ago_is_not_found(runtime, act):
    with pytest.raises(OrganizationNotFound), unit_of_work(runtime, Origin("gone")) as ctx:
        act(ctx, uuid4())
