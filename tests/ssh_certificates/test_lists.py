"""Finding certificates: one's own, an organization's, what is taken away, what is demanded."""

import csv
import io
import json
from typing import Any

import pytest

from gatehouse.audit.models import AuditEntry
from tests.audit.record import entries_of, entries_with
from tests.ssh_ca.places import Place
from tests.ssh_certificates.offices import OWN, SIGN, Office, read

POLICY = "/api/v1/ssh/dept-cert-policy"


@pytest.fixture
def signed(office: Office) -> dict[str, Any]:
    """Two of the member's, one of somebody else's; the first is revoked."""
    other = office.make.member(office.org)
    office.make.principal(office.org, other, name="a_b")
    office.key_of(other)
    found = {
        "gone": office.signed(principals=["web"]),
        "mine": office.signed(),
        "theirs": office.signed(office.make.bearer(other)),
    }
    assert office.revoke(found["gone"]["id"]).status_code == 200
    return found


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (lambda s: {}, ["theirs", "mine", "gone"]),
        (lambda s: {"user_id": s["mine"]["user_id"]}, ["mine", "gone"]),
        (lambda s: {"key": s["theirs"]["fingerprint"]}, ["theirs"]),
        (lambda s: {"principal": "web"}, ["mine", "gone"]),
        (lambda s: {"principal": "we"}, []),
        (lambda s: {"principal": "a_b"}, ["theirs"]),
        (lambda s: {"principal": "a%b"}, []),
        (lambda s: {"principal": "deploy web"}, ["mine"]),
        (lambda s: {"serial": s["mine"]["serial"]}, ["mine"]),
        (lambda s: {"key_id": s["theirs"]["key_id"]}, ["theirs"]),
        (lambda s: {"key_id": "gh1:x"}, []),
        (lambda s: {"state": "revoked"}, ["gone"]),
        (lambda s: {"state": "valid"}, ["theirs", "mine"]),
        (lambda s: {"state": "expired"}, []),
        (lambda s: {"state": "valid", "user_id": s["mine"]["user_id"]}, ["mine"]),
        (lambda s: {"kind": "host"}, []),
        (lambda s: {"from": s["mine"]["created_at"]}, ["theirs", "mine"]),
        (lambda s: {"to": s["mine"]["created_at"]}, ["gone"]),
    ],
)
def test_an_admin_finds_what_was_signed(office: Office, signed, asked, found):
    """SSH-22, SSH-23."""
    names = {one["id"]: name for name, one in signed.items()}

    assert [names[row["id"]] for row in office.found(**asked(signed))] == found


def test_by_authority(office: Office, signed):
    assert len(office.found(ca_id=office.ca["id"])) == 3
    assert office.found(ca_id=office.org.id) == []


@pytest.mark.parametrize("bad", [{"serial": "x"}, {"serial": 0}, {"state": "?"}, {"from": "x"}])
def test_a_filter_that_cannot_be_is_refused(office: Office, bad):
    reply = office.http.get(office.certificates, query_string=bad, headers=office.as_admin)
    assert (reply.status_code, reply.json["error"]["type"]) == (400, "VALIDATION_ERROR")


def test_a_parameter_that_is_unknown_is_ignored_unless_much_is_taken_away(office: Office):
    told = office.signed()
    assert [row["id"] for row in office.found(nonsense=1)] == [told["id"]]

    path = f"{office.certificates}/export"
    reply = office.http.get(path, query_string={"usr_id": "x"}, headers=office.as_owner)
    assert (reply.status_code, list(reply.json["error"]["details"])) == (400, ["usr_id"])


def test_pages_lead_on(office: Office):
    for _ in range(5):
        office.signed()
    path, seen, cursor = office.certificates, [], None
    while True:
        asked = {"per_page": 2, **({"cursor": cursor} if cursor else {})}
        reply = office.http.get(path, query_string=asked, headers=office.as_admin).json
        seen += [row["serial"] for row in reply["data"]["certificates"]]
        cursor = reply["meta"].get("next_cursor") or reply["meta"]["pagination"].get("next_cursor")
        if not cursor:
            break

    assert seen == [5, 4, 3, 2, 1]


