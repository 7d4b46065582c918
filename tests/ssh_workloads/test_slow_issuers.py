"""Issuers that are slow: their two answers have one end, and no job of others waits for them."""

from copy import copy
from dataclasses import replace
from threading import Thread
from time import monotonic, sleep
from typing import Any
from uuid import uuid4

import pytest

from gatehouse.clients import adapters
from gatehouse.core.outbound import Outbound
from gatehouse.ssh_workloads.adapters import FetchedIssuers
from tests.ssh_workloads.issuers import Issuer, issuing
from tests.ssh_workloads.jobs import Yard

pytestmark = pytest.mark.integration


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> FetchedIssuers:
    monkeypatch.setattr(adapters, "LIMITS", replace(adapters.LIMITS, total=2.0))
    return FetchedIssuers(Outbound(("127.0.0.0/8",)), schemes=("http", "https"))


def test_both_answers_together_have_one_end(issuer: Issuer, keys: FetchedIssuers):
    issuer.before = lambda: sleep(1.2)
    begun = monotonic()

    assert keys.at(issuer.url) == ()

    assert monotonic() - begun < 2.4
    assert issuer.questions == 2


def test_who_waits_for_somebody_elses_question_hears_the_answer(
    issuer: Issuer, keys: FetchedIssuers
):
    issuer.before = lambda: sleep(0.7)
    found: list[int] = []
    asking = [
        Thread(target=lambda: found.append(len(keys.at(issuer.url, asked_by=uuid4()))))
        for _ in range(2)
    ]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()

    assert found == [2, 2]
    assert issuer.questions == 2


def test_jobs_of_others_go_on_while_issuers_are_silent(yard: Yard, make: Any):
    """Threat 204: an organization waits for two answers at a time, wherever they come from."""
    yard.added()
    statuses: list[int] = []

    def come(place: Yard, token: str) -> None:
        place.http = yard.http.application.test_client()
        statuses.append(place.come(token).status_code)

    with issuing() as one, issuing() as two:
        other = Yard(yard.http, make, one)
        coming = []
        for number, silent in enumerate((one, one, two, two)):
            silent.before = lambda: sleep(3)
            url = f"{silent.url}/{number}"
            other.added(name=f"Rule {number}", issuer=url)
            coming.append(Thread(target=come, args=(copy(other), silent.token(iss=url))))
        for thread in coming:
            thread.start()
        begun = monotonic()
        while len(statuses) < 2 and monotonic() < begun + 2:
            sleep(0.01)

        assert yard.signed()

        assert statuses == [503, 503]
        for thread in coming:
            thread.join()
    assert statuses == [503, 503, 401, 401]
