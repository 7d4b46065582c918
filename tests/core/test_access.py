"""Who may call: declarations, the Authorization header, roles, elevation."""

from datetime import timedelta
from uuid import uuid4

import pytest

from gatehouse.core.access import Access, access_of, public, signed_in
from gatehouse.core.http import Api
from gatehouse.core.roles import Role
from gatehouse.core.tokens import SESSION, is_well_formed

ME = "/api/v1/users/me"
# With the right checksum, and nobody's.
WELL_FORMED = "ghs_Test0Test0Test0Test0Test0Test0Test0Test0Tes01m8D1"


@pytest.mark.parametrize("mount", ["get", "post", "put", "patch", "delete"])
def test_a_view_without_a_declaration_cannot_be_mounted(mount):
    api = Api("undeclared")

    def view(ctx):
        """Do nothing."""

    with pytest.raises(TypeError, match="view declares no access"):
        getattr(api, mount)("/x")(view)


def test_a_declared_view_is_itself_still():
    def view(ctx):
        """Do nothing."""

    assert public(view) is view
    assert access_of(view) == Access(is_public=True, knows_callers=False)
    assert access_of(signed_in(view)) == Access(is_public=False)


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        (None, "AUTH_REQUIRED"),
        ("", "AUTH_REQUIRED"),
        ("Bearer", "INVALID_AUTH_FORMAT"),
        ("Bearer ", "INVALID_AUTH_FORMAT"),
        ("Bearer  ", "INVALID_AUTH_FORMAT"),
        (WELL_FORMED, "INVALID_AUTH_FORMAT"),
        (f"Token {WELL_FORMED}", "INVALID_AUTH_FORMAT"),
        ("Basic dXNlcjpwYXNz", "INVALID_AUTH_FORMAT"),
        (f"Basic dXNlcjpwYXNz, Bearer {WELL_FORMED}", "INVALID_AUTH_FORMAT"),
        (f"Bearer {WELL_FORMED}, Basic dXNlcjpwYXNz", "INVALID_AUTH_FORMAT"),
        (f"Bearer {WELL_FORMED},Bearer {WELL_FORMED}", "INVALID_AUTH_FORMAT"),
        (f"Bearer {WELL_FORMED} {WELL_FORMED}", "INVALID_AUTH_FORMAT"),
        (f"Bearer  {WELL_FORMED}", "INVALID_AUTH_FORMAT"),
        (f"Bearer {WELL_FORMED} ", "INVALID_AUTH_FORMAT"),
        (f"Bearer\t{WELL_FORMED}", "INVALID_AUTH_FORMAT"),
        (f" Bearer {WELL_FORMED}", "INVALID_AUTH_FORMAT"),
        (f"Bearer: {WELL_FORMED}", "INVALID_AUTH_FORMAT"),
        (f"Bearer={WELL_FORMED}", "INVALID_AUTH_FORMAT"),
        (f"Bearer {WELL_FORMED}\xe9", "INVALID_AUTH_FORMAT"),
        (f"B\xe9arer {WELL_FORMED}", "INVALID_AUTH_FORMAT"),
        (f"Bearer {WELL_FORMED}", "INVALID_TOKEN"),
        (f"bearer {WELL_FORMED}", "INVALID_TOKEN"),
        (f"BEARER {WELL_FORMED}", "INVALID_TOKEN"),
        (f"Bearer {WELL_FORMED}\t", "INVALID_TOKEN"),
        (f"Bearer {WELL_FORMED}\x00", "INVALID_TOKEN"),
        (f"Bearer {WELL_FORMED[:-1]}", "INVALID_TOKEN"),
        (f"Bearer {WELL_FORMED}x", "INVALID_TOKEN"),
        (f"Bearer {WELL_FORMED.swapcase()}", "INVALID_TOKEN"),
        ("Bearer null", "INVALID_TOKEN"),
        ("Bearer undefined", "INVALID_TOKEN"),
        ("Bearer ' OR 1=1 --".replace(" OR ", "/**/OR/**/").replace(" --", "--"), "INVALID_TOKEN"),
        ("Bearer " + "A" * 65_536, "INVALID_TOKEN"),
        ("Bearer ghs_" + "A" * 65_536, "INVALID_TOKEN"),
        ("A" * 65_536, "INVALID_AUTH_FORMAT"),
    ],
)
def test_whoever_is_not_recognised_is_told_how_to_ask(client, header, kind):
    """Threat 191."""
    environ = {} if header is None else {"HTTP_AUTHORIZATION": header}

    answer = client.get(ME, environ_overrides=environ)

    assert answer.status_code == 401
    assert answer.json["error"]["type"] == kind
    challenge = answer.headers["WWW-Authenticate"]
    assert challenge.startswith('Bearer realm="gatehouse"')
    assert ('error="invalid_token"' in challenge) is (kind == "INVALID_TOKEN")
    assert WELL_FORMED not in answer.text


