"""Who may use an authority, and who reads what machines believe."""

from datetime import timedelta

import pytest

from gatehouse.core.openssh.keys import read_public_key
from gatehouse.core.roles import Role
from tests.audit.record import assert_recorded, entry_of
from tests.ssh_ca.places import Place

TRUST = "/api/v1/ssh/ca/public-key"


@pytest.fixture(params=["by its organization", "by itself"])
def doors(request, place: Place):
    """Both addresses of an authority's permissions."""

    def path(ca) -> str:
        if request.param == "by itself":
            return f"/api/v1/ssh/ca/{ca['id']}/permissions"
        return f"{place.path}/{ca['id']}/permissions"

    return path


def test_who_is_named_is_told_and_taken_away_again(place: Place, doors):
    path, someone = doors(place.created()), {"user_id": str(place.member.user_id)}
    assert place.http.get(path, headers=place.as_admin).json["data"]["open_to_all"] is True

    given = place.http.post(path, json=someone, headers=place.as_admin)

    assert given.status_code == 201, given.text
    row = given.json["data"]["permission"]
    assert (row["user_id"], row["permission"]) == (someone["user_id"], "sign")
    assert "@" in row["user_email"]
    assert_recorded(
        place.http,
        given,
        "ssh_authority.permission_given",
        actor=place.admin.user_id,
        target=place.member.user_id,
        org=place.org.id,
    )
    told = place.http.get(path, headers=place.as_admin).json["data"]
    assert (told["permissions"], told["open_to_all"]) == ([row], False)
    twice = place.http.post(path, json=someone, headers=place.as_admin)
    assert twice.status_code == 409
    one = f"{path}/{someone['user_id']}"
    assert place.http.delete(one, headers=place.as_admin).status_code == 200
    assert place.http.delete(one, headers=place.as_admin).status_code == 404
    assert place.http.get(path, headers=place.as_admin).json["data"]["open_to_all"] is True


def test_looking_after_one_closes_it_to_nobody(place: Place, doors):
    path = doors(place.created())
    sent = {"user_id": str(place.member.user_id), "permission": "admin"}

    place.http.post(path, json=sent, headers=place.as_admin)

    assert place.http.get(path, headers=place.as_admin).json["data"]["open_to_all"] is True


def test_only_members_get_one_and_only_admins_give_it(place: Place, elsewhere: Place, doors):
    path = doors(place.created())
    stranger = {"user_id": str(elsewhere.member.user_id)}

    assert place.http.post(path, json=stranger, headers=place.as_admin).status_code == 404
    mine = {"user_id": str(place.member.user_id)}
    assert place.http.post(path, json=mine, headers=place.as_member).status_code == 403
    assert place.http.get(path, headers=place.as_member).status_code == 403
    for reply in (
        elsewhere.http.get(path, headers=elsewhere.as_owner),
        elsewhere.http.post(path, json=stranger, headers=elsewhere.as_owner),
        elsewhere.http.delete(f"{path}/{mine['user_id']}", headers=elsewhere.as_owner),
    ):
        assert reply.status_code == 404


def test_whoever_leaves_loses_it_for_good(place: Place, doors):
    """Threat 181."""
    path, user_id = doors(place.created()), place.member.user_id
    place.http.post(path, json={"user_id": str(user_id)}, headers=place.as_admin)

    gone = place.http.delete(
        f"/api/v1/organizations/{place.org.id}/members/{user_id}", headers=place.as_admin
    )

    assert gone.status_code == 200, gone.text
    ended = entry_of(place.http, gone).details
    assert (ended["ssh_permissions_ended"], ended["ssh_authorities_opened"]) == (1, 1)
    place.make.member(place.org, Role.MEMBER, user=place.make.user())
    assert place.http.get(path, headers=place.as_admin).json["data"]["permissions"] == []


def test_members_read_what_machines_believe(place: Place):
    made = place.created()
    place.rotate(made)

    reply = place.http.get(TRUST, headers=place.as_member)

    assert reply.status_code == 200, reply.text
    told = reply.json["data"]
    assert (told["ca_type"], told["ca_name"]) == ("user", "People")
    assert told["fingerprint"] == made["fingerprint"]
    assert [key["state"] for key in told["keys"]] == ["active", "next"]
    for key in told["keys"]:
        assert read_public_key(key["public_key"]).fingerprint == key["fingerprint"]


def test_what_is_trusted_no_more_is_left_out(place: Place):
    made = place.created()
    [bad] = place.keys(made, "active")
    place.act(made, bad, "compromise", reason="lost")

    told = place.http.get(TRUST, headers=place.as_member).json["data"]

    assert bad["fingerprint"] not in {key["fingerprint"] for key in told["keys"]}
    assert len(told["keys"]) == 1


def test_an_organization_is_named_by_who_is_in_several(place: Place, elsewhere: Place):
    place.created()
    elsewhere.make.member(elsewhere.org, Role.MEMBER, user=user_of(place))

    unsaid = place.http.get(TRUST, headers=place.as_member)
    said = place.http.get(f"{TRUST}?organization_id={place.org.id}", headers=place.as_member)
    other = place.http.get(f"{TRUST}?organization_id={elsewhere.org.id}", headers=place.as_member)

    assert (unsaid.status_code, unsaid.json["error"]["type"]) == (400, "ORGANIZATION_REQUIRED")
    slugs = {each["slug"] for each in unsaid.json["error"]["details"]["organizations"]}
    assert slugs == {place.org.slug, elsewhere.org.slug}
    assert said.status_code == 200
    assert (other.status_code, other.json["error"]["type"]) == (404, "CA_NOT_CONFIGURED")


def user_of(place: Place):
    with place.http.application.extensions["gatehouse"].reading() as db:
        return db.get(type(place.make.user()), place.member.user_id)


@pytest.mark.parametrize("query", ["ca_type=x", "organization_id=x", "type=host"])
def test_a_wrong_question_is_refused(place: Place, query: str):
    assert place.http.get(f"{TRUST}?{query}", headers=place.as_member).status_code == 400


def test_strangers_and_guests_read_nothing(place: Place, elsewhere: Place):
    place.created()
    guest = place.make.bearer(place.make.member(place.org, Role.GUEST))
    path = f"{TRUST}?organization_id={place.org.id}"

    assert elsewhere.http.get(path, headers=elsewhere.as_owner).status_code == 404
    assert place.http.get(path, headers=guest).status_code == 403


def test_who_is_named_is_said_with_a_fresh_sign_in(place: Place, doors):
    """It opens and closes an authority."""
    path, user_id = doors(place.created()), str(place.member.user_id)
    stale = place.make.bearer(place.admin, signed_in_ago=timedelta(minutes=11))

    given = place.http.post(path, json={"user_id": user_id}, headers=stale)
    fresh = place.http.post(path, json={"user_id": user_id}, headers=place.as_admin)
    taken = place.http.delete(f"{path}/{user_id}", headers=stale)

    assert fresh.status_code == 201
    for reply in (given, taken):
        assert reply.json["error"]["type"] == "REAUTHENTICATION_REQUIRED"


def test_a_stranger_hears_the_same_of_one_that_is_there(place: Place, elsewhere: Place):
    there, nowhere = (
        place.http.get(f"/api/v1/ssh/ca/{each}/permissions", headers=elsewhere.as_owner)
        for each in (place.created()["id"], place.org.id)
    )
    assert (there.status_code, there.json["message"]) == (404, nowhere.json["message"])
    assert there.json["error"] == nowhere.json["error"]
