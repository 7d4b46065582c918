"""Pages: signing in, signing up and links of mails with forms and a cookie, and who is kept out."""

import re
from uuid import uuid4

import pytest

from gatehouse.accounts.events import LinkPurpose
from gatehouse.accounts.service import renew_link, web_address_of
from gatehouse.core.browser import local_path
from gatehouse.core.context import Origin, unit_of_work
from gatehouse.core.roles import Role
from tests.conftest import client_of
from tests.factories import PASSWORD
from tests.mailbox import link_in

OURS = {"Origin": "http://localhost:5000"}
NEW = "zebra lantern forty-two orbit"
COOKIE = "gatehouse_session"
TOKEN = re.compile(r'name="form_token" value="([^"]+)"')


def token_of(page) -> str:
    (token, *_) = TOKEN.findall(page.text)
    return token


def send(client, path, headers=OURS, **fields):
    """Open the page of a form, and send the form as a browser does."""
    if "form_token" not in fields:
        fields["form_token"] = token_of(client.get(path))
    return client.post(path, data=fields, headers=headers)


@pytest.fixture
def user(make):
    return make.user(full_name="<b>Philippa</b> Marlowe")


@pytest.fixture
def signed_in(client, user):
    assert send(client, "/login", email=user.email, password=PASSWORD).status_code == 303
    return client


def session_cookie(client) -> str:
    cookie = client.get_cookie(COOKIE)
    return cookie.value if cookie else ""


def test_a_person_signs_in_sees_themselves_and_signs_out(signed_in, user):
    page = signed_in.get("/")
    token = session_cookie(signed_in)
    assert user.email in page.text
    assert "<b>Philippa</b>" not in page.text
    assert "&lt;b&gt;Philippa&lt;/b&gt;" in page.text

    reply = send(signed_in, "/logout")

    assert (reply.status_code, reply.headers["Location"]) == (303, "/")
    assert session_cookie(signed_in) == ""
    headers = {"Authorization": f"Bearer {token}"}
    assert signed_in.get("/api/v1/auth/me", headers=headers).status_code == 401


def test_the_cookie_opens_no_route_of_the_api(signed_in):
    """Threat 86: what a browser sends by itself changes nothing there."""
    assert signed_in.get("/api/v1/auth/me").status_code == 401


def test_a_wrong_password_is_said_at_the_form_and_never_repeated(client, user):
    reply = send(client, "/login", email=user.email, password="wrong horse")

    assert reply.status_code == 401
    assert 'role="alert"' in reply.text
    assert f'value="{user.email}"' in reply.text
    assert "wrong horse" not in reply.text


def test_somebody_new_registers_and_is_told_what_is_wrong_field_by_field(client):
    email = f"{uuid4().hex}@example.test"
    wrong = send(client, "/register", email="nobody", password="short", password_confirm="other")
    assert wrong.status_code == 400
    for name in ("email", "password", "password_confirm"):
        assert f'id="{name}-error"' in wrong.text

    reply = send(client, "/register", email=email, full_name="", password=NEW, password_confirm=NEW)

    assert reply.status_code == 303
    assert email in client.get("/").text


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (OURS, 303),
        ({"Origin": "http://127.0.0.1:5000"}, 303),
        ({"Referer": "http://localhost:5000/login"}, 303),
        ({"Sec-Fetch-Site": "same-origin"}, 303),
        ({}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "https://evil.test"}, 403),
        ({"Origin": "http://localhost:5001"}, 403),
        ({"Origin": "http://localhost:5000.evil.test"}, 403),
        ({"Origin": "https://evil.test", "Host": "evil.test"}, 403),
        ({"Referer": "https://evil.test/http://localhost:5000"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({**OURS, "Sec-Fetch-Site": "cross-site", "Origin": "https://evil.test"}, 403),
    ],
)
def test_only_a_page_of_ours_may_send_a_form(client, user, headers, status):
    """Threats 51 and 86."""
    reply = send(client, "/login", headers, email=user.email, password=PASSWORD)

    assert reply.status_code == status


@pytest.mark.parametrize("kind", ["none", "empty", "junk", "another browser", "another session"])
def test_a_form_counts_only_from_whom_it_was_made_for(app, client, user, make, kind):
    """Threats 51, 81, 86 and 93."""
    other = client_of(app, "198.51.104.1")
    tokens = {
        "none": lambda: None,
        "empty": lambda: "",
        "junk": lambda: "0" * 96,
        "another browser": lambda: token_of(other.get("/login")),
        "another session": lambda: _token_of_a_session(other, make),
    }
    client.get("/login")
    fields = {"email": user.email, "password": PASSWORD, "form_token": tokens[kind]()}

    reply = client.post(
        "/login", data={k: v for k, v in fields.items() if v is not None}, headers=OURS
    )

    assert reply.status_code == 403
    assert session_cookie(client) == ""


