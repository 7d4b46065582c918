"""How the parameters of a request are read. Pure."""

from typing import Any

import pytest

from gatehouse.core.protocol import InvalidRequest
from gatehouse.oidc_provider.errors import (
    InvalidAuthorizationDetails,
    InvalidScope,
    UnsupportedResponseType,
)
from gatehouse.oidc_provider.rules import asked, details, modes


@pytest.mark.parametrize("text", [None, "", "token", "id_token token", "code id_token", "none"])
def test_only_a_code_may_be_asked_for(text: str | None):
    """CORE-14, CORE-15, CORE-16, threat 48."""
    with pytest.raises(UnsupportedResponseType if text else InvalidRequest):
        asked.response_type_of(text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (None, ("openid",)),
        ("openid", ("openid",)),
        ("email openid", ("email", "openid")),
        ("openid openid nobody-knows", ("openid",)),
    ],
)
def test_scopes_are_those_that_the_client_may_have(text: str | None, found: tuple[str, ...]):
    """CORE-57, CORE-58."""
    assert asked.scopes_of(text, ("openid", "email"), ("openid",)) == found


@pytest.mark.parametrize("text", ["x", "a  b", "openid\t", 'a"b', " ".join("a" * 101), "é"])
def test_scopes_that_are_none_are_refused(text: str):
    """CORE-58, threat 49."""
    with pytest.raises(InvalidScope):
        asked.scopes_of(text, ("openid", "a"), ())


@pytest.mark.parametrize(
    ("text", "found"),
    [(None, set()), ("none", {"none"}), ("login consent", {"login", "consent"})],
)
def test_a_prompt_is_a_set_of_words(text: str | None, found: set[str]):
    assert asked.prompt_of(text) == found


@pytest.mark.parametrize("text", ["none login", "nothing", "Login", "login,consent"])
def test_prompts_that_contradict_are_refused(text: str):
    """CORE-24, CORE-25."""
    with pytest.raises(InvalidRequest):
        asked.prompt_of(text)


@pytest.mark.parametrize("text", ["-1", "1.5", "x", "", " 1", "1e3", "٣", "9" * 10])
def test_an_age_is_a_number_of_seconds(text: str):
    """CORE-30."""
    assert asked.age_of("0") == 0
    with pytest.raises(InvalidRequest):
        asked.age_of(text)


GOOD = "a" * 43
PKCE = {"code_challenge": GOOD, "code_challenge_method": "S256"}


@pytest.mark.parametrize(
    "sent",
    [
        {"code_challenge": GOOD},
        {"code_challenge": GOOD, "code_challenge_method": "plain"},
        {"code_challenge": GOOD, "code_challenge_method": "s256"},
        {"code_challenge": "a" * 42, "code_challenge_method": "S256"},
        {"code_challenge": "a" * 44, "code_challenge_method": "S256"},
        {"code_challenge": "a" * 42 + "=", "code_challenge_method": "S256"},
        {"code_challenge_method": "S256"},
        {},
    ],
)
def test_a_challenge_is_made_by_s256(sent: dict[str, str]):
    """PKCE-04, PKCE-05, PKCE-06, PKCE-08, PKCE-09, threat 23."""
    assert asked.challenge_of(PKCE, is_required=True) == GOOD
    with pytest.raises(InvalidRequest):
        asked.challenge_of(sent, is_required=True)


def test_a_challenge_may_be_left_out_where_the_client_is_an_old_one():
    """PKCE-11."""
    assert asked.challenge_of({}, is_required=False) is None


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "[]", "1", '"x"', '{"userinfo":1}', '{"userinfo":[]}', '{"id_token":""}'),
        *('{"userinfo":{"email":true}}', '{"userinfo":{"email":{"essential":"yes"}}}'),
        *('{"userinfo":{},"userinfo":{}}', '{"id_token":{"sub":{"value":"a","value":"b"}}}'),
        *('{"x":1,"\\u0078":2}', '{"userinfo":{"email":null,"email":null}}'),
        *('{"id_token":{"acr":{"values":"x"}}}', "[" * 5000, '{"userinfo":{"x":' + "9" * 9000),
    ],
)
def test_claims_that_cannot_be_read_are_refused(text: str):
    """CORE-40, threat 49."""
    with pytest.raises(InvalidRequest):
        asked.claims_of(text)