def test_ones_own_are_those_of_all_organizations_or_of_one(office: Office, elsewhere: Office):
    person = office.make.user()
    for place in (office, elsewhere):
        place.make.principal(place.org, place.make.member(place.org, user=person))
    office.make.ssh_key(person, office.key.blob)
    headers = office.make.bearer(person)
    for place in (office, elsewhere):
        place.signed(headers, organization_id=str(place.org.id))

    assert len(office.listed(headers)) == 2
    [one] = office.listed(headers, organization_id=str(elsewhere.org.id))
    assert one["organization_id"] == str(elsewhere.org.id)
    assert office.listed(headers, state="revoked") == []


def test_ones_own_are_found_by_their_serial(office: Office, signed):
    """Which is on the screen of whoever has the certificate; others' are not found by it."""
    names = {one["id"]: name for name, one in signed.items()}

    def by(serial: int, **more: Any) -> list[str]:
        return [names[row["id"]] for row in office.listed(serial=serial, **more)]

    assert by(signed["mine"]["serial"]) == ["mine"]
    assert by(signed["gone"]["serial"], state="revoked") == ["gone"]
    assert by(signed["gone"]["serial"], state="valid") == []
    assert by(signed["theirs"]["serial"]) == by(99) == []
    bad = office.http.get(OWN, query_string={"serial": "x"}, headers=office.as_member)
    assert bad.status_code == 400


def test_others_are_not_found(office: Office, elsewhere: Office):
    """Threats 170, 177."""
    told = office.signed()

    for path, headers in (
        (f"{OWN}/{told['id']}", office.as_admin),
        (f"{OWN}/{told['id']}", elsewhere.as_member),
        (f"{elsewhere.certificates}/{told['id']}", elsewhere.as_admin),
        (f"{office.certificates}/{told['id']}", elsewhere.as_admin),
    ):
        assert office.http.get(path, headers=headers).status_code == 404
    mine = office.http.get(f"{office.certificates}/{told['id']}", headers=office.as_admin)
    assert mine.json["data"]["certificate"] == told["certificate"]


@pytest.mark.parametrize("of", ["csv", "jsonl"])
def test_the_list_is_taken_away_and_that_is_on_record(office: Office, signed, of: str):
    """SSH-22; threat 211."""
    path = f"{office.certificates}/export"
    asked = {"format": of, "state": "valid"}

    reply = office.http.get(path, query_string=asked, headers=office.as_admin)

    assert reply.status_code == 200, reply.text
    if of == "csv":
        rows = list(csv.DictReader(io.StringIO(reply.text)))
    else:
        rows = [json.loads(line) for line in reply.text.splitlines()]
    assert [row["id"] for row in rows] == [signed[name]["id"] for name in ("theirs", "mine")]
    mine = AuditEntry.org_id == office.org.id
    [entry] = entries_with(office.http, mine, AuditEntry.action == "ssh_certificate.exported")
    assert (entry.actor_id, entry.details["filters"]) == (office.admin.user_id, ["state"])


def test_a_member_takes_nothing_away(office: Office):
    path = f"{office.certificates}/export"
    assert office.http.get(path, headers=office.as_member).status_code == 403


def test_what_the_departments_demand_is_told(office: Office):
    ops = office.make.department(office.org, office.member, name="Ops")
    office.make.principal(office.org, ops, name="db")
    office.policy(ops, allowed_extensions=["permit-pty"], max_expiry_hours=2, mfa_max_age=600)

    told = office.http.get(POLICY, headers=office.as_member).json["data"]["policy"]

    assert (told["default_expiry_hours"], told["max_expiry_hours"]) == (1.0, 1.0)
    assert told["allow_user_expiry"] is False
    assert (told["extensions"], told["departments"]) == (["permit-pty"], ["Ops"])
    assert told["mfa_max_age"] == 600


