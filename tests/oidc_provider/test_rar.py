"""What is asked for in detail (RFC 9396)."""

from typing import Any

import orjson

from tests.relying import Person, answer_of

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

    assert tokens["authorization_details"] == [PAY]
    assert rp.introspect(tokens["access_token"]).json["authorization_details"] == [PAY]
    silent = rp.url(authorization_details=wish, prompt="none")
    assert "code" in answer_of(person.open(silent).headers["Location"])
    more = orjson.dumps([{**PAY, "amount": {"eur": "350"}}]).decode()
    silent = rp.url(authorization_details=more, prompt="none")
    said = answer_of(person.open(silent).headers["Location"])
    assert said["error"] == "consent_required"
