"""What is asked for in detail (RFC 9396)."""

from typing import Any

import orjson
import pytest

from gatehouse.clients.rules.shapes import DEEPEST, misfit, shapes_problem
from gatehouse.core.json_text import DEEPEST as LEVELS
from gatehouse.oidc_provider.errors import InvalidAuthorizationDetails
from gatehouse.oidc_provider.rules.details import details_of, narrowed
from tests.relying import Person, answer_of, basic

REFUSED = "invalid_authorization_details"
PAY = {"type": "pay", "actions": ["initiate"], "creditor": "<b>Kim</b>", "amount": {"eur": "3.50"}}


def test_details_are_shown_agreed_to_and_told(person: Person, make_rp: Any):
    """RAR-01, RAR-02, RAR-03."""
    rp = make_rp(authorization_details_types=["pay"])
    wish = orjson.dumps([PAY]).decode()
    page = person.sign_in(person.open(rp.url(authorization_details=wish)))
    for words in ("pay", "initiate", "creditor", "&lt;b&gt;Kim&lt;/b&gt;", "3.50"):
        assert words in page.text

    code = answer_of(person.consent(page).headers["Location"])["code"]
    tokens = rp.redeem(code).json

    assert "<dt>creditor</dt><dd>&lt;b&gt;Kim&lt;/b&gt;</dd>" in person.open("/applications").text
    assert tokens["authorization_details"] == [PAY]
    assert rp.introspect(tokens["access_token"]).json["authorization_details"] == [PAY]
    silent = rp.url(authorization_details=wish, prompt="none")
    assert "code" in answer_of(person.open(silent).headers["Location"])
    more = orjson.dumps([{**PAY, "amount": {"eur": "350"}}]).decode()
    silent = rp.url(authorization_details=more, prompt="none")
    said = answer_of(person.open(silent).headers["Location"])
    assert said["error"] == "consent_required"


SHAPE: dict[str, Any] = {
    "actions": {"kind": "texts", "one_of": ["initiate", "status"], "required": True},
    "creditor": {"kind": "text"},
    "currency": {"kind": "text", "one_of": ["EUR", "CHF"]},
    "times": {"kind": "whole"},
    "rate": {"kind": "number"},
    "is_urgent": {"kind": "flag"},
    "amount": {"kind": "object", "members": {"eur": {"kind": "text", "required": True}}},
    "parts": {"kind": "objects", "members": {"share": {"kind": "number"}}},
}


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"actions": []},
        {"creditor": "", "currency": "CHF", "times": 0, "rate": 1, "is_urgent": False},
        {"rate": 0.5, "amount": {"eur": "3"}, "parts": []},
        {"parts": [{"share": 1}, {}]},
    ],
)
def test_what_has_the_shape_of_its_type_is_taken(more: dict[str, Any]):
    """RAR-01, RAR-03."""
    detail = {"type": "pay", "actions": ["status"], **more}

    found = details_of(orjson.dumps([detail]).decode(), ("pay",), {"pay": SHAPE})

    assert found == (detail,)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"actions": "status"}, "common members are lists of text"),
        ({"actions": ["status", 1]}, "common members are lists of text"),
        ({"actions": ["status", "end"]}, "actions is none of: initiate, status"),
        ({"<script>": "x"}, "pay: It has a member that is not one of its type."),
        ({"locations": ["https://x.example"]}, "is not one of its type"),
        ({"creditor": 1}, "creditor is not of the kind text"),
        ({"creditor": None}, "creditor is not of the kind text"),
        ({"currency": "eur"}, "currency is none of"),
        ({"times": 1.5}, "times is not of the kind whole"),
        ({"times": True}, "times is not of the kind whole"),
        ({"rate": "1"}, "rate is not of the kind number"),
        ({"rate": True}, "rate is not of the kind number"),
        ({"is_urgent": 0}, "is_urgent is not of the kind flag"),
        ({"amount": []}, "amount is not of the kind object"),
        ({"amount": {}}, "amount: eur is missing"),
        ({"amount": {"eur": 3}}, "amount: eur is not of the kind text"),
        ({"amount": {"eur": "3", "usd": "3"}}, "amount: It has a member"),
        ({"parts": {"share": 1}}, "parts is not of the kind objects"),
        ({"parts": [{"share": 1}, {"share": "all"}]}, "parts: share is not of the kind number"),
    ],
)
def test_what_has_another_shape_is_refused_and_told_where(more: dict[str, Any], says: str):
    """RAR-01: a member that is not known, not there, or of another kind."""
    detail = {"type": "pay", "actions": ["status"], **more}
    with pytest.raises(InvalidAuthorizationDetails) as refused:
        details_of(orjson.dumps([detail]).decode(), ("pay",), {"pay": SHAPE})

    assert says in refused.value.description


