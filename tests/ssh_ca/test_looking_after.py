"""A member who looks after one authority: what that lets them do, and what it does not."""

from typing import Any

import pytest

from tests.ssh_ca.places import Place


@pytest.fixture
def named(place: Place) -> Any:
    """An authority that the member looks after."""
    made = place.created()
    sent = {"user_id": str(place.member.user_id), "permission": "admin"}
    reply = place.http.post(_permissions(place, made), json=sent, headers=place.as_admin)
    assert reply.status_code == 201, reply.text
    return made


def _permissions(place: Place, ca: Any) -> str:
    return f"{place.path}/{ca['id']}/permissions"


def asked(place: Place, ca: Any, verb: str, more: str = "", **body: Any) -> int:
    send = getattr(place.http, verb)
    path = f"{place.path}/{ca['id']}{more}"
    status: int = send(path, json=body or None, headers=place.as_member).status_code
    return status


def test_they_read_change_and_rotate_it(place: Place, named):
    assert asked(place, named, "get") == 200
    assert asked(place, named, "get", "/keys") == 200
    assert asked(place, named, "patch", name="Renamed") == 200
    assert asked(place, named, "post", "/rotate", reason="yearly") == 200


def test_they_say_who_may_ask_and_nobody_else_to_look_after_it(place: Place, named):
    other = place.make.member(place.org)
    sent = {"user_id": str(other.user_id)}
    assert asked(place, named, "get", "/permissions") == 200
    assert asked(place, named, "post", "/permissions", **sent) == 201
    assert asked(place, named, "delete", f"/permissions/{other.user_id}") == 200

    assert asked(place, named, "post", "/permissions", **sent, permission="admin") == 403
    assert asked(place, named, "delete", f"/permissions/{place.member.user_id}") == 403


def test_the_rest_is_for_admins_and_owners(place: Place, named):
    [key] = place.keys(named, "active")
    other = place.created(name="Machines", ca_type="host")

    assert asked(place, named, "delete", reason="x") == 403
    for verb in ("retire", "compromise"):
        assert asked(place, named, "post", f"/keys/{key['id']}/{verb}", reason="x") == 403
    assert asked(place, other, "get") == 403
    assert asked(place, other, "patch", name="x") == 403
    assert place.http.get(place.path, headers=place.as_member).status_code == 403


def test_it_ends_with_the_permission(place: Place, named):
    """Threat 181."""
    path = f"{_permissions(place, named)}/{place.member.user_id}"
    assert place.http.delete(path, headers=place.as_admin).status_code == 200

    assert asked(place, named, "get") == 403
    assert asked(place, named, "post", "/rotate") == 403
