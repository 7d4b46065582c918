"""A web server that keeps a door: mod_auth_openidc, certified, and in C.

CORE-01, CORE-42, FP-01, RT-01, INTR-01, RPL-02.
"""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import requests

from tests.counterparts import apache
from tests.counterparts.apache import Apache
from tests.counterparts.conftest import Provider, unless
from tests.processes import free_port
from tests.relying import SECRET
from tests.servers import temporary_folder

pytestmark = [pytest.mark.integration, pytest.mark.slow]
unless(apache.what_is_missing)
BEHIND = "What is behind the door."


@pytest.fixture
def site(provider: Provider) -> Iterator[Callable[..., Apache]]:
    """``site(method=...)``: an Apache whose client the provider knows."""
    with ExitStack() as stack:
        # Not below the folders of pytest: each run of it closes those to other users.
        place = tempfile.TemporaryDirectory(prefix="gatehouse-", dir=temporary_folder())
        folder = Path(stack.enter_context(place))

        def made(method: str = "client_secret_basic", response_mode: str = "query") -> Apache:
            port = free_port()
            url = f"http://localhost:{port}"
            client = provider.client(
                redirect_uris=[f"{url}/closed/callback"],
                post_logout_redirect_uris=[f"{url}/bye"],
                token_endpoint_auth_method=method,
            )
            server = Apache(
                folder / "apache",
                issuer=provider.issuer,
                client_id=client.client_id,
                secret=SECRET,
                method=method,
                response_mode=response_mode,
            )
            server.port = port
            return stack.enter_context(server)

        yield made


def told(server: Apache, visitor: Any) -> dict[str, Any]:
    """What the module says of the session (OIDCInfoHook)."""
    answer = visitor.open(f"{server.url}/closed/callback?info=json")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.parametrize(
    ("method", "response_mode"),
    [("client_secret_basic", "query"), ("client_secret_post", "form_post")],
)
def test_behind_the_door_is_who_signed_in(
    provider: Provider, site: Callable[..., Apache], method: str, response_mode: str
):
    server = site(method, response_mode)
    visitor = provider.visitor(follows=(server.url,))

    visitor.go_through(f"{server.url}/closed/")

    assert visitor.pages[0] == "/login"
    page = visitor.open(f"{server.url}/closed/")
    assert (page.status_code, page.text) == (200, BEHIND)
    assert page.headers["X-Person"] == visitor.email
    first = told(server, visitor)
    assert first["userinfo"]["email"] == visitor.email
    assert first["id_token"]["sub"] == first["userinfo"]["sub"]
    asked = {"refresh": f"{server.url}/closed/", "access_token": first["access_token"]}
    assert visitor.open(f"{server.url}/closed/callback?{urlencode(asked)}").text == BEHIND
    second = told(server, visitor)
    assert second["access_token"] != first["access_token"]
    assert second["refresh_token"] != first["refresh_token"]


def test_the_door_of_an_api_opens_for_a_token_that_counts(
    provider: Provider, site: Callable[..., Apache]
):
    """INTR-01: Apache asks the introspection endpoint."""
    server = site()
    visitor = provider.visitor(follows=(server.url,))
    visitor.go_through(f"{server.url}/closed/")
    token = told(server, visitor)["access_token"]

    def call(shown: str) -> requests.Response:
        header = {"Authorization": f"Bearer {shown}"}
        return requests.get(f"{server.url}/api/", headers=header, timeout=20)

    answer = call(token)

    assert (answer.status_code, answer.text) == (200, BEHIND)
    assert call(token[:-4] + "AAAA").status_code == 401


def test_whoever_leaves_is_out_at_the_provider_too(provider: Provider, site: Callable[..., Apache]):
    """RPL-02."""
    provider.needs("end_session_endpoint")
    server = site()
    visitor = provider.visitor(follows=(server.url,))
    visitor.go_through(f"{server.url}/closed/")
    before = len(visitor.pages)

    home = visitor.go_through(
        f"{server.url}/closed/callback?{urlencode({'logout': f'{server.url}/bye'})}"
    )

    assert home.startswith(f"{server.url}/bye")
    visitor.go_through(f"{server.url}/closed/")
    assert "/login" in visitor.pages[before:]
