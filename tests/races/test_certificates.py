"""Races for certificates between worker processes, with real requests."""

import pytest
from flask import Flask

from gatehouse.core.roles import Role
from tests.conftest import client_of
from tests.factories import Factory
from tests.serving import GatehouseServer
from tests.ssh_certificates.offices import SIGN, HostOffice, Office

pytestmark = pytest.mark.integration


@pytest.fixture
def office(open_app: Flask, make: Factory, address: str) -> Office:
    return Office(client_of(open_app, address), make)


def token(headers: dict[str, str]) -> str:
    return headers["Authorization"].removeprefix("Bearer ")


def test_each_of_many_at_once_gets_a_serial_of_its_own(server: GatehouseServer, office: Office):
    """Threat 219."""
    calls = [("POST", SIGN, {}, token(office.as_member))] * 60

    replies = [reply for _ in range(2) for reply in server.at_once(calls)]

    assert {reply.status for reply in replies} == {201}
    serials = sorted(reply.json["data"]["serial"] for reply in replies)
    assert serials == list(range(1, 121))
    assert len(office.found(per_page=200)) == 120


def test_who_goes_while_certificates_are_signed_keeps_none(server: GatehouseServer, office: Office):
    """Threat 218: whichever comes first, nothing that is valid is left."""
    base = f"/api/v1/organizations/{office.org.id}/members"
    for _ in range(3):
        member = office.make.member(office.org)
        office.make.principal(office.org, member)
        office.key_of(member)
        own = ("POST", SIGN, {}, token(office.make.bearer(member)))
        gone = ("DELETE", f"{base}/{member.user_id}", None, token(office.as_admin))

        replies = server.at_once([own, own, own, gone, own, own, own])

        assert replies[3].status == 200
        assert {reply.status for reply in replies} <= {200, 201, 400, 403, 404}
        rows = office.found(user_id=str(member.user_id))
        assert {row["state"] for row in rows} <= {"revoked"}
        krl = office.krl()
        assert all(any(row["serial"] in each for each in krl.serials.values()) for row in rows)


def test_certificates_are_signed_while_a_key_follows_another(
    server: GatehouseServer, office: Office
):
    """Threat 227: each is signed by a key that was to sign then, and counted by it."""
    office.rotate(office.ca)
    [key] = office.keys(office.ca, "next")
    path = f"{office.path}/{office.ca['id']}/keys/{key['id']}/activate"
    own = ("POST", SIGN, {}, token(office.as_member))

    replies = server.at_once(
        [*[own] * 10, ("POST", path, None, token(office.as_owner)), *[own] * 10]
    )

    signed = [reply.json["data"] for reply in replies if reply.status == 201]
    assert len(signed) == 20
    by_key = {one["ca_fingerprint"]: [] for one in signed}
    for one in signed:
        by_key[one["ca_fingerprint"]].append(one["serial"])
    assert all(sorted(found) == list(range(1, len(found) + 1)) for found in by_key.values())
    assert len(by_key) <= 2


def compromised(office: Office, ca: str, key: str) -> tuple:
    path = f"{office.path}/{ca}/keys/{key}/compromise"
    return ("POST", path, {"reason": "stolen"}, token(office.as_owner))


def test_the_red_button_and_the_next_key_do_not_wait_for_each_other(
    server: GatehouseServer, office: Office
):
    """Threat 227: nobody who presses it hears that it is not to be had now."""
    for _ in range(4):
        office.rotate(office.ca)
        [active], [following] = office.keys(office.ca, "active"), office.keys(office.ca, "next")
        path = f"{office.path}/{office.ca['id']}/keys/{following['id']}/activate"
        take_over = ("POST", path, None, token(office.as_owner))
        button = compromised(office, office.ca["id"], active["id"])

        replies = server.at_once([take_over, button, take_over, button])

        assert {reply.status for reply in replies} <= {200, 409}
        assert 200 in {replies[1].status, replies[3].status}
        assert [key["id"] for key in office.keys(office.ca, "active")] == [following["id"]]


def deleted(office: Office, ca: str, _key: str) -> tuple:
    body = {"force": True, "reason": "stolen"}
    return ("DELETE", f"{office.path}/{ca}", body, token(office.as_owner))


@pytest.mark.parametrize(("ended", "answers"), [(compromised, {201}), (deleted, {201, 503})])
def test_the_red_button_works_while_certificates_are_signed(
    server: GatehouseServer, office: Office, ended, answers
):
    """Threat 227: whoever goes on asking for certificates does not keep a stolen key alive."""
    [key] = office.keys(office.ca, "active")
    own = ("POST", SIGN, {}, token(office.as_member))

    replies = server.at_once([*[own] * 8, ended(office, office.ca["id"], key["id"]), *[own] * 8])

    assert replies.pop(8).status == 200
    assert {reply.status for reply in replies} <= answers
    assert {reply.json["error"]["type"] for reply in replies if reply.status != 201} <= {
        "CA_NOT_CONFIGURED"
    }
    rows = [
        row for row in office.found(per_page=200) if row["ca_fingerprint"] == key["fingerprint"]
    ]
    assert {row["state"] for row in rows} <= {"revoked"}
    assert office.blob in office.krl().keys


@pytest.fixture
def hosts(open_app: Flask, make: Factory, address: str) -> HostOffice:
    return HostOffice(client_of(open_app, address), make)


def for_host(headers: dict[str, str]) -> tuple:
    body = {"cert_type": "host", "principals": ["db1.example.com"]}
    return ("POST", SIGN, body, token(headers))


def test_an_admin_who_is_none_meanwhile_keeps_no_host(server: GatehouseServer, hosts: HostOffice):
    """Threats 175, 181: whichever comes first."""
    base = f"/api/v1/organizations/{hosts.org.id}/members"
    for _ in range(3):
        admin = hosts.make.member(hosts.org, Role.ADMIN)
        hosts.key_of(admin)
        own = for_host(hosts.make.bearer(admin))
        path = f"{base}/{admin.user_id}/role"
        gone = ("PATCH", path, {"role": "member"}, token(hosts.as_owner))

        replies = server.at_once([own, own, own, gone, own, own, own])

        assert replies.pop(3).status == 200
        assert {reply.status for reply in replies} <= {201, 403}
        rows = hosts.found(user_id=str(admin.user_id))
        assert len(rows) == sum(reply.status == 201 for reply in replies)
        assert {row["state"] for row in rows} <= {"revoked"}
        assert all(hosts.is_refused(row) for row in rows)


def test_the_red_button_works_while_hosts_are_signed(server: GatehouseServer, hosts: HostOffice):
    """Threat 227."""
    [key] = hosts.keys(hosts.hosts, "active")
    own = for_host(hosts.as_admin)

    replies = server.at_once(
        [*[own] * 6, compromised(hosts, hosts.hosts["id"], key["id"]), *[own] * 6]
    )

    assert replies.pop(6).status == 200
    assert {reply.status for reply in replies} == {201}
    rows = [row for row in hosts.found(kind="host") if row["ca_fingerprint"] == key["fingerprint"]]
    assert {row["state"] for row in rows} <= {"revoked"}
    serials = {reply.json["data"]["ca_fingerprint"]: [] for reply in replies}
    for reply in replies:
        told = reply.json["data"]
        serials[told["ca_fingerprint"]].append(told["serial"])
    assert all(len(set(found)) == len(found) for found in serials.values())
