"""What machines ask each minute is remembered, and never longer than it is true."""

import pytest

from gatehouse.core.runtime import Runtime
from tests.ssh_certificates.offices import Office
from tests.statements import statements_of


def has_changed(office: Office, tag: str, name: str = "") -> bool:
    """Whether a machine that has the list with this tag gets another."""
    path = f"/api/v1/ssh/orgs/{name or office.org.slug}/krl"
    reply = office.http.get(path, headers={"If-None-Match": tag})
    assert reply.status_code in (200, 304), reply.text
    return reply.status_code == 200


def tag_of(office: Office) -> str:
    """That of the list, which is remembered from here on, by both names."""
    for name in (office.org.id, office.org.slug):
        reply = office.http.get(f"/api/v1/ssh/orgs/{name}/krl")
    tag: str = reply.headers["ETag"]
    assert not has_changed(office, tag)
    return tag


def suspend(office: Office) -> None:
    path = f"/api/v1/organizations/{office.org.id}/members/{office.member.user_id}/suspend"
    assert office.http.post(path, headers=office.as_admin).status_code == 200


def revoke_key(office: Office) -> None:
    assert office.revoke_all(user_id=str(office.member.user_id)).status_code == 200


def compromise(office: Office) -> None:
    [key] = office.keys(office.ca, "active")
    assert office.act(office.ca, key, "compromise", reason="stolen").status_code == 200


@pytest.mark.parametrize("act", [suspend, revoke_key, compromise])
def test_a_list_that_has_changed_is_given_at_once(office: Office, act):
    """Threat 218: whatever is remembered ends with the act that changes it."""
    office.signed()
    tag = tag_of(office)

    act(office)

    assert has_changed(office, tag)
    assert has_changed(office, tag, str(office.org.id))


@pytest.mark.parametrize("act", [suspend, revoke_key, compromise])
def test_another_worker_gives_it_as_soon_as_the_act_is_answered(office: Office, make_app, act):
    """Threat 218: no worker goes by what it knew."""
    office.signed()
    other = make_app().test_client()
    path = f"/api/v1/ssh/orgs/{office.org.slug}/krl"
    same = {"If-None-Match": other.get(path).headers["ETag"]}
    assert other.get(path, headers=same).status_code == 304

    act(office)

    assert other.get(path, headers=same).status_code == 200


def test_nobody_is_asked_for_a_list_that_is_known(office: Office, runtime: Runtime):
    tag = tag_of(office)

    with statements_of(runtime) as asked:
        assert not has_changed(office, tag)

    assert asked == []


def test_the_slug_of_an_organization_that_is_gone_leads_nowhere(office: Office):
    """Its id still does: its machines shall hear that what they believed counts no more."""
    path = f"/api/v1/organizations/{office.org.id}"
    for other in (office.admin, office.member):
        office.http.delete(f"{path}/members/{other.user_id}", headers=office.as_owner)
    tag = tag_of(office)
    gone = office.http.delete(path, headers=office.as_owner)
    assert gone.status_code == 200, gone.text

    assert has_changed(office, tag, str(office.org.id))
    by_slug = f"/api/v1/ssh/orgs/{office.org.slug}/krl"
    assert office.http.get(by_slug, headers={"If-None-Match": tag}).status_code == 404
