"""What each endpoint asks of the database: few statements, as many as ever, hardly any writes.

PERF: at most one write for a refresh, none for an access token, none to show or look at one.
"""

from collections.abc import Callable
from threading import get_ident
from typing import Any

from sqlalchemy import event

from gatehouse.accounts.models import User
from gatehouse.core.runtime import Runtime
from tests.factories import Factory
from tests.relying import Person, Rp, serve
from tests.statements import statements_of

WRITES = ("INSERT", "UPDATE", "DELETE")
KEYS = "FROM signing_keys"
OFFLINE = "openid profile email offline_access"
# Statements of one call of which nothing is kept.
MOST = {"machine": 1, "code": 9, "refresh": 3, "introspection": 2, "userinfo": 2, "gone": 1}


def asked(rp: Rp, call: Callable[[], Any]) -> list[str]:
    """The statements of a call of which nothing is kept. It must be answered with 200."""
    runtime = rp.app.extensions["gatehouse"]
    runtime.leases.drop()
    with statements_of(runtime, but=("lease_endings",)) as statements:
        answer = call()
    assert answer.status_code == 200, answer.text
    # Keys are read now and then, whoever calls.
    return [text for text in statements if KEYS not in text]


def without_begin(statements: list[str]) -> list[str]:
    """The same on both databases: of PostgreSQL the driver begins a transaction, unseen."""
    return [text for text in statements if not text.startswith("BEGIN")]


def writes(statements: list[str]) -> list[str]:
    return [text for text in statements if text.startswith(WRITES)]


def test_a_machine_token_is_written_nowhere(make_rp: Any):
    rp = make_rp(grant_types=["client_credentials"], scopes=["api:read"])
    rp.token(grant_type="client_credentials")

    found = asked(rp, lambda: rp.token(grant_type="client_credentials"))

    assert writes(found) == []
    assert len(without_begin(found)) <= MOST["machine"], found


def test_a_code_is_spent_and_begins_a_family(person: Person, rp: Rp):
    """One UPDATE spends it, one INSERT begins the family, one UPDATE ties both."""
    code = person.code_for(rp, scope=OFFLINE)

    found = asked(rp, lambda: rp.redeem(code))

    assert len(writes(found)) <= 3, writes(found)
    assert len(without_begin(found)) <= MOST["code"], found


def test_a_refresh_writes_once_however_often(person: Person, rp: Rp):
    """By its last statement, so that it needs no transaction."""
    tokens = person.tokens_for(rp, scope=OFFLINE)
    counts = set()
    for _ in range(3):
        shown, kept = tokens["refresh_token"], []

        found = asked(rp, lambda shown=shown, kept=kept: kept.append(rp.refresh(shown)) or kept[0])

        tokens = kept[0].json
        assert writes(found) == found[-1:], found
        assert len(found) <= MOST["refresh"], found
        assert without_begin(found) == found
        counts.add(len(found))
    assert len(counts) == 1


def test_looking_at_a_token_writes_nothing(person: Person, rp: Rp):
    """And asks as much after twenty sign-ins as after one."""
    token = person.tokens_for(rp, scope=OFFLINE)["access_token"]
    calls = {
        "introspection": lambda: rp.introspect(token),
        "userinfo": lambda: rp.userinfo(token),
    }
    before = {name: without_begin(asked(rp, call)) for name, call in calls.items()}

    for _ in range(5):
        person.tokens_for(rp, scope=OFFLINE)

    for name, call in calls.items():
        assert writes(before[name]) == []
        assert len(before[name]) <= MOST[name], before[name]
        assert without_begin(asked(rp, call)) == before[name]


def test_a_token_that_does_not_count_costs_no_more(rp: Rp):
    rp.keys()  # The first who needs them has them made.
    found = asked(rp, lambda: rp.introspect("not a token at all"))

    assert writes(found) == []
    assert len(without_begin(found)) <= MOST["gone"], found


def test_no_call_for_tokens_holds_two_connections(
    person: Person, make_rp: Any, make: Factory, user: User, runtime: Runtime
):
    """All threads together might wait for the second one."""
    org, api = make.organization(), "https://api.one.example/"
    make.member(org, user=user)
    app, server = make_rp(org, resources=[api]), make_rp(org)
    serve(runtime, server, api)
    code, now, most = person.code_for(app, scope=OFFLINE, resource=api), [0], [0]
    calls_run_in = get_ident()

    def taken(*_about: Any) -> None:
        # A thread of its own writes now and then what was used, beside all calls.
        if get_ident() == calls_run_in:
            now[0] += 1
            most[0] = max(most[0], now[0])

    def given_back(*_about: Any) -> None:
        if get_ident() == calls_run_in:
            now[0] -= 1

    pool = app.app.extensions["gatehouse"].engine.pool
    event.listen(pool, "checkout", taken)
    event.listen(pool, "checkin", given_back)
    try:
        tokens = app.redeem(code).json
        again = app.refresh(tokens["refresh_token"], resource=api).json
        assert server.introspect(again["access_token"]).json["active"]
    finally:
        event.remove(pool, "checkout", taken)
        event.remove(pool, "checkin", given_back)
    assert (most, now) == ([1], [0])
