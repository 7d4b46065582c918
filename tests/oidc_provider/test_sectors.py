"""Sectors of clients that people manage: the document is fetched, too (CORE-62, DCR-10)."""

from typing import Any

import orjson
import pytest

from gatehouse.clients.rules import Scene, problems_of
from gatehouse.core.roles import Role
from tests.conftest import WIDE
from tests.factories import Factory
from tests.peers import answer, peer
from tests.relying import Person

DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
A, B, C = (f"https://{host}.example.com/back" for host in "abc")


class Manager:
    """Somebody who manages clients; what is on this machine may be asked."""

    def __init__(self, make_app: Any, make: Factory) -> None:
        org = make.organization()
        self.bearer = make.bearer(make.member(org, Role.ADMIN))
        self.http = make_app(**WIDE, OUTBOUND_ALLOW="127.0.0.1").test_client()
        self.root = f"/api/v1/organizations/{org.id}/clients"

    def create(self, address: str, uris: list[str], **more: Any) -> Any:
        body = {"name": "App", "redirect_uris": uris, "sector_identifier_uri": address}
        body |= {"subject_type": "pairwise", **more}
        return self.http.post(self.root, json=body, headers=self.bearer)

    def change(self, made: Any, **changes: Any) -> Any:
        path = f"{self.root}/{made.json['data']['client']['id']}"
        return self.http.patch(path, json=changes, headers=self.bearer)


@pytest.fixture
def manager(make_app: Any, make: Factory) -> Manager:
    return Manager(make_app, make)


def document(listed: Any, status: int = 200) -> Any:
    content = orjson.dumps(listed)
    head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(content)}\r\n\r\n".encode()
    return answer(head + content)


@pytest.mark.parametrize(
    ("status", "listed", "expected"),
    [
        (200, [A, B, C], 201),
        (200, [A], 400),
        (200, {"uris": [A, B]}, 400),
        (404, [A, B], 400),
        (302, [A, B], 400),
    ],
    ids=str,
)
def test_the_document_of_a_sector_is_fetched(
    manager: Manager, trusted_here: Any, status: int, listed: Any, expected: int
):
    with peer(document(listed, status), trusted_here) as server:
        made = manager.create(f"https://127.0.0.1:{server.port}/sector.json", [A, B])

    assert made.status_code == expected, made.text
    if expected == 400:
        assert set(made.json["error"]["details"]) == {"sector_identifier_uri"}


def test_what_was_proven_holds_until_it_changes(manager: Manager, trusted_here: Any):
    with peer(document([A, B, C]), trusted_here) as server:
        made = manager.create(f"https://127.0.0.1:{server.port}/sector.json", [A, B])
        assert made.status_code == 201, made.text
        assert manager.change(made, redirect_uris=[A, C]).status_code == 200

    assert manager.change(made, name="Another").status_code == 200
    assert manager.change(made, redirect_uris=[A, C]).status_code == 200
    gone = manager.change(made, redirect_uris=[A, B])
    assert set(gone.json["error"]["details"]) == {"sector_identifier_uri"}


def test_one_host_needs_no_document_and_nothing_inside_is_asked(manager: Manager):
    """Threat 47."""
    assert manager.create("https://a.example.com/sector.json", [A]).status_code == 201
    inside = manager.create("https://10.0.0.1/sector.json", [A, B])
    assert set(inside.json["error"]["details"]) == {"sector_identifier_uri"}


def test_a_document_of_others_tells_no_device_what_people_are_called_there(
    manager: Manager, trusted_here: Any
):
    """CORE-62: whoever lists an address of theirs did not agree to who registers it."""
    both, alone = {"grant_types": ["authorization_code", DEVICE]}, {"grant_types": [DEVICE]}
    with peer(document([A, B]), trusted_here) as server:
        address = f"https://127.0.0.1:{server.port}/sector.json"
        for uris, more in (([A, B], both), ([], alone)):
            made = manager.create(address, uris, **more)
            assert made.status_code == 400
            assert "subject_type" in made.json["error"]["details"]


@pytest.mark.parametrize("grant", [DEVICE, "urn:openid:params:grant-type:ciba"])
def test_nor_does_it_where_a_program_registers_itself(grant: str):
    """CORE-62, DCR-10: there the document is always fetched, and proves no more."""
    settings = {"subject_type": "pairwise", "sector_identifier_uri": "https://x.example/s.json"}
    for uris, code in (([A, B], ["authorization_code"]), ([], [])):
        grants = {"grant_types": [*code, grant], "response_types": ["code"] if code else []}
        asked = {**settings, **grants, "redirect_uris": uris}
        assert set(problems_of(asked, Scene(), sector_is_proven=True)) == {"subject_type"}


HERE = "com.evil.app://b.example.com/back"


@pytest.mark.parametrize("uris", [[B, HERE], [HERE, B]], ids=str)
def test_an_address_of_a_private_scheme_is_at_no_host(manager: Manager, uris: list[str]):
    """CORE-62: any program may take it, whatever stands where a host would."""
    native = {"application_type": "native", "token_endpoint_auth_method": "none"}
    address = "https://b.example.com/sector.json"

    for sector in (None, address):
        made = manager.create(sector, uris, **native)
        assert made.status_code == 400, made.text
    assert manager.create(address, [HERE], **native).status_code == 400
    assert manager.create(None, [HERE, "com.evil.app:/back"], **native).status_code == 201


def test_nobody_is_told_there_what_a_person_is_called_at_that_host(person: Person, make_rp: Any):
    ours = make_rp(subject_type="pairwise", redirect_uris=[B])
    theirs = make_rp(
        subject_type="pairwise",
        redirect_uris=[HERE],
        application_type="native",
        token_endpoint_auth_method="none",
    )

    subs = [rp.read(person.tokens_for(rp)["id_token"]).claims["sub"] for rp in (ours, theirs)]

    assert subs[0] != subs[1]
