"""Bodies that nobody should send: a 4xx that names the field, and nothing half-done."""

from time import perf_counter
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from gatehouse.accounts.models import User
from gatehouse.organizations.models import Organization
from tests.conftest import client_of

# It shall be refused, or done, before a database is asked; the stricter one would tell.
pytestmark = pytest.mark.only_on("postgresql")

REGISTER = "/api/v1/auth/register"
LOGIN = "/api/v1/auth/login"
ORGANIZATIONS = "/api/v1/organizations"
PATHS = [REGISTER, LOGIN, ORGANIZATIONS]
JSON = "application/json"
FAST = 2.0  # seconds, on a busy machine


@pytest.fixture
def client(open_app, address):
    return client_of(open_app, address)


@pytest.fixture
def send(client, make):
    """Post to a route as somebody who may."""
    headers = make.bearer(make.user())

    def post(path: str, **options):
        return client.post(path, headers={**headers, **options.pop("headers", {})}, **options)

    return post


def assert_refused(answer, status: int = 400, kind: str | None = None, field: str | None = None):
    assert answer.status_code == status, answer.text
    assert answer.content_type == JSON
    assert set(answer.json) == {"version", "success", "code", "message", "request_id", "error"}
    if kind:
        assert answer.json["error"]["type"] == kind
    if field:
        assert field in answer.json["error"]["details"], answer.text
        assert answer.json["error"]["details"][field]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "data",
    [
        b"{",
        b"}",
        b"nonsense",
        b"{'email': 1}",
        b'{"email": "a@b.c",}',
        b'{"a": 1} {"b": 2}',
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"email": "\xff\xfe"}',
        b'{"email": "\x00"}',
        b'{"email": "a\nb"}',
        b"\xef\xbb\xbf{}",
        '{"email": "x"}'.encode("utf-16"),
        b"\x00",
        b"\x1f\x8b\x08\x00\x00\x00",
        b"[" * 5000 + b"]" * 5000,
        b'{"email":' * 5000 + b"1" + b"}" * 5000,
        b'{"a":' + b"9" * 100_000 + b"e",
    ],
)
def test_what_is_no_json_is_refused_as_such(send, path, data):
    """Threat 213."""
    answer = send(path, data=data, content_type=JSON)

    assert_refused(answer, 400, "BAD_REQUEST", "body")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("text", [b"\\ud800", b"\\udc00\\ud800", b"Kim \\ud800"])
def test_half_a_character_is_refused_by_the_name_of_its_field(send, path, text):
    """Threat 213."""
    answer = send(path, data=b'{"email": "' + text + b'"}', content_type=JSON)

    assert_refused(answer, 400, "VALIDATION_ERROR", "email")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("data", ["[]", "[{}]", "1", "0.5", "true", "null", '"text"', '""'])