def deep(levels: int) -> dict[str, Any]:
    inner = {"x": {"kind": "text"}} if levels == 1 else deep(levels - 1)
    return inner if levels == 1 else {"x": {"kind": "object", "members": inner}}


@pytest.mark.parametrize(
    "shape",
    [
        None,
        [],
        {},
        {"x": None},
        {"x": {}},
        {"x": {"kind": "date"}},
        {"x": {"kind": ["text"]}},
        {"x": {"kind": "text", "required": "yes"}},
        {"x": {"kind": "text", "pattern": "(a+)+"}},
        {"x": {"kind": "text", "$ref": "https://x.example"}},
        {"x": {"kind": "text", "one_of": []}},
        {"x": {"kind": "text", "one_of": "a"}},
        {"x": {"kind": "text", "one_of": ["a", "a"]}},
        {"x": {"kind": "texts", "one_of": ["a", 1]}},
        {"x": {"kind": "whole", "one_of": ["1"]}},
        {"x": {"kind": "text", "members": {"y": {"kind": "text"}}}},
        {"x": {"kind": "object"}},
        {"x": {"kind": "objects", "members": {}}},
        {"type": {"kind": "text"}},
        {"": {"kind": "text"}},
        {"a\nb": {"kind": "text"}},
        {"x" * 101: {"kind": "text"}},
        {f"x{each}": {"kind": "text"} for each in range(51)},
        deep(DEEPEST + 1),
    ],
)
def test_a_shape_that_is_none_is_refused(shape: Any):
    """RAR-03."""
    assert shapes_problem({"pay": shape}).startswith("pay: ")


def test_a_shape_may_be_as_rich_as_this():
    """RAR-03."""
    assert shapes_problem({"pay": SHAPE, "deep": deep(DEEPEST)}) == ""
    inner = {"kind": "object", "members": {"type": {"kind": "text"}}}
    assert shapes_problem({"pay": {"x": inner}}) == ""
    assert misfit({"x": inner}, {"x": {"type": "y"}}) == ""


@pytest.mark.parametrize("deeper", [1, 200, 270, 900])
def test_what_is_nested_too_deep_is_refused_where_it_is_read(
    person: Person, make_rp: Any, deeper: int
):
    """RAR-01, PAR-07: at once, and never on the page that would have to show it."""
    rp = make_rp(authorization_details_types=["pay"])
    most = LEVELS - 2
    lists = ("[" * each + "]" * each for each in (most, most + deeper))
    fits, too_deep = (f'[{{"type": "pay", "x": {each}}}]' for each in lists)
    page = person.sign_in(person.open(rp.url(authorization_details=fits)))
    assert (page.status_code, page.request.path[:14]) == (200, "/oidc/consent/")

    pushed = rp.http.post(
        "/oidc/par",
        data=rp.request(authorization_details=too_deep),
        headers=basic(rp.client_id),
    )
    assert pushed.status_code == 400
    assert pushed.json["error"] == REFUSED
    assert "16 levels" in pushed.json["error_description"]
    said = answer_of(person.open(rp.url(authorization_details=too_deep)).headers["Location"])
    assert said["error"] == REFUSED
    claims = f'{{"userinfo": {{"name": {{"values": {too_deep}}}}}}}'
    said = answer_of(person.open(rp.url(claims=claims)).headers["Location"])
    assert said["error"] == "invalid_request"


def test_the_client_hears_what_of_its_details_is_wrong(person: Person, make_rp: Any):
    """RAR-01, RAR-03: types without a shape are as free as before."""
    shapes = {"pay": {"creditor": {"kind": "text", "required": True}}}
    rp = make_rp(authorization_details_types=["pay", "look"], authorization_details_shapes=shapes)

    def answer(**detail: Any) -> dict[str, str]:
        wish = orjson.dumps([detail]).decode()
        page = person.go_through(rp.url(authorization_details=wish))
        return answer_of(page.headers["Location"])

    assert "code" in answer(type="pay", creditor="Kim")
    assert "code" in answer(type="look", at={"any": ["thing"]})
    refused = answer(type="pay", creditor="Kim", until="tomorrow")
    assert refused["error"] == REFUSED
    assert answer(type="pay")["error_description"] == "pay: creditor is missing."


BOTH = {"type": "look", "actions": ["read", "list"], "at": {"a": [1, 2]}}


@pytest.mark.parametrize(
    "wanted",
    [
        [BOTH],
        [PAY],
        [BOTH, PAY],
        [{**BOTH, "actions": ["list"]}, {**BOTH, "actions": ["read"]}],
        [{**BOTH, "actions": ["list", "read"]}],
    ],
)
def test_an_access_token_may_do_less_than_was_granted(wanted: list[Any]):
    """RFC 9396 6.1."""
    assert narrowed(orjson.dumps(wanted).decode(), [PAY, BOTH]) == tuple(wanted)