def test_claims_that_can_be_read_are_kept():
    """CORE-38, CORE-39: what we do not know is ignored."""
    text = '{"userinfo":{"email":null,"x":{"essential":true,"y":1}},"id_token":null,"z":1}'

    assert asked.claims_of(text) == {"userinfo": {"email": None, "x": {"essential": True, "y": 1}}}


@pytest.mark.parametrize(
    ("wish", "found"),
    [
        ({"essential": True, "value": "mfa"}, ("mfa",)),
        ({"essential": True, "values": ["mfa", "phr"]}, ("mfa", "phr")),
        ({"essential": True}, ()),
        ({"values": ["mfa"]}, ()),
        (None, ()),
    ],
)
def test_a_class_of_authentication_may_be_essential(wish, found: tuple[str, ...]):
    """CORE-37."""
    assert asked.essential_acr_of({"id_token": {"acr": wish}}) == found


@pytest.mark.parametrize(
    ("in_id_token", "in_userinfo", "found"),
    [
        (None, None, None),
        ({"essential": True}, None, None),
        ({"value": "a"}, {"value": "a"}, {"a"}),
        ({"values": ["a", "b"]}, None, {"a", "b"}),
        ({"values": ["a", "b"]}, {"value": "b"}, {"b"}),
        ({"value": "a", "values": ["a", "b"]}, None, {"a"}),
        ({"values": [1]}, None, {"1"}),
        ({"value": "a"}, {"value": "b"}, InvalidRequest),
        ({"value": "a", "values": ["b"]}, None, InvalidRequest),
        ({"values": ["a"]}, {"values": ["b"]}, InvalidRequest),
        ({"values": []}, None, InvalidRequest),
    ],
)
def test_certain_people_may_be_named(in_id_token: Any, in_userinfo: Any, found: Any):
    """CORE-41: whatever restricts it holds."""
    claims = {"id_token": {"sub": in_id_token}, "userinfo": {"sub": in_userinfo}}
    if found is InvalidRequest:
        with pytest.raises(InvalidRequest):
            asked.subs_of(claims)
    else:
        assert asked.subs_of(claims) == found


@pytest.mark.parametrize(
    "text",
    [
        *("", "x", "{}", "[]", "[1]", '[{"type":1}]', '[{"typ":"pay"}]', '[{"type":"other"}]'),
        *('[{"type":"pay","actions":"read"}]', '[{"type":"pay","identifier":1}]'),
        *('[{"type":"pay","locations":[1]}]', "[" + ",".join(['{"type":"pay"}'] * 21) + "]"),
        '[{"type":"pay","x":"' + "9" * 9000 + '"}]',
        '[{"type":"pay","type":"pay"}]',
        '[{"type":"pay","amount":{"eur":1,"eur":1000}}]',
    ],
)
def test_details_that_cannot_be_read_are_refused(text: str):
    """RAR-01."""
    with pytest.raises(InvalidAuthorizationDetails):
        details.details_of(text, ("pay",))


@pytest.mark.parametrize(
    ("mode", "listed", "may"),
    [
        ("query", modes.PLAIN, True),
        ("query", ("form_post",), False),
        ("query", ("query.jwt",), False),
        ("jwt", ("query.jwt",), True),
        ("query.jwt", ("jwt",), True),
        ("jwt", modes.PLAIN, True),
        ("fragment.jwt", ("query",), False),
        ("form_post.jwt", ("form_post",), True),
        ("web_message", ("web_message",), False),
    ],
)
def test_a_mode_is_one_that_the_client_uses(mode: str, listed: tuple[str, ...], *, may: bool):
    """FP-04, JARM-01."""
    assert modes.may_use(mode, listed) is may


@pytest.mark.parametrize(
    ("listed", "mode"),
    [((), "query"), (modes.PLAIN, "query"), (("jwt",), "jwt"), (("x", "form_post"), "form_post")],
)
def test_a_request_without_a_mode_has_the_usual_one(listed: tuple[str, ...], mode: str):
    assert modes.usual_mode(listed) == mode