def test_that_token_could_be_ours():
    assert is_well_formed(WELL_FORMED, SESSION)


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_scheme_is_read_without_case(client, make, scheme):
    token = make.session(make.user().id)

    answer = client.get(ME, headers={"Authorization": f"{scheme} {token}"})

    assert answer.status_code == 200


def test_a_token_anywhere_else_is_not_looked_at(client, make):
    """Threats 83 and 189."""
    token = make.session(make.user().id)

    answers = [
        client.get(f"{ME}?access_token={token}&token={token}"),
        client.get(ME, headers={"Cookie": f"gatehouse_session={token}; token={token}"}),
        client.get(ME, headers={"X-Authorization": f"Bearer {token}", "X-Auth-Token": token}),
        client.get(ME, headers={"Proxy-Authorization": f"Bearer {token}"}),
        client.get(
            ME, data=f"access_token={token}", content_type="application/x-www-form-urlencoded"
        ),
    ]

    assert [answer.status_code for answer in answers] == [401] * len(answers)


@pytest.mark.parametrize(
    "header",
    ["X-User", "X_User", "X-Remote-User", "X-Forwarded-User", "X-Original-URI", "X-Forwarded-Uri"],
)
def test_no_header_says_who_one_is(client, make, header):
    """Threat 189."""
    user = make.user()

    answer = client.get(ME, headers={header: str(user.id), "User-Agent": "kube-probe/1.0"})

    assert answer.status_code == 401


@pytest.mark.parametrize(
    "cookie",
    ["", "=", "; ;", "a=b; a=c", "__Host-gatehouse=x", "=nameless", "a" * 5000, "\xff=\xfe", '"'],
)
def test_a_cookie_of_any_kind_is_no_failure(client, make, cookie):
    """Threat 84."""
    headers = make.bearer(make.user())

    signed_in_answer = client.get(ME, headers=headers, environ_overrides={"HTTP_COOKIE": cookie})
    anonymous = client.get(ME, environ_overrides={"HTTP_COOKIE": cookie})

    assert (signed_in_answer.status_code, anonymous.status_code) == (200, 401)


def test_a_public_route_does_not_look_at_a_token(client):
    answer = client.get("/api/health/live", headers={"Authorization": "Basic nonsense"})

    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("role", "read", "change"),
    [
        (Role.OWNER, 200, 200),
        (Role.ADMIN, 200, 200),
        (Role.MEMBER, 200, 403),
        (Role.GUEST, 200, 403),
        (None, 404, 404),
    ],
)
def test_members_without_the_permission_get_403_and_strangers_404(client, make, role, read, change):
    org = make.organization()
    caller = make.member(org, role) if role else make.user()
    headers = make.bearer(caller)
    url = f"/api/v1/organizations/{org.id}"

    assert client.get(url, headers=headers).status_code == read
    assert client.patch(url, json={"name": "New"}, headers=headers).status_code == change


def test_a_stranger_cannot_tell_an_organization_from_none(client, make):
    headers = make.bearer(make.user())

    there = client.get(f"/api/v1/organizations/{make.organization().id}", headers=headers).json
    nowhere = client.get(f"/api/v1/organizations/{uuid4()}", headers=headers).json

    there.pop("request_id")
    nowhere.pop("request_id")
    assert there == nowhere


@pytest.mark.parametrize(
    ("ago", "passes"),
    [
        (timedelta(0), True),
        (timedelta(minutes=9, seconds=50), True),
        (timedelta(minutes=10, seconds=1), False),
        (timedelta(days=3), False),
    ],
)
def test_an_elevated_verb_wants_a_sign_in_within_ten_minutes(client, make, ago, passes):
    org = make.organization()
    headers = make.bearer(make.member(org, Role.OWNER), signed_in_ago=ago)

    answer = client.delete(f"/api/v1/organizations/{org.id}", headers=headers)

    if passes:
        assert answer.status_code == 200
    else:
        assert answer.status_code == 403
        assert answer.json["error"] == {
            "type": "REAUTHENTICATION_REQUIRED",
            "details": {"max_age": 600},
        }


def test_elevation_is_no_permission(client, make):
    """A stale member is told about the role, a stale stranger nothing at all."""
    org = make.organization()
    member = make.bearer(make.member(org, Role.MEMBER), signed_in_ago=timedelta(hours=1))
    stranger = make.bearer(make.user(), signed_in_ago=timedelta(hours=1))
    url = f"/api/v1/organizations/{org.id}"

    refused = client.delete(url, headers=member)

    assert (refused.status_code, refused.json["error"]["type"]) == (403, "AUTHORIZATION_ERROR")
    assert client.delete(url, headers=stranger).status_code == 404


def test_ranks_follow_each_other():
    ranks = [role.rank for role in (Role.GUEST, Role.MEMBER, Role.ADMIN, Role.OWNER)]

    assert ranks == [0, 1, 2, 3]