@pytest.mark.parametrize(
    "wanted",
    [
        [],
        {},
        ["look"],
        [{"type": "look"}],
        [{"type": "another"}],
        [{**BOTH, "actions": ["read", "write"]}],
        [{**BOTH, "actions": []}],
        [{**BOTH, "actions": "read"}],
        [{**BOTH, "actions": [1]}],
        [{**BOTH, "at": {"a": [1]}}],
        [{**BOTH, "at": {"a": [True, 2]}}],
        [{**BOTH, "more": 1}],
        [{"type": "look", "at": {"a": [1, 2]}}],
        [PAY, {**PAY, "creditor": "Mallory"}],
    ],
)
def test_an_access_token_may_do_no_more_than_was_granted(wanted: Any):
    """RFC 9396 5, 6.1."""
    for granted in ([PAY, BOTH], []):
        with pytest.raises(InvalidAuthorizationDetails):
            narrowed(orjson.dumps(wanted).decode(), granted)


def test_the_token_endpoint_narrows_what_one_token_may_do(person: Person, make_rp: Any):
    """RFC 9396 6, 6.1: the family of refresh tokens keeps all that was granted."""
    rp = make_rp(authorization_details_types=["pay", "look"], always_issue_refresh_token=True)
    less = {**BOTH, "actions": ["read"]}
    granted, wish = ([PAY, BOTH], orjson.dumps([less]).decode())
    code = person.code_for(rp, authorization_details=orjson.dumps(granted).decode())
    for junk in ("x", "[]", '[{"type": "other"}]', "[" * 500 + "]" * 500):
        refused = rp.redeem(code, authorization_details=junk)
        assert (refused.status_code, refused.json["error"]) == (
            400,
            "invalid_authorization_details",
        )

    first = rp.redeem(code, authorization_details=wish).json
    again = rp.refresh(first["refresh_token"], authorization_details=wish).json
    more = rp.refresh(again["refresh_token"], authorization_details='[{"type": "pay"}]')
    whole = rp.refresh(again["refresh_token"]).json

    for told in (first, again):
        assert told["authorization_details"] == [less]
        assert rp.introspect(told["access_token"]).json["authorization_details"] == [less]
    assert (more.status_code, more.json["error"]) == (400, REFUSED)
    assert whole["authorization_details"] == granted


def test_a_client_asks_in_detail_for_itself(make_rp: Any):
    """RFC 9396 6: held to its types and their shapes, as everywhere."""
    rp = make_rp(
        grant_types=["client_credentials"],
        response_types=[],
        authorization_details_types=["pay"],
        authorization_details_shapes={"pay": {"creditor": {"kind": "text", "required": True}}},
    )

    def ask(*details: Any) -> Any:
        wish = orjson.dumps(details).decode()
        return rp.token(grant_type="client_credentials", authorization_details=wish)

    detail = {"type": "pay", "creditor": "Kim"}
    told = ask(detail).json
    assert told["authorization_details"] == [detail]
    assert rp.introspect(told["access_token"]).json["authorization_details"] == [detail]
    for wrong in ({"type": "pay"}, {"type": "look", "creditor": "Kim"}, 1):
        refused = ask(wrong)
        assert (refused.status_code, refused.json["error"]) == (
            400,
            "invalid_authorization_details",
        )
    assert "authorization_details" not in rp.token(grant_type="client_credentials").json


def test_where_details_have_no_place_they_are_refused(make_rp: Any):
    """RFC 9396 5: a device and whoever asks by the back channel get no details, nor does a token
    that is exchanged.
    """
    ciba, device = (
        "urn:openid:params:grant-type:ciba",
        "urn:ietf:params:oauth:grant-type:device_code",
    )
    exchange = "urn:ietf:params:oauth:grant-type:token-exchange"
    policy = {"subject_clients": ["x"], "audiences": ["https://x.example"], "scopes": ["openid"]}
    rp = make_rp(
        grant_types=[ciba, device, exchange],
        token_exchange_policy=policy,
        authorization_details_types=["pay"],
    )
    headers, wish = basic(rp.client_id), {"authorization_details": '[{"type": "pay"}]'}
    data = {"scope": "openid", "login_hint": "kim@example.com"}
    for path in ("/oidc/device_authorization", "/oidc/bc-authorize"):
        begun = rp.http.post(path, data=data, headers=headers).json
        refused = rp.http.post(path, data=data | wish, headers=headers)
        assert refused.json["error"] == REFUSED
        for kind, name in ((device, "device_code"), (ciba, "auth_req_id")):
            if name in begun:
                told = rp.token(grant_type=kind, **{name: begun[name]}, **wish)
                assert told.json["error"] == REFUSED
    types = "urn:ietf:params:oauth:token-type:access_token"
    told = rp.token(grant_type=exchange, subject_token="x", subject_token_type=types, **wish)
    assert told.json["error"] == REFUSED
