"""What is left of who is gone, and what nobody should have heard of or still have."""

from gatehouse.core.openssh.keys import read_public_key
from gatehouse.core.openssh.krl import read_krl
from tests.audit.record import entry_of
from tests.ssh_ca.places import Place
from tests.ssh_certificates.offices import Office
from tests.ssh_certificates.test_revoking import delete_account


def test_a_list_is_one_from_the_beginning(client, make):
    """Threat 218: where nothing was signed yet, what is fetched is a list, and no empty file."""
    place = Place(client, make)
    path = f"/api/v1/organizations/{place.org.id}/certificates/revoke"

    told = client.post(path, json={"principal": "deploy"}, headers=place.as_admin)

    assert told.status_code == 200, told.text
    reply = client.get(f"/api/v1/ssh/orgs/{place.org.slug}/krl")
    assert read_krl(reply.data).version == told.json["data"]["krl_version"] == 1


def test_who_was_never_certified_hears_nothing_of_it(office: Office, make):
    """Threat 177: an admin writes nothing into the record of people who are not theirs."""
    stranger = make.user()

    told = office.revoke_all(user_id=str(stranger.id), reason="Call 0190 666")

    assert told.json["data"]["revoked"] == 0
    found = office.http.get("/api/v1/auth/audit-logs", headers=make.bearer(stranger))
    assert "0190" not in found.text
    assert found.json["data"]["audit_logs"] == []
    assert entry_of(office.http, told).user_id is None


def test_an_organization_that_goes_with_its_owner_is_believed_no_more(office: Office):
    """Threat 180: its machines hear of it as if it had been deleted by itself."""
    host_ca = office.created(name="Machines", ca_type="host")
    for gone in (office.member, office.admin, office.owner):
        delete_account(office, gone.user_id)
    base = f"/api/v1/ssh/orgs/{office.org.id}"

    for name in ("user-ca.pub", "host-ca.pub"):
        bundle = office.http.get(f"{base}/{name}")
        assert [line for line in bundle.text.splitlines() if not line.startswith("#")] == []
    krl = read_krl(office.http.get(f"{base}/krl").data)
    assert krl.keys == {office.blob, read_public_key(host_ca["public_key"]).blob}
