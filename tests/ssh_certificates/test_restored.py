"""After a restore from a copy: nothing counts that was signed until then. Threat 239."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from gatehouse.core.openssh.certificates import read_certificate
from gatehouse.ops.service import migrate
from gatehouse.ssh_ca.service.keys import MAKERS
from tests.factories import Factory
from tests.ssh_certificates.offices import Office


@pytest.fixture
def restored(app_on: Callable[..., Flask], empty_database: str) -> Flask:
    """An instance of its own: the command reaches all of its organizations."""
    app = app_on(empty_database)
    with app.app_context():
        migrate(app.extensions["gatehouse"], app.extensions["migrate"])
    return app


@pytest.fixture
def offices(restored: Flask) -> list[Office]:
    make = Factory(restored.extensions["gatehouse"])
    return [Office(restored.test_client(), make) for _ in range(2)]


def distrust(app: Flask, *options: str, **given: Any) -> Any:
    return app.test_cli_runner().invoke(args=["ca", "distrust", *options], **given)


def trusted(office: Office) -> set[str]:
    text = office.http.get(f"/api/v1/ssh/orgs/{office.org.slug}/user-ca.pub").text
    return {" ".join(line.split()[:2]) for line in text.splitlines() if not line.startswith("#")}


def krl(office: Office) -> Any:
    return office.http.get(f"/api/v1/ssh/orgs/{office.org.slug}/krl.json").json


def test_no_certificate_of_before_counts_and_serials_begin_anew(restored, offices):
    before = [office.signed() for office in offices]
    believed = [trusted(office) for office in offices]
    lists = [krl(office)["version"] for office in offices]

    told = distrust(restored, "--yes")

    assert (told.exit_code, told.output) == (0, "2 keys of 2 organizations are trusted no more.\n")
    for office, old, keys, version in zip(offices, before, believed, lists, strict=True):
        assert trusted(office).isdisjoint(keys)
        assert krl(office)["version"] > version
        new = office.signed()
        assert (new["serial"], new["ca_fingerprint"] != old["ca_fingerprint"]) == (1, True)


def test_the_new_key_is_of_the_kind_of_the_old_one(restored):
    make = Factory(restored.extensions["gatehouse"])
    offices = [Office(restored.test_client(), make, key_type=kind) for kind in MAKERS]
    before = [read_certificate(office.signed()["certificate"]) for office in offices]

    assert distrust(restored, "--yes").exit_code == 0

    after = [read_certificate(office.signed()["certificate"]) for office in offices]
    assert [len(one.authority) for one in after] == [len(one.authority) for one in before]
    assert {one.authority for one in after}.isdisjoint(one.authority for one in before)


def test_the_one_that_was_prepared_goes_too(restored, offices):
    office = offices[0]
    assert office.rotate(office.ca).status_code == 200
    (prepared,) = office.keys(office.ca, "next")

    assert "3 keys" in distrust(restored, "--yes").output

    assert office.signed()["ca_fingerprint"] != prepared["fingerprint"]
    assert len(trusted(office)) == 1


def test_what_was_sealed_before_opens_nothing(restored, offices):
    """It may have been revoked after the copy was made."""
    office = offices[0]
    place = f"/api/v1/organizations/{office.org.id}/ssh/break-glass"
    seal = {"passphrase": "correct horse battery staple", "days": 30}
    assert office.http.post(f"{place}/seal", json=seal, headers=office.as_owner).status_code == 200
    before = trusted(office)

    assert "3 keys" in distrust(restored, "--yes").output

    assert trusted(office).isdisjoint(before)
    told = office.http.get(place, headers=office.as_admin).json["data"]["break_glass"]
    assert told["is_sealed"] is False
    assert {row["state"] for row in office.found()} == {"revoked"}
    assert office.http.post(f"{place}/seal", json=seal, headers=office.as_owner).status_code == 200


def test_machines_keep_theirs_unless_it_is_said(restored, offices):
    host = offices[0].created(ca_type="host", name="Machines")
    (before,) = offices[0].keys(host, "active")

    assert "2 keys" in distrust(restored, "--yes").output
    assert offices[0].keys(host, "active") == [before]
    assert "3 keys" in distrust(restored, "--yes", "--hosts").output
    assert offices[0].keys(host, "active") != [before]


def test_it_asks_before(restored, offices):
    before = trusted(offices[0])

    told = distrust(restored, input="n\n")

    assert (told.exit_code, "Go on?" in told.output) == (1, True)
    assert trusted(offices[0]) == before
