"""The receiver of logout tokens in docs/sign-out.md does what it says (BCL-02, threat 56)."""

import os
import re
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import delete

from gatehouse.accounts.models import User
from gatehouse.core.context import Actor, Origin, unit_of_work
from gatehouse.outbox.jobs import deliver_calls
from gatehouse.outbox.models import Message
from tests.processes import free_port, wait_until
from tests.relying import ISSUER, Person, Rp, make_client
from tests.serving import served

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)


def post(url: str, token: str) -> int:
    body = urlencode({"logout_token": token}).encode()
    try:
        with urllib.request.urlopen(url, body, timeout=10) as answer:  # noqa: S310
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


@pytest.fixture
def walk(make_app: Any, user: User, tmp_path: Path) -> Iterator[tuple[Rp, Person, str, Path]]:
    app = make_app(OUTBOUND_ALLOW="127.0.0.1", RATELIMIT_ENABLED="false")
    port = free_port()
    uri = f"http://127.0.0.1:{port}/"
    rp = Rp(app, make_client(app.extensions["gatehouse"], backchannel_logout_uri=uri))
    script, said = tmp_path / "receiver.py", tmp_path / "said"
    script.write_text(SCRIPT.findall((ROOT / "docs" / "sign-out.md").read_text())[0])
    with served(app, free_port()) as url, said.open("w") as log:
        own = {"ISSUER": ISSUER, "CLIENT_ID": rp.client_id, "JWKS_URI": f"{url}/oidc/jwks"}
        environment = {"PATH": os.environ["PATH"], "PORT": str(port), **own}
        asked = [sys.executable, str(script)]
        running = subprocess.Popen(asked, env=environment, stdout=log, stderr=log)  # noqa: S603
        try:
            assert wait_until(lambda: _listens(uri))
            yield rp, Person(app, user.email), uri, said
        finally:
            running.kill()
            running.wait()


def _listens(uri: str) -> bool:
    try:
        return post(uri, "junk") == 400
    except OSError:
        return False


@pytest.mark.only_on("sqlite")
def test_the_receiver_of_the_docs_ends_sessions_and_takes_nothing_else(
    walk: tuple[Rp, Person, str, Path],
):
    rp, person, uri, said = walk
    runtime = rp.app.extensions["gatehouse"]
    with unit_of_work(runtime, Origin()) as ctx:
        ctx.db.execute(delete(Message))
    tokens = person.tokens_for(rp)
    sid = rp.read(tokens["id_token"]).claims["sid"]
    for wrong in (tokens["id_token"], tokens["access_token"], "a.b.c", ""):
        assert post(uri, wrong) == 400

    person.post("/logout", person.open("/logout"))
    with unit_of_work(runtime, Origin(), Actor("job")) as ctx:
        assert deliver_calls(ctx) == 1
    with runtime.reading() as db:
        assert [row.outcome.value for row in db.query(Message).filter_by(event="logout.due")] == [
            "delivered"
        ]

    assert wait_until(lambda: f"ended {sid}" in said.read_text())
    assert said.read_text().count("ended ") == 1
