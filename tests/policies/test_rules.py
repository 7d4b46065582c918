"""What a policy demands, since when, and who meets it: as tables (threat 132)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from uuid import uuid4

import pytest

from gatehouse.policies.rules import (
    Factors,
    Facts,
    Method,
    Mode,
    Override,
    Personal,
    Policy,
    Status,
    all_missing,
    begins_anew,
    demanded,
    demands_since,
    has_used,
    is_stricter,
    judge,
    met_at,
    models_since,
    overall,
    since,
    wanted_acr,
)

pytestmark = pytest.mark.unit

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
TOTP, WEBAUTHN, EITHER = Method
PLAIN = Personal()
REQUIRED, EXEMPT = Personal(Override.REQUIRED), Personal(Override.EXEMPT)
FORCED_TOTP, FORCED_KEY = Personal(force_totp=True), Personal(force_webauthn=True)
DEMANDS = [
    (Mode.DISABLED, PLAIN, set()),
    (Mode.OPTIONAL, PLAIN, set()),
    (Mode.REQUIRE_TOTP, PLAIN, {TOTP}),
    (Mode.REQUIRE_WEBAUTHN, PLAIN, {WEBAUTHN}),
    (Mode.REQUIRE_EITHER, PLAIN, {EITHER}),
    (Mode.DISABLED, REQUIRED, {EITHER}),
    (Mode.OPTIONAL, REQUIRED, {EITHER}),
    (Mode.REQUIRE_TOTP, REQUIRED, {TOTP}),
    (Mode.REQUIRE_EITHER, REQUIRED, {EITHER}),
    (Mode.OPTIONAL, FORCED_TOTP, {TOTP}),
    (Mode.OPTIONAL, Personal(force_totp=True, force_webauthn=True), {TOTP, WEBAUTHN}),
    (Mode.REQUIRE_TOTP, FORCED_KEY, {TOTP, WEBAUTHN}),
    (Mode.REQUIRE_EITHER, FORCED_KEY, {WEBAUTHN}),
    (Mode.OPTIONAL, Personal(Override.REQUIRED, force_totp=True), {TOTP}),
    *((mode, EXEMPT, set()) for mode in Mode),
    *((mode, Personal(Override.EXEMPT, force_totp=True), set()) for mode in Mode),
]


@pytest.mark.parametrize(("mode", "personal", "needs"), DEMANDS)
def test_what_is_demanded_follows(mode: Mode, personal: Personal, needs: set[Method]):
    assert demanded(mode, personal) == needs


ANEW = [
    (set(), set(), False),
    (set(), {TOTP}, True),
    (set(), {EITHER}, True),
    ({TOTP}, set(), False),
    ({TOTP}, {TOTP}, False),
    ({TOTP}, {WEBAUTHN}, True),
    ({TOTP}, {EITHER}, False),
    ({WEBAUTHN}, {EITHER}, False),
    ({EITHER}, {EITHER}, False),
    ({EITHER}, {TOTP}, True),
    ({EITHER}, {WEBAUTHN}, True),
    ({TOTP}, {TOTP, WEBAUTHN}, True),
    ({TOTP, WEBAUTHN}, {WEBAUTHN}, False),
]


@pytest.mark.parametrize(("before", "after", "is_anew"), ANEW)
def test_what_was_met_before_gives_no_new_grace(before, after, is_anew):
    assert begins_anew(frozenset(before), frozenset(after)) is is_anew


LONG_AGO = NOW - 100 * DAY
CHANGES = [
    (Mode.OPTIONAL, None, Mode.REQUIRE_TOTP, NOW),
    (Mode.REQUIRE_TOTP, LONG_AGO, Mode.REQUIRE_TOTP, LONG_AGO),
    (Mode.REQUIRE_TOTP, LONG_AGO, Mode.REQUIRE_EITHER, LONG_AGO),
    (Mode.REQUIRE_EITHER, LONG_AGO, Mode.REQUIRE_TOTP, NOW),
    (Mode.REQUIRE_TOTP, LONG_AGO, Mode.REQUIRE_WEBAUTHN, NOW),
    (Mode.REQUIRE_TOTP, LONG_AGO, Mode.DISABLED, None),
    (Mode.DISABLED, None, Mode.OPTIONAL, None),
]


@pytest.mark.parametrize(("before", "began", "after", "begins"), CHANGES)
def test_a_changed_mode_begins_when_it_demands_more(before, began, after, begins):
    assert demands_since(Policy(before, demands_since=began), after, NOW) == begins


A, B = uuid4(), uuid4()
MODELS = [
    ((), (), LONG_AGO),
    ((), (A,), NOW),
    ((A,), (A,), LONG_AGO),
    ((A,), (A, B), LONG_AGO),
    ((A, B), (A,), NOW),
    ((A,), (B,), NOW),
    ((A,), (), LONG_AGO),
]


@pytest.mark.parametrize(("before", "after", "begins"), MODELS)
def test_a_list_of_models_begins_when_fewer_count(before, after, begins):
    policy = Policy(models=frozenset(before), models_since=LONG_AGO)

    assert models_since(policy, frozenset(after), NOW) == begins


# The mode's demand began 5 days ago, fewer models count for 4, the override for 3; joined 9 ago.
JOINED, BEGAN, NARROWED, SET = NOW - 9 * DAY, NOW - 5 * DAY, NOW - 4 * DAY, NOW - 3 * DAY
SINCE = [
    (Mode.REQUIRE_TOTP, PLAIN, BEGAN),
    (Mode.REQUIRE_EITHER, PLAIN, NARROWED),
    (Mode.REQUIRE_WEBAUTHN, PLAIN, NARROWED),
    (Mode.OPTIONAL, FORCED_TOTP, JOINED),
    (Mode.OPTIONAL, FORCED_KEY, NARROWED),
    (Mode.OPTIONAL, replace(FORCED_KEY, since=SET), SET),
    (Mode.OPTIONAL, replace(FORCED_TOTP, since=JOINED - DAY), JOINED),
    # What is demanded of them anyway is no news.
    (Mode.REQUIRE_TOTP, FORCED_TOTP, JOINED),
    (Mode.REQUIRE_TOTP, REQUIRED, BEGAN),
    (Mode.REQUIRE_EITHER, replace(REQUIRED, since=JOINED - DAY), NARROWED),
    (Mode.REQUIRE_EITHER, FORCED_TOTP, JOINED),
    (Mode.REQUIRE_TOTP, FORCED_KEY, NARROWED),
    (Mode.REQUIRE_TOTP, replace(PLAIN, since=SET), SET),
]


@pytest.mark.parametrize(("mode", "personal", "began"), SINCE)
def test_grace_begins_with_the_latest_news(mode: Mode, personal: Personal, began: datetime):
    policy = Policy(mode, demands_since=BEGAN, models_since=NARROWED)

    assert since(Facts(JOINED, policy, personal)) == began


def test_who_joins_later_has_their_own_grace():
    policy = Policy(Mode.REQUIRE_TOTP, demands_since=LONG_AGO)

    assert judge(Facts(NOW - DAY, policy), NOW).deadline == NOW + 13 * DAY


HAS = {
    "nothing": Factors(),
    "totp": Factors(totp_at=NOW - DAY),
    "passkey": Factors(webauthn_at=NOW - 2 * DAY),
    "both": Factors(NOW - DAY, NOW - 2 * DAY),
}
BOTH = Personal(force_totp=True, force_webauthn=True)
MISSING = [
    (Mode.REQUIRE_TOTP, PLAIN, "nothing", (TOTP,)),
    (Mode.REQUIRE_TOTP, PLAIN, "totp", ()),
    (Mode.REQUIRE_TOTP, PLAIN, "passkey", (TOTP,)),
    (Mode.REQUIRE_TOTP, PLAIN, "both", ()),
    (Mode.REQUIRE_WEBAUTHN, PLAIN, "nothing", (WEBAUTHN,)),
    (Mode.REQUIRE_WEBAUTHN, PLAIN, "totp", (WEBAUTHN,)),
    (Mode.REQUIRE_WEBAUTHN, PLAIN, "passkey", ()),
    (Mode.REQUIRE_EITHER, PLAIN, "nothing", (EITHER,)),
    (Mode.REQUIRE_EITHER, PLAIN, "totp", ()),
    (Mode.REQUIRE_EITHER, PLAIN, "passkey", ()),
    (Mode.OPTIONAL, BOTH, "nothing", (TOTP, WEBAUTHN)),
    (Mode.OPTIONAL, BOTH, "totp", (WEBAUTHN,)),
    (Mode.OPTIONAL, BOTH, "both", ()),
]
# Days of grace, days since the demand, whether the job has come; the status if a factor is missing.
TIMES = [
    (14, 0, False, Status.IN_GRACE),
    (14, 13.999, False, Status.IN_GRACE),
    (14, 14, False, Status.PAST_DUE),
    (14, 400, False, Status.PAST_DUE),
    (0, 0, False, Status.PAST_DUE),
    (0, 1, False, Status.PAST_DUE),
    (365, 364, False, Status.IN_GRACE),
    (14, 15, True, Status.SUSPENDED),
    (14, 1, True, Status.SUSPENDED),
]


@pytest.mark.parametrize(("needed", "timed"), list(product(MISSING, TIMES)))
def test_the_verdict_follows(needed, timed):
    mode, personal, has, missing = needed
    days, ago, is_suspended, late = timed
    began = NOW - timedelta(days=ago)
    policy = Policy(mode, grace_days=days, demands_since=began)
    suspended_at = began if is_suspended else None

    found = judge(Facts(began, policy, personal, HAS[has], suspended_at), NOW)

    assert found.status is (late if missing else Status.COMPLIANT)
    assert found.missing == missing
    assert found.deadline == (began + timedelta(days=days) if missing else None)


def test_a_suspension_for_what_was_demanded_before_counts_for_nothing():
    policy = Policy(Mode.REQUIRE_TOTP, demands_since=NOW - DAY)
    facts = Facts(LONG_AGO, policy, suspended_at=NOW - 2 * DAY)

    assert judge(facts, NOW).status is Status.IN_GRACE
    assert judge(replace(facts, suspended_at=NOW), NOW).status is Status.SUSPENDED


@pytest.mark.parametrize("has", HAS)
@pytest.mark.parametrize("suspended_at", [None, NOW])
def test_where_nothing_is_demanded_nothing_is_missing(has: str, suspended_at: datetime | None):
    found = judge(Facts(LONG_AGO, factors=HAS[has], suspended_at=suspended_at), NOW)

    assert found.status is Status.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("needs", "has", "moment"),
    [
        (set(), "both", None),
        ({TOTP}, "both", NOW - DAY),
        ({EITHER}, "both", NOW - 2 * DAY),
        ({TOTP, WEBAUTHN}, "both", NOW - DAY),
        ({TOTP, WEBAUTHN}, "totp", None),
        ({EITHER}, "nothing", None),
    ],
)
def test_who_meets_it_does_since_the_last_factor_came(needs, has, moment):
    assert met_at(frozenset(needs), HAS[has]) == moment


@pytest.mark.parametrize(
    ("statuses", "worst"),
    [
        ((), Status.NOT_APPLICABLE),
        ((Status.COMPLIANT, Status.NOT_APPLICABLE), Status.COMPLIANT),
        ((Status.COMPLIANT, Status.IN_GRACE), Status.IN_GRACE),
        ((Status.PAST_DUE, Status.SUSPENDED, Status.COMPLIANT), Status.SUSPENDED),
    ],
)
def test_the_worst_counts(statuses: tuple[Status, ...], worst: Status):
    assert overall(statuses) is worst


@pytest.mark.parametrize(
    ("missing", "told"),
    [
        ((), ()),
        ((EITHER, EITHER), (EITHER,)),
        ((EITHER, WEBAUTHN), (WEBAUTHN,)),
        ((WEBAUTHN, TOTP, TOTP), (TOTP, WEBAUTHN)),
    ],
)
def test_what_several_organizations_miss_is_told_once(missing, told):
    assert all_missing(missing) == told


KEY, CODE, PASSWORD = ("hwk", "pin"), ("pwd", "otp"), ("pwd",)
USED = [
    ({TOTP}, (), PASSWORD, None, False),
    ({TOTP}, (), CODE, None, True),
    ({TOTP}, (), KEY, None, True),
    ({WEBAUTHN}, (), CODE, None, False),
    ({WEBAUTHN}, (), KEY, None, True),
    ({TOTP, WEBAUTHN}, (), CODE, None, False),
    ({TOTP, WEBAUTHN}, (), (*CODE, *KEY), None, True),
    ({EITHER}, (), PASSWORD, None, False),
    ({EITHER}, (), CODE, None, True),
    ({EITHER}, (), KEY, None, True),
    ({WEBAUTHN}, (A,), KEY, None, False),
    ({WEBAUTHN}, (A,), KEY, B, False),
    ({WEBAUTHN}, (A,), KEY, A, True),
    ({WEBAUTHN}, (A,), CODE, A, False),
    ({TOTP}, (A,), KEY, B, True),
    ({EITHER}, (A,), KEY, B, False),
    ({EITHER}, (A,), KEY, A, True),
    ({EITHER}, (A,), CODE, None, True),
]


@pytest.mark.parametrize(("needs", "models", "amr", "model", "has"), USED)
def test_a_session_has_used_what_is_needed(needs, models, amr, model, has):
    assert has_used(frozenset(needs), frozenset(models), amr, model) is has


def test_a_key_is_more_than_a_code():
    assert [wanted_acr(frozenset({need})) for need in Method] == ["mfa", "phr", "mfa"]


ORDERED = [
    (PLAIN, PLAIN, True),
    (PLAIN, REQUIRED, True),
    (PLAIN, FORCED_TOTP, True),
    (PLAIN, EXEMPT, False),
    (REQUIRED, PLAIN, False),
    (EXEMPT, PLAIN, True),
    (FORCED_TOTP, PLAIN, False),
    (FORCED_TOTP, FORCED_KEY, False),
    (FORCED_TOTP, replace(EXEMPT, force_totp=True), False),
]


@pytest.mark.parametrize(("before", "after", "is_as_strict"), ORDERED)
def test_what_people_may_do_to_themselves_demands_more(before, after, is_as_strict):
    assert is_stricter(before, after) is is_as_strict