def _token_of_a_session(client, make) -> str:
    person = make.user()
    send(client, "/login", email=person.email, password=PASSWORD)
    return token_of(client.get("/logout"))


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("text/plain", "email=a&password=b"),
        ("application/json", '{"email": "a@b.test"}'),
        ("multipart/form-data; boundary=x", "--x--"),
    ],
)
def test_a_form_is_a_form(client, kind, data):
    reply = client.post("/login", data=data, content_type=kind, headers=OURS)

    assert reply.status_code == 415
    assert reply.mimetype == "text/html"


@pytest.mark.parametrize("path", ["/", "/login", "/register", "/forgot-password", "/logout"])
def test_every_page_is_guarded_and_kept_by_nobody(client, path):
    """Threats 85 and 89."""
    page = client.get(path)

    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe-inline" not in policy
    assert page.headers["Cache-Control"] == "no-store"
    assert "Cookie" in page.headers["Vary"]
    assert " style=" not in page.text
    assert "onclick" not in page.text
    assert '<html lang="en"' in page.text


@pytest.mark.parametrize(
    "cookie",
    ["", "junk", "ghs_" + "0" * 49, "a; b", '"', f"x; {COOKIE}=y", "\x7f"],
)
def test_an_odd_cookie_is_nobodys_and_no_failure(client, cookie):
    """Threat 84."""
    page = client.get("/", headers={"Cookie": f"{COOKIE}={cookie}"})

    assert page.status_code == 200
    assert "Sign in" in page.text


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(make_app, client, user):
    reply = send(client, "/login", email=user.email, password=PASSWORD)
    cookies = reply.headers.getlist("Set-Cookie")
    (plain,) = [cookie for cookie in cookies if cookie.startswith(f"{COOKIE}=ghs_")]
    assert "HttpOnly" in plain
    assert "SameSite=Lax" in plain
    assert "Path=/" in plain

    secure = client_of(make_app(APP_URL="https://id.example.test"))
    cookies = secure.get("/login").headers.getlist("Set-Cookie")
    assert cookies
    assert all(cookie.startswith("__Host-gatehouse") for cookie in cookies)
    assert all("; Secure" in cookie for cookie in cookies)


def test_every_sign_in_and_confirmation_has_a_new_token(signed_in):
    """Threats 78 and 79."""
    first = session_cookie(signed_in)

    assert send(signed_in, "/reauthenticate", password=PASSWORD).status_code == 303

    second = session_cookie(signed_in)
    assert first != second
    dead = signed_in.get("/api/v1/auth/me", headers={"Authorization": f"Bearer {first}"})
    alive = signed_in.get("/api/v1/auth/me", headers={"Authorization": f"Bearer {second}"})
    assert (dead.status_code, alive.status_code) == (401, 200)


@pytest.mark.parametrize(
    "path", ["/", "/account/password", "/login?x=1", "/a-b/c_d.e~f", "/x?next=%2Fy"]
)
def test_a_path_of_ours_is_where_one_may_go_next(path):
    assert local_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        *("//evil.test", "/\\evil.test", "\\evil.test", "https:evil.test", "https://evil.test"),
        *("/%5cevil.test", "/%09/evil.test", "/%00", "/%0d%0aSet-Cookie:x", "/%250a", "/\r\nx"),
        *("///evil.test", "/ /evil.test", "/@evil.test", "javascript:alert(1)", "evil", "/../x"),
        *("/x?y=%0a", "/x#y", "/é", "/" + "x" * 3000, "/.//evil.test"),
    ],
)
def test_nothing_else_is(path):
    """Threats 1, 2 and 11."""
    assert local_path(path) == ""


def test_a_sign_in_leads_nowhere_else(client, user):
    reply = send(client, "/login", email=user.email, password=PASSWORD, next="//evil.test")
    assert reply.headers["Location"] == "/"


def test_who_must_sign_in_first_comes_back_to_where_they_were_going(client, user):
    reply = client.get("/account/password")
    assert reply.headers["Location"] == "/login?next=%2Faccount%2Fpassword"

    page = client.get(reply.headers["Location"])
    assert 'name="next" value="/account/password"' in page.text
    assert "page that you asked for" in page.text
    assert "page that you asked for" not in client.get("/login").text
    reply = send(client, "/login", email=user.email, password=PASSWORD, next="/account/password")
    assert reply.headers["Location"] == "/account/password"


def test_a_second_person_takes_over_nothing(signed_in, make):
    """Threat 81."""
    other = make.user()
    token = token_of(signed_in.get("/logout"))
    fields = {"email": other.email, "password": PASSWORD, "form_token": token}

    reply = signed_in.post("/login", data=fields, headers=OURS)

    assert reply.status_code in (403, 409)
    assert other.email not in signed_in.get("/").text