def test_a_preview_explains_and_signs_nothing(office: Office):
    ops = office.make.department(office.org, office.member, name="Ops")
    office.make.principal(office.org, ops, name="db")
    office.policy(ops, allowed_principals=[], require_fido=True)

    told = office.previewed(principals=["web", "db", "root"], ttl_seconds=60)

    assert told["allowed"] is False
    places = {one["name"]: (one["included"], one["why_not"]) for one in told["principals"]}
    assert places == {
        "deploy": (False, "not_asked"),
        "web": (True, None),
        "db": (False, "withheld"),
        "root": (False, "not_granted"),
    }
    [refusal] = told["refusals"]
    assert refusal["error_type"] == "UNAUTHORIZED_PRINCIPALS"
    assert refusal["details"] == {"denied": ["db", "root"]}
    assert (told["ttl_seconds"], told["limited_by"]) == (60, "request")
    assert office.listed() == []
    assert office.read(office.ca)["next_serial_number"] == 1


def test_what_a_preview_allows_is_signed_so(office: Office):
    told, signed = office.previewed(ttl_seconds=900), office.signed(ttl_seconds=900)

    assert (told["allowed"], told["refusals"]) == (True, [])
    for name in ("ttl_seconds", "limited_by", "extensions", "critical_options", "policy", "ip"):
        assert told[name] == signed[name], name
    included = [one["name"] for one in told["principals"] if one["included"]]
    assert included == signed["principals"]


def test_keys_tell_how_many_certificates_they_are_in(office: Office):
    office.signed()
    office.signed()

    [key] = office.http.get("/api/v1/ssh/keys", headers=office.as_member).json["data"]["keys"]

    assert key["cert_count"] == 2


def test_an_account_that_goes_leaves_its_id_and_no_address(office: Office):
    """The address stands in key ids, and so in certificates."""
    told = office.signed(reason="mine")
    address = read(told).terms.key_id.split(":")[3]
    operator = office.make.bearer(office.make.user(is_operator=True))
    path = f"/api/v1/admin/users/{office.member.user_id}/delete"
    gone = office.http.post(path, json={"confirm": True}, headers=operator)
    assert gone.status_code == 200, gone.text
    assert (gone.json["data"]["certs_revoked"], gone.json["data"]["ssh_keys_deleted"]) == (1, 1)

    [row] = office.found()

    assert (row["user_id"], row["key_id"]) == (str(office.member.user_id), "")
    assert address not in json.dumps(row)
    assert (row["serial"], row["state"]) == (told["serial"], "revoked")


def test_an_admin_sees_the_keys_of_a_person(office: Office):
    path = f"/api/v1/admin/users/{office.member.user_id}"
    [key] = office.http.get(path, headers=office.as_admin).json["data"]["ssh_keys"]
    assert (key["id"], key["fingerprint"]) == (str(office.key.id), office.key.fingerprint)


def test_a_refusal_leaves_no_certificate_and_one_entry(office: Office):
    """Threats 208, 219."""
    reply = office.http.post(SIGN, json={"principals": ["root"]}, headers=office.as_member)

    assert [entry.action for entry in entries_of(office.http, reply)] == ["ssh_certificate.refused"]
    assert office.found() == []


def test_an_authority_tells_how_much_it_has_signed(office: Office, elsewhere: Office, clock):
    elsewhere.signed()
    _over, gone, _kept = office.signed(ttl_seconds=60), office.signed(), office.signed()
    assert office.revoke(gone["id"]).status_code == 200
    clock.shift(60)

    names = ("total_certs", "active_certs", "revoked_certs")
    one = office.read(office.ca)
    [listed] = office.http.get(office.path, headers=office.as_admin).json["data"]["cas"]

    assert [one[name] for name in names] == [listed[name] for name in names] == [3, 1, 1]


def test_without_an_authority_there_is_no_policy_to_read(client, make):
    place = Place(client, make)
    reply = place.http.get(POLICY, headers=place.as_member)
    assert (reply.status_code, reply.json["error"]["type"]) == (404, "CA_NOT_CONFIGURED")
