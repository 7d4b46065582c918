"""The walk of README is run as it stands there; what the documentation points to exists."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import requests

from gatehouse.registry import PACKAGES
from tests.serving import GatehouseServer
from tests.tools import the_program

ROOT = Path(__file__).resolve().parents[1]
PAGES = [
    *ROOT.glob("*.md"),
    *(path for path in (ROOT / "docs").rglob("*.md")),
]
LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)")


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE)


def walk() -> str:
    return "\n".join(["set -euo pipefail", "TOKEN=", *blocks(ROOT / "README.md", "bash")])


def answers_in(text: str) -> list[Any]:
    """The JSON documents that follow one another in ``text``."""
    found, decoder = [], json.JSONDecoder()
    while text := text.strip():
        answer, end = decoder.raw_decode(text)
        found.append(answer)
        text = text[end:]
    return found


@pytest.mark.integration
def test_the_walk_of_readme_shows_what_it_says(backend: dict[str, str], tmp_path: Path):
    # Other tests call from the same address: what they use up is not the walk's to suffer from.
    settings = {**backend, "RATELIMIT_ENABLED": "false"}
    with GatehouseServer(tmp_path, settings, workers=1) as server:
        environment = {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "GATEHOUSE": f"http://127.0.0.1:{server.port}",
        }
        first, second = (
            subprocess.run(  # noqa: S603
                ["/bin/bash", "-c", text],
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
            for text in (walk(), f"sleep 1\n{walk()}")
        )

    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert first.stdout.endswith("}\n")
    assert_shows_what_it_says(answers_in(first.stdout))
    assert_shows_what_it_says(answers_in(second.stdout))


@pytest.mark.integration
def test_what_the_page_on_ssh_runs_by_hand_works(backend: dict[str, str], tmp_path: Path):
    """Authorities and a host are made, a key is proved, a principal given, a certificate signed and
    revoked, a member locked out.
    """
    the_program("ssh-keygen")
    with GatehouseServer(tmp_path / "server", backend, workers=1) as server:
        admin, kim = (token_of(server.port, name) for name in ("ann", "kim"))
        environment = {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "GATEHOUSE": f"http://127.0.0.1:{server.port}",
            "ORG": organization_of(server.port, admin, "kim@docs.test"),
            "KIM": "kim@docs.test",
        }
        key, make, give, ask, *rest = blocks(ROOT / "docs" / "ssh.md", "bash")
        as_admin, as_kim = f"TOKEN={admin}", f"TOKEN={kim}"
        asks = (as_kim, ask, ask, "cat laptop-cert.pub")
        parts = (as_kim, key, as_admin, make, "cat token", give, *asks, as_admin)
        done = subprocess.run(  # noqa: S603
            ["/bin/bash", "-euo", "pipefail", "-c", "\n".join((*parts, *rest))],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )

    assert done.returncode == 0, done.stderr
    proved, *made, certificate, revoked, others, taken, locked, lifted = without_ends(done.stdout)
    people, machines, patterns, token = made
    assert people.startswith("SHA256:")
    assert machines.startswith("SHA256:")
    assert (patterns, token[:4]) == ("['*.prod.example.com']", "ghe_")
    assert (proved, revoked, others, locked) == ("True", "revoked", "1", "Something is wrong")
    assert certificate.startswith("ssh-ed25519-cert-v01@openssh.com ")
    assert all(json.loads(answer)["success"] for answer in (taken, lifted))


def without_ends(text: str) -> list[str]:
    """Its lines. What is deleted is answered without an end of the line behind it."""
    return text.replace("}Something", "}\nSomething").splitlines()


def token_of(port: int, name: str) -> str:
    password = "a long way to tipperary"
    body = {"email": f"{name}@docs.test", "password": password, "password_confirm": password}
    return str(called(port, "/auth/register", body)["token"])


def organization_of(port: int, token: str, member: str) -> str:
    """An organization with a member beside its owner."""
    made = called(port, "/organizations", {"name": "Docs"}, token)
    org_id = str(made["organization"]["id"])
    body = {"email": member, "role": "member"}
    called(port, f"/organizations/{org_id}/members", body, token)
    return org_id


def called(port: int, path: str, body: dict[str, str], token: str = "") -> Any:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    url = f"http://127.0.0.1:{port}/api/v1{path}"
    answer = requests.post(url, json=body, headers=headers, timeout=10).json()
    assert answer["success"], answer
    return answer["data"]


def assert_shows_what_it_says(answers: list[Any]) -> None:
    assert [answer["code"] for answer in answers] == [201, 200, 201, 401, 200, 200, 200, 401]
    own = [entry["action"] for entry in answers[4]["data"]["audit_logs"]]
    assert own[:3] == ["auth.sign_in_refused", "member.added", "organization.created"]
    assert own[-1] == "account.registered"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path):
    links = LINK.findall(page.read_text())
    missing = [link for link in links if not (page.parent / link).exists()]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_examples_of_json_are_json(page: Path):
    for block in blocks(page, "json"):
        if "…" not in block:
            assert isinstance(json.loads(block), dict)


def test_the_drawing_of_the_architecture_has_every_domain():
    drawn = re.findall(
        r"^  (\w+)/ +\w", (ROOT / "docs" / "architecture.md").read_text(), re.MULTILINE
    )

    assert sorted(drawn) == sorted(["core", *(name.partition(".")[2] for name in PACKAGES)])
