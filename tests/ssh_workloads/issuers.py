"""Issuers of tokens for jobs on loopback: they say what the test wants, and count who asks."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from time import time
from typing import Any
from uuid import uuid4

import orjson

from gatehouse.ssh_workloads.rules.issuers import DISCOVERY
from tests.proving import Signer

JWKS = "/jwks"
SUB = "repo:acme/web:ref:refs/heads/main"
AUDIENCE = "https://gatehouse.example.com"

# As the three of them write their tokens: GitHub Actions, GitLab CI/CD, Forgejo Actions.
GITHUB = {
    "sub": SUB,
    "ref": "refs/heads/main",
    "ref_type": "branch",
    "ref_protected": "true",
    "repository": "acme/web",
    "repository_id": "74",
    "repository_owner": "acme",
    "repository_owner_id": "65",
    "repository_visibility": "private",
    "event_name": "push",
    "environment": "production",
    "job_workflow_ref": "acme/web/.github/workflows/deploy.yml@refs/heads/main",
    "runner_environment": "github-hosted",
    "run_id": "30433642",
    "run_attempt": "2",
    "jti": "example-id",
}
GITLAB = {
    "sub": "project_path:acme/tools/web:ref_type:branch:ref:main",
    "namespace_id": "72",
    "namespace_path": "acme/tools",
    "project_id": "20",
    "project_path": "acme/tools/web",
    "user_id": "1",
    "user_access_level": "developer",
    "pipeline_source": "push",
    "job_id": "3",
    "ref": "main",
    "ref_type": "branch",
    "ref_path": "refs/heads/main",
    "ref_protected": "true",
    "runner_id": 1,
    "groups_direct": ["acme/tools", "acme/ops"],
    "jti": "235b3a54-b797-45c7-ae9a-f72d7bc6ef5b",
}
FORGEJO = {
    "sub": SUB,
    "ref": "refs/heads/main",
    "ref_type": "branch",
    "repository": "acme/web",
    "repository_owner": "acme",
    "event_name": "push",
    "workflow": "deploy.yml",
    "run_id": "12",
    "run_attempt": "1",
}


@cache
def usual_signer() -> Signer:
    """Whose key is made once: it takes longer than a test."""
    return Signer("RS256", "first")


class Issuer:
    """``says`` is what it answers at a path: a status, headers and a body."""

    def __init__(self, path: str = "") -> None:
        self.asked: Counter[str] = Counter()
        self.shown: list[str] = []
        self.signer = usual_signer()
        self.published = [self.signer]
        self.description: dict[str, Any] = {}
        self.says: dict[str, tuple[int, dict[str, str], bytes]] = {}
        self.before: Callable[[], object] = lambda: None
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer.asked[self.path] += 1
                issuer.shown.append(self.headers.get("Authorization", ""))
                issuer.before()
                status, headers, body = issuer.answer(self.path)
                with suppress(OSError):
                    self.send_response(status)
                    for name, value in {"Content-Length": str(len(body)), **headers}.items():
                        self.send_header(name, value)
                    self.end_headers()
                    self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.base = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.url = f"{self.base}{path}"
        self.discovery = f"{path.rstrip('/')}{DISCOVERY}"
        Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def answer(self, path: str) -> tuple[int, dict[str, str], bytes]:
        if path in self.says:
            return self.says[path]
        if path == self.discovery:
            told = {"issuer": self.url, "jwks_uri": f"{self.base}{JWKS}", **self.description}
            return 200, {}, orjson.dumps(told)
        if path == JWKS:
            return 200, {}, orjson.dumps({"keys": [one.jwk for one in self.published]})
        return 404, {}, b"{}"

    def claims(self, **changes: Any) -> dict[str, Any]:
        """Those of a job of GitHub's shape; ``None`` leaves one out."""
        now = int(time())
        times = {"iat": now, "nbf": now, "exp": now + 300}
        usual = {"iss": self.url, "aud": AUDIENCE, "jti": str(uuid4()), **times}
        told = {**GITHUB, **usual, **changes}
        return {name: value for name, value in told.items() if value is not None}

    def token(self, header: dict[str, Any] | None = None, **changes: Any) -> str:
        return self.signer.sign(self.claims(**changes), **{"typ": "JWT", **(header or {})})

    @property
    def questions(self) -> int:
        return self.asked.total()


@contextmanager
def issuing(path: str = "") -> Iterator[Issuer]:
    issuer = Issuer(path)
    try:
        yield issuer
    finally:
        issuer.server.shutdown()
        issuer.server.server_close()
