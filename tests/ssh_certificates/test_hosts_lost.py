"""What ends certificates for hosts that people have: all that ends their others, and their role."""

import pytest

from tests.ssh_certificates.offices import HOST_NAME as NAME
from tests.ssh_certificates.offices import HostOffice

Headers = dict[str, str]


@pytest.fixture
def office(client, make) -> HostOffice:
    return HostOffice(client, make)


def post(office: HostOffice, path: str, by: Headers, said: object = None, status: int = 200):
    reply = office.http.post(f"/api/v1/{path}", json=said, headers=by)
    assert reply.status_code == status, reply.text


def operator(office: HostOffice) -> Headers:
    return office.make.bearer(office.make.user(is_operator=True))


def suspended(office: HostOffice) -> tuple[int, str]:
    path = f"organizations/{office.org.id}/members/{office.admin.user_id}/suspend"
    post(office, path, office.as_owner)
    return 403, "MEMBERSHIP_SUSPENDED"


def removed(office: HostOffice) -> tuple[int, str]:
    path = f"/api/v1/organizations/{office.org.id}/members/{office.admin.user_id}"
    assert office.http.delete(path, headers=office.as_owner).status_code == 200
    return 404, "NOT_FOUND"


def left(office: HostOffice) -> tuple[int, str]:
    post(office, f"organizations/{office.org.id}/leave", office.as_admin)
    return 404, "NOT_FOUND"


def locked(office: HostOffice) -> tuple[int, str]:
    path = f"organizations/{office.org.id}/users/{office.admin.user_id}/lock"
    post(office, path, office.as_owner, {}, 201)
    office.as_admin = office.make.bearer(office.admin)
    return 403, "USER_LOCKED"


def made_a_member(office: HostOffice) -> tuple[int, str]:
    path = f"/api/v1/organizations/{office.org.id}/members/{office.admin.user_id}/role"
    reply = office.http.patch(path, json={"role": "member"}, headers=office.as_owner)
    assert reply.status_code == 200, reply.text
    return 403, "AUTHORIZATION_ERROR"


def named_no_more(office: HostOffice) -> tuple[int, str]:
    office.name(office.owner, office.admin)
    office.unname(office.admin)
    return 403, "CA_PERMISSION_DENIED"


def key_deleted(office: HostOffice) -> tuple[int, str]:
    path = f"/api/v1/ssh/keys/{office.host_key.id}"
    assert office.http.delete(path, headers=office.as_admin).status_code == 200
    return 400, "NO_VERIFIED_KEYS"


def key_revoked(office: HostOffice) -> tuple[int, str]:
    said = {"key_fingerprint": office.host_key.fingerprint}
    assert office.revoke_all(office.as_owner, **said).status_code == 200
    return 409, "KEY_NOT_VERIFIED"


def account_suspended(office: HostOffice) -> tuple[int, str]:
    post(office, f"admin/users/{office.admin.user_id}/suspend", operator(office), {})
    return 401, "INVALID_TOKEN"


def account_deleted(office: HostOffice) -> tuple[int, str]:
    post(office, f"admin/users/{office.admin.user_id}/delete", operator(office), {"confirm": True})
    return 401, "INVALID_TOKEN"


@pytest.mark.parametrize(
    "how",
    [
        *(suspended, removed, left, locked, made_a_member, named_no_more, key_deleted),
        *(key_revoked, account_suspended, account_deleted),
    ],
)
def test_who_might_not_ask_any_more_keeps_none(office: HostOffice, how):
    """Threats 181, 218, 221: at once, and gets no other; what others have stays."""
    office.key_of(office.owner)
    theirs = office.host_signed(office.as_owner, principals=["db2.example.com"])
    mine = [office.host_signed(), office.host_signed(principals=["db3.example.com"])]

    refusal = how(office)

    assert [office.is_refused(each) for each in (*mine, theirs)] == [True, True, False]
    told = office.host_refused(organization_id=str(office.org.id))
    assert told[:2] == refusal


@pytest.mark.parametrize(
    "by", ["certificate", "own", "user_id", "key_fingerprint", "principal", "issued_before"]
)
def test_it_is_revoked_as_any_other(office: HostOffice, by: str):
    """SSH-16; threat 219."""
    told, people = office.host_signed(), office.signed()
    said = {
        "user_id": told["user_id"],
        "key_fingerprint": told["fingerprint"],
        "principal": NAME,
        "issued_before": people["created_at"],
    }
    if by == "own":
        assert office.revoke(told["id"], office.as_admin).status_code == 200
    elif by == "certificate":
        path = f"{office.certificates}/{told['id']}/revoke"
        assert office.http.post(path, json={}, headers=office.as_owner).status_code == 200
    else:
        assert office.revoke_all(office.as_owner, **{by: said[by]}).status_code == 200

    assert (office.is_refused(told), office.is_listed(people)) == (True, False)


def test_what_becomes_of_principals_is_nothing_to_hosts(office: HostOffice):
    """Their names are nobody's: a principal that is called like one of them is another thing."""
    web = office.make.principal(office.org, office.admin, name="www")
    host = office.host_signed(principals=["www"])
    people = office.signed(office.as_admin, principals=["www"])
    path = f"/api/v1/organizations/{office.org.id}/principals/{web.id}"

    assert office.http.delete(path, headers=office.as_owner).status_code == 200

    states = {row["id"]: row["state"] for row in office.found()}
    assert (states[host["id"]], states[people["id"]]) == ("valid", "revoked")


def test_an_admin_who_becomes_an_owner_keeps_theirs(office: HostOffice):
    told = office.host_signed()
    path = f"/api/v1/organizations/{office.org.id}/members/{office.admin.user_id}/role"

    reply = office.http.patch(path, json={"role": "owner"}, headers=office.as_owner)

    assert reply.status_code == 200, reply.text
    assert not office.is_refused(told)
