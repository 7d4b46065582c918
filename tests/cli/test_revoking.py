"""What is named when a certificate is revoked, and what comes of it."""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from gatehouse_cli.failures import Failure, Misused
from gatehouse_cli.revoking import the_one_of
from tests.cli.authority import Played
from tests.cli.programs import Cli
from tests.cli.stage import OK, enveloped

ID, OTHER = "0193b6f0-0000-7000-8000-0000000000c1", "0193b6f0-0000-7000-8000-0000000000c2"


def row(certificate_id: str = ID, **how: Any) -> dict[str, Any]:
    usual = {"state": "valid", "principals": ["web", "db"], "ca_fingerprint": "SHA256:one"}
    return {"id": certificate_id, "serial": 17, **usual, **how}


SECOND = row(OTHER, state="expired", ca_fingerprint="SHA256:two")


@pytest.mark.unit
def test_a_serial_that_one_certificate_has_names_it():
    assert the_one_of([row()], "17") == ID


@pytest.mark.unit
def test_a_serial_that_none_has_names_nothing():
    with pytest.raises(Failure, match="no certificate with the serial 17"):
        the_one_of([], "17")


@pytest.mark.unit
def test_of_several_with_one_serial_each_is_told():
    with pytest.raises(Misused) as told:
        the_one_of([row(), SECOND], "17")

    assert str(told.value).splitlines()[1:] == [
        f"  gatehouse cert revoke {ID}  # valid, web,db, signed by SHA256:one",
        f"  gatehouse cert revoke {OTHER}  # expired, web,db, signed by SHA256:two",
    ]


@pytest.fixture
def machine(played: Played, tmp_path: Path) -> Cli:
    (tmp_path / "home" / ".ssh").mkdir(parents=True)
    return Cli(tmp_path / "home", played.stage.url, {"GATEHOUSE_TOKEN": "a-token"})


@pytest.fixture
def revoked(played: Played) -> list[str]:
    """The ids of what was revoked. The list has one with the serial 17, and two with 18."""
    done: list[str] = []

    def revoke(certificate_id: str) -> Any:
        def play(_form: dict[str, str]) -> tuple[str, Any]:
            done.append(certificate_id)
            return OK, enveloped({"status": "revoked", "cert_id": certificate_id})

        return play

    def listed(form: dict[str, str]) -> tuple[str, Any]:
        asked = {name: values[0] for name, values in parse_qs(form["query"]).items()}
        found = {"17": [row()], "18": [row(), SECOND]}.get(asked.get("serial", ""), [])
        wanted = asked.get("organization_id")
        rows = found if wanted in (None, played.organizations[0]["id"]) else []
        return OK, enveloped({"certificates": rows})

    played.organizations = [*played.organizations, {"id": "2", "slug": "beta", "name": "Beta"}]
    played.stage.plays["/api/v1/ssh/certificates"] = listed
    for one in (ID, OTHER):
        played.stage.plays[f"/api/v1/ssh/certificates/{one}/revoke"] = revoke(one)
    return done


@pytest.mark.integration
@pytest.mark.parametrize(
    "named", [ID, "17", f"gh1:acme:u-1:kim%40home@example.com:{ID}", f"gh1:acme:wl:r:x:{ID}"]
)
def test_a_certificate_is_named_as_it_is_at_hand(machine: Cli, revoked: list[str], named: str):
    done = machine.run("cert", "revoke", named)

    assert (done.code, revoked) == (0, [ID]), done.said


@pytest.mark.integration
def test_what_names_none_or_several_revokes_nothing(machine: Cli, revoked: list[str]):
    several = machine.run("cert", "revoke", "18")
    none = machine.run("cert", "revoke", "19")
    elsewhere = machine.run("cert", "revoke", "17", "--org", "beta")
    here = machine.run("cert", "revoke", "17", "--org", "acme")

    assert (several.code, ID in several.err, OTHER in several.err) == (2, True, True)
    assert (none.code, "gatehouse cert list" in none.err) == (1, True)
    assert (elsewhere.code, here.code, revoked) == (1, 0, [ID])
    assert machine.run("cert", "revoke", "../../auth/logout").code == 1
    assert machine.run("cert", "revoke", "17", CERT_ID=OTHER).code == 0
