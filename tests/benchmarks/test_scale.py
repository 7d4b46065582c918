"""What the large benchmark fills in is as good as real: one can sign in with it, and read it."""

from datetime import UTC, datetime
from random import Random

import pytest

from benchmarks.measures import LOGIN, ME
from benchmarks.scale import families, filling, record
from benchmarks.scale.__main__ import Result
from benchmarks.scale.filling import ORGANIZATION, PASSWORD, Hashes, Past, Size, fill
from gatehouse.accounts.adapters import Bcrypt
from gatehouse.app import create_app
from gatehouse.core.db import Model
from gatehouse.core.settings import read_settings
from tests.conftest import SETTINGS

PEOPLE, ENTRIES = 40, 300


@pytest.fixture(scope="module")
def town(shared_servers, worker):
    """A small one, in a database of its own."""
    name = f"town_{worker}"
    shared_servers.postgres.create_database(name)
    settings = {**SETTINGS, "DATABASE_URL": shared_servers.postgres.url(name)}
    app = create_app(read_settings(settings))
    runtime = app.extensions["gatehouse"]
    Model.metadata.create_all(runtime.engine)
    past = Past(Size(PEOPLE, ENTRIES), datetime.now(UTC))
    cheap = Bcrypt(4).hash(PASSWORD.encode())
    fill(shared_servers.postgres.dsn(name), past, Hashes(cheap, cheap))
    yield app.test_client(), past
    runtime.engine.dispose()


@pytest.mark.slow
def test_everybody_can_sign_in_and_has_a_session(town):
    client, past = town
    last = PEOPLE - 1
    who = {"email": filling.address(last), "password": PASSWORD}

    assert client.post(LOGIN, json=who).status_code == 200
    reply = client.get(ME, headers={"Authorization": f"Bearer {filling.token(last)}"})
    assert reply.json["data"]["user"]["id"] == str(past.person(last))
    assert past.person(last).version == 7


@pytest.mark.slow
def test_everybody_has_a_family_of_refresh_tokens(town):
    client, _ = town
    secret = client.application.extensions["gatehouse"].settings.secret_key
    sent = {"grant_type": "refresh_token", "refresh_token": families.token(secret, PEOPLE - 1)}
    who = (families.CLIENT, families.SECRET)

    reply = client.post("/oidc/token", data=sent, auth=who)

    assert reply.status_code == 200, reply.text
    assert reply.json["refresh_token"] != sent["refresh_token"]


@pytest.mark.slow
def test_every_page_that_is_measured_is_there(town):
    client, past = town
    pages = [(page, view) for page in record.PAGES for view in record.VIEWS]
    for page, view in pages:
        path, reader = record.VIEWS[view]
        headers = {"Authorization": f"Bearer {filling.token(reader)}"}
        query = page.ask(past, Random(1))  # noqa: S311 - a sample
        reply = client.get(path, query_string=query, headers=headers)

        assert reply.status_code == 200
        found = reply.json["data"]["audit_logs"]
        assert {entry["organization_id"] for entry in found} <= {str(ORGANIZATION), None}
        is_beyond = "page" in query or "near the end" in page.name or "without" in page.name
        assert found or is_beyond, (view, page.name)


@pytest.mark.unit
@pytest.mark.parametrize(
    ("value", "bar", "verdict"), [(1.2, 1.2, "pass"), (1.21, 1.2, "FAIL"), (9, None, "info")]
)
def test_a_figure_is_judged_by_its_bar(value, bar, verdict):
    assert Result("name", "1 ms", "2 ms", value, bar).verdict == verdict