def test_a_forgotten_password_is_set_with_the_link_of_the_mail(client, mailbox, user):
    """Threat 102: opening the page uses nothing up."""
    for email in (user.email, f"{uuid4().hex}@example.test"):
        assert send(client, "/forgot-password", email=email).headers["Location"] == "/login"
    (letter,) = mailbox.deliver()
    path = link_in(letter).removeprefix("http://localhost:5000")
    for _ in range(3):
        assert client.get(path).status_code == 200

    weak = send(client, path, password="short", password_confirm="short")
    reply = send(client, path, password=NEW, password_confirm=NEW)

    assert (weak.status_code, reply.status_code) == (400, 303)
    assert "Your new password is set" in client.get("/login").text
    late = {"form_token": token_of(client.get("/login")), "password": NEW, "password_confirm": NEW}
    assert send(client, path, **late).status_code == 400
    assert send(client, "/login", email=user.email, password=NEW).status_code == 303


def test_another_link_is_used_with_a_button(client, runtime, user):
    purpose = LinkPurpose.UNDO
    with unit_of_work(runtime, Origin()) as ctx:
        link = renew_link(ctx, user, purpose, address=f"{uuid4().hex}@example.test")
        path = web_address_of(ctx, link.id).removeprefix("http://localhost:5000")

    assert client.get(path).status_code == 200
    assert send(client, path).status_code == 303
    late = send(client, path, form_token=token_of(client.get("/login")))
    assert late.status_code == 400


def test_an_invitation_is_accepted_by_somebody_new_and_by_somebody_known(
    app, client, mailbox, make
):
    org = make.organization(name="Marlowe & Sons")
    admin = make.bearer(make.member(org, Role.ADMIN))
    known, somebody = make.user(), f"{uuid4().hex}@example.test"
    paths = {}
    for email in (known.email, somebody):
        client.post(f"/api/v1/organizations/{org.id}/invites", json={"email": email}, headers=admin)
        (letter,) = mailbox.deliver()
        paths[email] = link_in(letter).removeprefix("http://localhost:5000")

    page = client.get(paths[somebody])
    assert "Marlowe &amp; Sons" in page.text
    joined = send(client, paths[somebody], password=NEW, password_confirm=NEW)
    assert joined.status_code == 303
    assert "Marlowe &amp; Sons" in client.get("/").text

    browser = client_of(app, "198.51.104.9")
    assert "sign in with it" in browser.get(paths[known.email]).text
    send(browser, "/login", email=known.email, password=PASSWORD)
    assert send(browser, paths[known.email]).status_code == 303
    assert "Marlowe &amp; Sons" in browser.get("/").text


def test_closed_registration_is_said_on_a_page(make_app, address):
    closed = client_of(make_app(REGISTRATION_ENABLED="false"), address)

    page = closed.get("/register")

    assert (page.status_code, page.mimetype) == (403, "text/html")
    assert "Create an account" not in closed.get("/login").text


def test_the_operators_own_pages_are_led_to(make_app, address):
    client = client_of(make_app(LOGIN_UI_URL="https://login.example.test"), address)

    assert client.get("/login").headers["Location"] == "https://login.example.test/login"


def test_what_the_pages_load_is_ours_and_may_be_kept(client):
    page = client.get("/login")
    (sheet,) = re.findall(r'<link rel="stylesheet" href="([^"]+)"', page.text)

    with client.get(sheet) as file:
        assert (file.status_code, file.mimetype) == (200, "text/css")
        assert "immutable" in file.headers["Cache-Control"]
    assert not re.search(r'(?:src|href)="https?:', page.text.replace("http://localhost:5000", ""))


def test_the_mail_that_confirms_an_address_can_be_sent_again(mailbox, client, make):
    user = make.user(email_verified=False)
    send(client, "/login", email=user.email, password=PASSWORD)
    start = client.get("/")

    token = token_of(start)
    reply = client.post("/account/verification", data={"form_token": token}, headers=OURS)
    mailbox.deliver()

    assert "confirm your address" in start.text
    assert (reply.status_code, reply.headers["Location"]) == (303, "/")
    assert "new link is on its way" in client.get("/").text
    path = link_in(mailbox.to(user.email)[-1]).removeprefix("http://localhost:5000")
    send(client, path)
    assert "confirm your address" not in client.get("/").text


def test_an_invitation_for_somebody_else_says_so_before_it_is_accepted(
    mailbox, client, signed_in, user, make
):
    org = make.organization()
    admin = make.bearer(make.member(org, Role.ADMIN))
    email = f"{uuid4().hex}@example.test"
    client.post(f"/api/v1/organizations/{org.id}/invites", json={"email": email}, headers=admin)
    mailbox.deliver()

    (letter,) = mailbox.to(email)
    page = signed_in.get(link_in(letter).removeprefix("http://localhost:5000"))

    assert f"signed in as {user.email}" in page.text
    assert "Accept the invitation" not in page.text
    assert 'href="/logout"' in page.text
