"""What departments and organizations demand of certificates, over HTTP."""

import pytest

from gatehouse.core.roles import Role
from tests.audit.record import entries_of, entry_of
from tests.ssh_ca.places import Place

FIVE = [
    "permit-X11-forwarding",
    "permit-agent-forwarding",
    "permit-port-forwarding",
    "permit-pty",
    "permit-user-rc",
]
LIVES = ("allow_user_expiry", "default_expiry_hours", "max_expiry_hours")


@pytest.fixture
def department(place: Place):
    return place.make.department(place.org, place.member, name="Operations")


def path_of(place: Place, department) -> str:
    return f"/api/v1/organizations/{place.org.id}/departments/{department.id}/cert-policy"


def read(place: Place, department):
    reply = place.http.get(path_of(place, department), headers=place.as_admin)
    assert reply.status_code == 200, reply.text
    return reply.json["data"]["cert_policy"]


def change(place: Place, department, **changes: object):
    return place.http.put(path_of(place, department), json=changes, headers=place.as_admin)


def test_a_department_demands_what_is_usual(place: Place, department):
    told = read(place, department)

    assert told["department_id"] == str(department.id)
    assert [told[name] for name in LIVES] == [False, 1, 24]
    for name in ("allowed_extensions", "all_extensions", "standard_extensions"):
        assert told[name] == FIVE
    assert told["custom_extensions"] == told["source_cidrs"] == []
    assert told["allowed_key_types"] is told["force_command"] is told["mfa_max_age"] is None


def test_what_is_sent_is_kept_and_the_rest_stays(place: Place, department):
    sent = {
        "allow_user_expiry": True,
        "max_expiry_hours": 12,
        "allowed_extensions": ["permit-pty"],
        "custom_extensions": ["login@example.com"],
        "source_cidrs": ["192.0.2.0/24", "2001:db8::/32"],
        "force_command": "/usr/bin/backup --now",
        "require_pin": True,
        "mfa_max_age": 600,
        "allowed_key_types": ["ssh-ed25519"],
        "allowed_principals": ["deploy"],
    }

    reply = change(place, department, **sent)

    assert reply.status_code == 200, reply.text
    told = reply.json["data"]["cert_policy"]
    assert {name: told[name] for name in sent} == sent
    assert told["all_extensions"] == ["login@example.com", "permit-pty"]
    assert told["default_expiry_hours"] == 1
    fields = entry_of(place.http, reply).details["fields"]
    assert "source_cidrs" in fields
    assert "default_seconds" not in fields
    assert entries_of(place.http, change(place, department, **sent)) == []


def test_what_narrowed_is_lifted_again(place: Place, department):
    change(
        place,
        department,
        allowed_key_types=["ssh-rsa"],
        source_cidrs=["10.0.0.0/8"],
        force_command="true",
        custom_extensions=["login@example.com"],
    )

    change(place, department, allowed_key_types=None, source_cidrs=[], allowed_extensions=[])

    told = read(place, department)
    assert (told["allowed_key_types"], told["source_cidrs"]) == (None, [])
    assert told["force_command"] == "true"
    assert told["all_extensions"] == ["login@example.com"]


def test_no_extensions_are_none(place: Place, department):
    """An empty list does not mean all."""
    change(place, department, allowed_extensions=[])

    assert read(place, department)["all_extensions"] == []


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"default_expiry_hours": 0}, "default_expiry_hours"),
        ({"max_expiry_hours": 10_000}, "max_expiry_hours"),
        ({"default_expiry_hours": 9, "max_expiry_hours": 8}, "default_expiry_hours"),
        ({"allowed_extensions": ["permit-everything"]}, "allowed_extensions"),
        ({"custom_extensions": ["permit-pty"]}, "custom_extensions"),
        ({"custom_extensions": ["a b@example.com"]}, "custom_extensions"),
        ({"source_cidrs": ["192.0.2.1/24"]}, "source_cidrs"),
        ({"source_cidrs": ["192.0.2.0/24,10.0.0.0/8"]}, "source_cidrs"),
        ({"force_command": "a\nb"}, "force_command"),
        ({"force_command": " "}, "force_command"),
        ({"mfa_max_age": 0}, "mfa_max_age"),
        ({"allowed_key_types": []}, "allowed_key_types"),
        ({"allowed_key_types": ["ssh-dss"]}, "allowed_key_types"),
        ({"allowed_principals": ["a,b"]}, "allowed_principals"),
        ({"allow_user_expiry": "yes"}, "allow_user_expiry"),
        ({"expiry": 1}, "expiry"),
    ],
)
def test_what_no_policy_can_say_is_refused(place: Place, department, wrong, field):
    before = read(place, department)

    reply = change(place, department, **wrong)

    assert reply.status_code == 400
    assert list(reply.json["error"]["details"]) == [field]
    assert read(place, department) == before


def test_an_organization_demands_what_is_usual_until_it_says_more(place: Place):
    path = f"/api/v1/organizations/{place.org.id}/ssh/policy"
    usual = place.http.get(path, headers=place.as_admin).json["data"]["policy"]
    assert usual == {
        "min_rsa_bits": 3072,
        "require_fido": False,
        "reverify_days": None,
        "admins_get_all_principals": False,
        "host_patterns": [],
    }

    sent = {"min_rsa_bits": 4096, "reverify_days": 90}
    reply = place.http.put(path, json=sent, headers=place.as_admin)

    assert reply.json["data"]["policy"] == {**usual, **sent}
    assert entry_of(place.http, reply).details["fields"] == ["min_rsa_bits", "reverify_days"]
    weak = place.http.put(path, json={"min_rsa_bits": 1024}, headers=place.as_admin)
    assert weak.status_code == 400


def test_members_and_strangers_neither_read_nor_change_them(
    place: Place, elsewhere: Place, department
):
    guest = place.make.bearer(place.make.member(place.org, Role.GUEST))
    paths = (path_of(place, department), f"/api/v1/organizations/{place.org.id}/ssh/policy")
    for path in paths:
        for headers, status in ((place.as_member, 403), (guest, 403), (elsewhere.as_owner, 404)):
            assert place.http.get(path, headers=headers).status_code == status
            reply = place.http.put(path, json={"require_fido": True}, headers=headers)
            assert reply.status_code == status
    foreign = path_of(elsewhere, department)
    assert elsewhere.http.get(foreign, headers=elsewhere.as_owner).status_code == 404
