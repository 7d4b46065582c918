"""Where nobody is led to: addresses that are nearly those of the client (CORE-12, threats 3 to 6,
9, 12 to 14).
"""

from typing import Any
from urllib.parse import urlencode

import pytest

from tests.relying import Person, Rp, answer_of

URI = "https://app.example.com/callback"
NEARLY = [
    *(URI + "/", URI + "x", URI[:-1], URI + "?a=b", URI + "#", URI + "#@evil.example"),
    *("https://app.example.com/Callback", "https://APP.example.com/callback"),
    *("HTTPS://app.example.com/callback", "http://app.example.com/callback"),
    *("https://app.example.com/callback/../callback", "https://app.example.com/x/../callback"),
    *("https://app.example.com/callback/..;/x", "https://app.example.com/%2e%2e/callback"),
    *("https://app.example.com/%63allback", "https://app.example.com/%252e%252e/callback"),
    *("https://evil@app.example.com/callback", "https://app.example.com@evil.example/callback"),
    *("https://app.example.com.evil.example/callback", "https://evil.example/callback"),
    *("https://evil.example#@app.example.com/callback", "https://sub.app.example.com/callback"),
    *("https://evil.example\\@app.example.com/callback", "https:\\\\app.example.com\\callback"),
    *("//app.example.com/callback", "/callback", "callback", " " + URI, URI + " ", URI + "\t"),
    *("https://app.example.com:443/callback", "https://app.example.com:8443/callback"),
    *("https://app.example.com./callback", "https://\u0430pp.example.com/callback"),
    *(URI + "\r\nSet-Cookie: a=b", URI + "%0d%0aSet-Cookie:%20a=b", URI + "\x00", URI + "%00"),
    *("javascript:alert(1)//" + URI, "data:text/html," + URI, "https://*.example.com/callback"),
    *("urn:ietf:wg:oauth:2.0:oob", "", URI + "," + URI, URI + " https://evil.example"),
]


def test_addresses_are_compared_letter_by_letter(person: Person, make_rp: Any):
    rp = make_rp(redirect_uris=[URI, URI + "/other"])
    for uri in NEARLY:
        for name in ("GET", "POST"):
            given = rp.request(redirect_uri=uri)
            if name == "GET":
                answer = person.open(f"/oidc/authorize?{urlencode(given)}")
            else:
                answer = person.http.post("/oidc/authorize", data=given)
            assert (answer.status_code, answer.headers.get("Location")) == (400, None), uri
            assert "evil" not in answer.text
            assert "a=b" not in str(answer.headers.getlist("Set-Cookie"))


def test_an_address_with_a_query_keeps_it(person: Person, make_rp: Any):
    """Threat 14."""
    rp = make_rp(redirect_uris=[URI + "?tenant=1"])

    location = person.go_through(rp.url()).headers["Location"]

    assert location.startswith(URI + "?tenant=1&code=")
    assert answer_of(location)["tenant"] == "1"


NATIVE = ["http://127.0.0.1/cb", "http://[::1]:7777/cb", "com.example.app:/cb"]


@pytest.mark.parametrize(
    "uri", ["http://127.0.0.1:49152/cb", "http://[::1]:1/cb", "com.example.app:/cb"]
)
def test_a_native_application_may_listen_on_any_port(person: Person, make_rp: Any, uri: str):
    """BCP-15, threat 13."""
    rp = make_rp(redirect_uris=NATIVE, application_type="native", token_endpoint_auth_method="none")

    answer = person.go_through(rp.url(redirect_uri=uri))

    assert answer.headers["Location"].startswith(f"{uri}?code=")


def test_a_native_application_at_localhost_has_the_port_that_was_registered(
    person: Person, make_rp: Any
):
    """DCR-03, BCP-15, BCP-16."""
    uri = "http://localhost:8000/cb"
    rp = make_rp(redirect_uris=[uri], application_type="native", token_endpoint_auth_method="none")

    assert person.open(rp.url(redirect_uri="http://localhost:8001/cb")).status_code == 400
    assert person.open(rp.url(redirect_uri="http://127.0.0.1:8000/cb")).status_code == 400
    led = person.go_through(rp.url(redirect_uri=uri))
    assert led.headers["Location"].startswith(f"{uri}?code=")


def test_other_addresses_have_the_port_that_was_registered(person: Person, make_rp: Any):
    """BCP-16, threat 13."""
    native = make_rp(redirect_uris=NATIVE, application_type="native")
    web = make_rp(redirect_uris=["http://127.0.0.1/cb", "http://localhost:3000/cb"])
    wrong = (
        (native, "http://localhost:7777/cb"),
        (native, "http://localhost.evil.example:7777/cb"),
        (native, "http://0.0.0.0:7777/cb"),
        (native, "http://127.1:7777/cb"),
        (native, "http://127.0.0.1:99999/cb"),
        (native, "http://127.0.0.1:7777/cb/"),
        (native, "http://127.0.0.1:7777@evil.example/cb"),
        (native, "https://127.0.0.1:7777/cb"),
        (native, "com.example.app:/other"),
        (native, "com.example.app://cb"),
        (web, "http://127.0.0.1:7777/cb"),
        (web, "http://localhost:3001/cb"),
    )
    for rp, uri in wrong:
        answer = person.open(rp.url(redirect_uri=uri))
        assert (answer.status_code, answer.headers.get("Location")) == (400, None), uri


def test_the_first_address_that_is_seen_is_not_learnt(person: Person, make_rp: Any):
    """Threat 12."""
    rp = make_rp(redirect_uris=["https://other.example.com/"])
    for _ in range(2):
        assert person.open(rp.url(redirect_uri=URI)).status_code == 400


def test_a_code_is_written_into_no_page_of_ours(person: Person, rp: Rp):
    """BCP-13, FP-01, FP-03, threat 8: but the form that brings it to the client."""
    hostile = "\"><script>alert(1)</script>'&lt;"
    page = person.go_through(rp.url(response_mode="form_post", state=hostile))

    policy = page.headers["Content-Security-Policy"]
    assert "<script>alert" not in page.text
    assert "&lt;script&gt;" in page.text
    assert "&amp;lt;" in page.text
    assert 'name="code"' in page.text
    assert "<button" in page.text
    assert "script-src 'nonce-" in policy
    assert "frame-ancestors 'none'" in policy
    assert page.headers["Cache-Control"] == "no-store"