def test_json_that_is_no_object_is_refused_as_such(send, path, data):
    """Threat 213."""
    assert_refused(send(path, data=data, content_type=JSON), 400, "VALIDATION_ERROR", "body")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "text/plain; charset=utf-8; application/json",
        "text/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonp",
        "application/javascript",
        "json",
        "x" * 5000,
        "",
        ";",
        "text/plain, application/json",
    ],
)
def test_only_json_is_read(send, path, content_type):
    """Threat 86: a page of a stranger can send all but JSON without being asked."""
    answer = send(path, data='{"name": "x"}', content_type=content_type)

    assert_refused(answer, 415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize(
    "content_type",
    [JSON, "application/json; charset=utf-8", "APPLICATION/JSON", "application/a+json"],
)
def test_every_spelling_of_json_is_read(send, content_type):
    answer = send(ORGANIZATIONS, data='{"name": "Org"}', content_type=content_type)

    assert answer.status_code == 201


@pytest.mark.parametrize(
    ("path", "field"), [(REGISTER, "email"), (LOGIN, "password"), (ORGANIZATIONS, "name")]
)
def test_no_body_is_an_empty_object(send, path, field):
    for options in ({}, {"json": {}}, {"data": b"", "content_type": "text/plain"}):
        assert_refused(send(path, **options), 400, "VALIDATION_ERROR", field)


WRONG = [[], ["a@b.c"], {}, {"$ne": ""}, 0, 1.5, True, False, "", " ", "a" * 100_000]
NEEDED = [(REGISTER, "email"), (LOGIN, "email"), (ORGANIZATIONS, "name")]


@pytest.mark.parametrize(
    ("path", "field", "value"),
    [
        *((path, field, value) for path, field in NEEDED for value in [None, *WRONG]),
        *((ORGANIZATIONS, "slug", value) for value in WRONG),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused_by_its_name(send, path, field, value):
    """Threats 200 and 213."""
    good = {"email": "a@b.example", "password": "x", "password_confirm": "x", "name": "Org"}
    known = {REGISTER: 3, LOGIN: 2, ORGANIZATIONS: 0}[path]
    body = dict(list(good.items())[:known]) if known else {"name": "Org"}

    assert_refused(send(path, json={**body, field: value}), 400, "VALIDATION_ERROR", field)


@pytest.mark.parametrize(
    "name", ["is_admin", "id", "__proto__", "constructor", "self", "ctx", "", "\x00", "a" * 10_000]
)
@pytest.mark.parametrize("path", PATHS)
def test_an_unknown_field_is_refused_by_its_name(send, path, name):
    body = {
        REGISTER: {"email": "a@b.example", "password": "x", "password_confirm": "x"},
        LOGIN: {"email": "a@b.example", "password": "x"},
        ORGANIZATIONS: {"name": "Org"},
    }[path]

    answer = send(path, json={**body, name: 1})

    assert_refused(answer, 400, "VALIDATION_ERROR", name[:100])


@pytest.mark.parametrize("sign", ["\x00", "\x07", "\x1b[31m", "\n", "\r", "\x7f", "\x85", "\u2028"])
def test_control_characters_are_refused_by_the_name_of_the_field(send, sign):
    for path, body, field in (
        (ORGANIZATIONS, {"name": f"Org{sign}x"}, "name"),
        (ORGANIZATIONS, {"name": "Org", "slug": f"a{sign}b"}, "slug"),
        (REGISTER, {"email": f"a{sign}b@c.example"}, "email"),
        (REGISTER, {"full_name": f"A{sign}B"}, "full_name"),
        (LOGIN, {"email": f"a@b{sign}.example"}, "email"),
    ):
        assert_refused(send(path, json=body), 400, "VALIDATION_ERROR", field)


@pytest.mark.parametrize("sign", ["\x00", "\x07", "\x1b", "\r", "\x85"])
def test_a_description_may_break_lines_and_no_more(send, sign):
    good = send(ORGANIZATIONS, json={"name": "Org", "description": "a\nb\r\n\tc"})
    bad = send(ORGANIZATIONS, json={"name": "Org", "description": f"a{sign}b"})

    assert good.json["data"]["organization"]["description"] == "a\nb\n\tc"
    assert_refused(bad, 400, "VALIDATION_ERROR", "description")


@pytest.mark.parametrize("value", ["true", "false", 1, 0, "yes", None, [], {}])
def test_a_flag_is_true_or_false_and_no_word(send, value):
    body = {"email": "a@b.example", "password": "x", "remember_me": value}

    assert_refused(send(LOGIN, json=body), 400, "VALIDATION_ERROR", "remember_me")


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "//evil.example",
        "https://",
        "https://u:p@evil.example/",
        "https://a b.example/",
        "https://a.example/\r\nX: 1",
        "https://" + "a" * 600 + ".example/",
        "http:evil.example",
        "https://[::1",
        "${env:HOME}",
        "../../etc/passwd",
    ],
)
def test_a_logo_has_a_web_address(send, url):
    """Threats 7, 90 and 206."""
    answer = send(ORGANIZATIONS, json={"name": "Org", "logo_url": url})

    assert_refused(answer, 400, "VALIDATION_ERROR", "logo_url")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("size", [1_048_577, 20 * 1024 * 1024])
def test_a_body_that_is_too_large_is_refused_quickly(send, path, size):
    """Threat 204."""
    started = perf_counter()

    answer = send(path, data=b"x" * size, content_type=JSON)

    assert_refused(answer, 413, "PAYLOAD_TOO_LARGE")
    assert perf_counter() - started < FAST


def test_a_body_of_just_one_megabyte_is_read(send):
    answer = send(ORGANIZATIONS, data=b" " * (1_048_576 - 2) + b"{}", content_type=JSON)

    assert_refused(answer, 400, "VALIDATION_ERROR", "name")


@pytest.mark.parametrize(
    "body",
    [
        {"email": "a@b.example", "x": {"a": [{}] * 20_000}},
        {f"field-{n}": n for n in range(20_000)},
        {"email": ["a@b.example"] * 50_000},
    ],
)
def test_a_body_of_many_parts_is_refused_quickly(send, body):
    """Threat 204."""
    started = perf_counter()

    assert_refused(send(LOGIN, json=body), 400, "VALIDATION_ERROR")

    assert perf_counter() - started < FAST


@pytest.mark.parametrize("length", ["-1", "x", "1e3", "²", "9" * 5000, " ", "0x10", "+5"])
def test_a_length_that_is_no_number_is_no_failure_of_ours(client, length):
    """Threat 204."""
    answer = client.post(LOGIN, environ_overrides={"CONTENT_LENGTH": length}, content_type=JSON)

    assert 400 <= answer.status_code < 500
    assert set(answer.json["error"]) == {"type", "details"}


def test_a_password_is_neither_cut_nor_repeated(send):
    """Threat 74."""
    secret = "correct horse battery staple" * 40

    answer = send(REGISTER, json={"email": "a@b.example", "password": secret})

    assert_refused(answer, 400, "VALIDATION_ERROR", "password")
    assert "horse" not in answer.text


def test_what_was_refused_is_not_half_done(send, db, make):
    """Nothing of a refused registration or organization is kept."""
    address, slug = f"{uuid4().hex}@half.example", f"half-{uuid4().hex}"
    password = "correct horse battery staple"

    answers = [
        send(REGISTER, json={"email": address, "password": password, "password_confirm": "other"}),
        send(
            REGISTER,
            json={
                "email": address,
                "password": password,
                "password_confirm": password,
                "full_name": "A\x00",
            },
        ),
        send(ORGANIZATIONS, json={"name": "Org", "slug": slug, "logo_url": "javascript:x"}),
        send(ORGANIZATIONS, json={"name": "Org", "slug": slug, "owner_id": 1}),
    ]

    assert [answer.status_code for answer in answers] == [400] * 4
    assert db.scalar(select(func.count()).select_from(User).where(User.email == address)) == 0
    of_slug = select(func.count()).select_from(Organization).where(Organization.slug == slug)
    assert db.scalar(of_slug) == 0


@pytest.mark.parametrize("sign", ["\u202e", "\u2066", "\u200f"])
def test_a_name_that_turns_the_direction_of_writing_is_refused(send, sign):
    """A name must not read as another one."""
    answer = send(ORGANIZATIONS, json={"name": f"Acme{sign}gro"})

    assert_refused(answer, 400, "VALIDATION_ERROR", "name")


@pytest.mark.parametrize("sign", ["\u202e", "\u2028", "\u200b", "\u3164", "\x07"])
def test_a_description_has_lines_and_nothing_that_is_not_seen(send, sign):
    right = send(ORGANIZATIONS, json={"name": "Acme", "description": "One.\r\n\tTwo \U0001f44d."})
    answer = send(ORGANIZATIONS, json={"name": "Acme", "description": f"One.\n{sign}Two."})

    assert right.json["data"]["organization"]["description"] == "One.\n\tTwo \U0001f44d."
    assert_refused(answer, 400, "VALIDATION_ERROR", "description")


LOGOUT = "/api/v1/auth/logout"


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ({}, 200),
        ({"json": {}}, 200),
        ({"data": b"", "content_type": JSON}, 200),
        ({"json": {"everywhere": True}}, 400),
        ({"json": []}, 400),
        ({"data": b"{", "content_type": JSON}, 400),
        ({"data": "everywhere=1", "content_type": "application/x-www-form-urlencoded"}, 415),
        ({"data": b"x" * 1_100_000, "content_type": JSON}, 413),
    ],
)
def test_what_is_sent_where_nothing_is_taken_is_refused_and_an_empty_object_passes(
    send, options, status
):
    answer = send(LOGOUT, **options)

    assert answer.status_code == status, answer.text
    if "everywhere" in options.get("json", ()):
        message = answer.json["error"]["details"]["everywhere"]
        assert message == ["Unknown field. This endpoint takes none."]


def test_the_body_of_a_get_is_not_read(client, make):
    headers = make.bearer(make.user())

    assert client.get("/api/v1/users/me", json={"x": 1}, headers=headers).status_code == 200


def test_strangers_are_not_told_what_an_endpoint_takes(client):
    assert client.post(LOGOUT, json={"x": 1}).status_code == 401
