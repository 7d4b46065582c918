"""Pages in the language of their reader, on the whole way to an application and beside it."""

import re
from html import unescape
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from flask.testing import FlaskClient

from gatehouse.app import create_app
from gatehouse.core.settings import read_settings
from scripts.words import HEADER, marked, save
from tests.factories import PASSWORD, Factory
from tests.oidc_provider.test_devices import GRANT, Device
from tests.relying import OURS, Person, Rp, make_client

ODD = "<b>%(name)s {x} %s</b>"
MARKS = re.compile(r"⟦[^⟦⟧]*⟧")
LETTER = re.compile(r"[^\W\d_]")
SPOKEN = ("aria-label", "alt", "title", "placeholder")


def language_of(page: Any) -> tuple[str, str, str]:
    lang = re.search(r'<html lang="([^"]+)"', page.text)
    return lang[1] if lang else "", page.headers["Content-Language"], page.headers["Vary"]


def spoken(tag: str) -> tuple[str, str, str]:
    return tag, tag, "Cookie, Accept-Language"


def speaker(app: Flask, email: str, header: str = "", **base: str) -> Person:
    more = {"HTTP_ACCEPT_LANGUAGE": header} if header else {}
    return Person(app, email, REMOTE_ADDR="127.0.0.1", **more, **base)


def test_what_an_application_asks_for_counts_on_the_whole_way(
    open_app: Flask, user: Any, make_rp: Any
):
    """CORE-35: whatever the browser wants, and after a form that was refused."""
    rp = make_rp(require_consent=None)
    person = speaker(open_app, user.email, "en-GB,en;q=0.9")
    page = person.open(rp.url(ui_locales="fr-CA de-AT", prompt="login consent"))
    assert language_of(page) == spoken("de")
    assert "<h1>Anmelden</h1>" in page.text
    assert language_of(person.open(f"/register?next={page.request.args['next']}")) == spoken("de")

    refused = person.post("/login", page, email=user.email, password="wrong")
    assert language_of(refused) == spoken("de")
    assert "Die Adresse oder das Passwort stimmt nicht." in refused.text

    page = person.sign_in(refused)
    assert page.request.path.startswith("/oidc/consent/")
    assert language_of(page) == spoken("de")
    assert "Zugriff für Test App erlauben?" in page.text
    assert "Bei jeder Anmeldung wissen, dass Sie es sind" in page.text
    assert "code=" in person.consent(page).headers["Location"]

    assert language_of(person.open(rp.url(prompt="select_account"))) == spoken("en")
    chosen = person.open(rp.url(prompt="select_account", ui_locales="de"))
    assert language_of(chosen) == spoken("de")


def test_the_page_that_posts_the_answer_speaks_it_too(open_app: Flask, user: Any, rp: Rp):
    """CORE-35."""
    person = speaker(open_app, user.email)
    page = person.go_through(rp.url(ui_locales="de", response_mode="form_post"))

    assert 'id="away"' in page.text
    assert language_of(page) == spoken("de")
    assert "zur Anwendung zurückgeleitet" in page.text


@pytest.mark.parametrize("ui_locales", ["xx", "%s <b> ../..", "de" * 1000, "a " * 1000, "\t"])
def test_a_wish_that_makes_no_sense_is_as_good_as_none(
    open_app: Flask, user: Any, rp: Rp, ui_locales: str
):
    """CORE-35."""
    page = speaker(open_app, user.email, "de").open(rp.url(ui_locales=ui_locales))

    assert page.status_code == 200
    assert language_of(page) == spoken("de")


def test_the_way_out_speaks_it(open_app: Flask, user: Any, make_rp: Any):
    rp = make_rp(post_logout_redirect_uris=["https://app.example.com/bye"])
    person = speaker(open_app, user.email, "en")
    person.go_through(rp.url())
    page = person.open(f"/oidc/logout?client_id={rp.client_id}&ui_locales=de")

    assert language_of(page) == spoken("de")
    assert "Auch hier abmelden?" in page.text


def test_a_device_is_answered_in_the_language_of_its_link_to_the_end(
    open_app: Flask, user: Any, make_rp: Any
):
    device = Device(make_rp(grant_types=[GRANT]))
    person = speaker(open_app, user.email, "en")
    page = person.sign_in(person.open("/device?ui_locales=de"))
    page = person.post("/device", page, user_code=device.user_code)
    assert language_of(page) == spoken("de")
    page = person.post(page.request.path, page, answer="allow")

    assert language_of(page) == spoken("de")
    assert "Das Gerät hat Zugang" in page.text


def test_a_way_out_that_names_no_application_speaks_it_to_the_end(
    open_app: Flask, user: Any, rp: Rp
):
    """CORE-35, RPL-07: the question, and that one is signed out."""
    person = speaker(open_app, user.email, "en")
    assert language_of(person.open("/oidc/logout?ui_locales=de-CH")) == spoken("de")

    person.go_through(rp.url())
    page = person.open("/oidc/logout?ui_locales=xx+de")
    assert language_of(page) == spoken("de")
    assert "<h1>Abmelden?</h1>" in page.text
    page = person.post("/logout", page)
    assert language_of(page) == spoken("de")
    assert "Sie sind abgemeldet." in page.text
    assert language_of(person.open("/oidc/logout?ui_locales=xx")) == spoken("en")


def test_who_was_asked_in_a_language_is_signed_out_in_it(open_app: Flask, user: Any, rp: Rp):
    """RPL-11: the page behind the question, by an address or by a form."""
    for ask in ("GET", "POST"):
        person = speaker(open_app, user.email, "en")
        person.go_through(rp.url())
        asked = {"client_id": rp.client_id, "ui_locales": "de"}
        if ask == "GET":
            page = person.open(f"/oidc/logout?{urlencode(asked)}")
        else:
            page = person.post("/oidc/logout", person.open("/logout"), **asked)
        page = person.post(page.request.path, page, answer="sign_out")

        assert page.request.path == "/logout"
        assert language_of(page) == spoken("de")
        assert "<h1>Sie sind abgemeldet</h1>" in page.text


def test_a_request_that_leads_nowhere_is_refused_in_its_language(open_app: Flask, user: Any):
    """CORE-35: of the authorization endpoint and of the way out, by an address or by a form."""
    person = speaker(open_app, user.email, "en")
    asked = {"client_id": "none", "ui_locales": "fr de"}
    for path in ("/oidc/authorize", "/oidc/logout"):
        for page in (
            person.open(f"{path}?{urlencode(asked)}"),
            person.http.post(path, data=asked, headers=OURS),
        ):
            assert page.status_code == 400
            assert language_of(page) == spoken("de")
            assert "nicht richtig gefragt" in page.text
        twice = person.open(f"{path}?{urlencode(asked)}&ui_locales=de")
        assert (twice.status_code, *language_of(twice)) == (400, *spoken("en"))


def test_who_forgot_the_password_on_the_way_reads_the_same_language(
    open_app: Flask, user: Any, rp: Rp
):
    """CORE-35: and is on the same way afterwards."""
    person = speaker(open_app, user.email, "en")
    page = person.open(rp.url(ui_locales="de"))
    (link,) = re.findall(r'href="(/forgot-password[^"]*)"', page.text)
    page = person.open(unescape(link))
    assert language_of(page) == spoken("de")
    page = person.post("/forgot-password", page, email="nobody at all")
    assert (page.status_code, *language_of(page)) == (400, *spoken("de"))
    page = person.post("/forgot-password", page, email=user.email)

    assert page.request.path == "/login"
    assert language_of(page) == spoken("de")
    assert "Test App" in page.text
    assert "code=" in person.consent(person.sign_in(page)).headers["Location"]


@pytest.mark.parametrize(
    ("header", "tag"), [("de-CH", "de"), ("fr, de;q=0.2", "de"), ("fr", "en"), ("", "en")]
)
def test_a_browser_says_what_it_wants(client: FlaskClient, header: str, tag: str):
    headers = {"Accept": "text/html", **({"Accept-Language": header} if header else {})}

    for path in ("/", "/login", "/forgot-password", "/nowhere", "/oidc/authorize?client_id=x"):
        assert language_of(client.get(path, headers=headers)) == spoken(tag)
    assert "Content-Language" not in client.get("/api/v1/nowhere", headers=headers).headers
    assert client.get("/api/v1/nowhere", headers=headers).json["message"].startswith("There is")


def test_errors_of_fields_are_said_in_the_language(open_app: Flask):
    person = speaker(open_app, "no address", "de")
    page = person.open("/register")
    page = person.post("/register", page, email="no address", password="short")

    assert "Muss eine E-Mail-Adresse sein, zum Beispiel kim@example.com." in page.text
    assert "Nehmen Sie mindestens 8 Zeichen." in page.text
    assert "Bitte füllen Sie das aus." in page.text
    assert "Fehler: Konto anlegen" in unescape(page.text)


def test_values_stay_text_in_translated_sentences(
    open_app: Flask, make: Factory, make_rp: Any, runtime: Any
):
    """BCP-11: names that hold tags, or the signs that places are written with."""
    user = make.user(full_name="<b>Kim</b> %(email)s")
    org = make.organization(name=ODD)
    rp = make_rp(org, access_policy="everyone", fields={"name": ODD}, scopes=["openid", "<i>"])
    person = speaker(open_app, user.email, "de")
    for _ in range(2):
        page = person.open(rp.url(scope="openid <i>"))
        assert "<b>" not in page.text
        assert "<i>" not in page.text
        assert "&lt;b&gt;%(name)s {x} %s&lt;/b&gt; von &lt;b&gt;" in page.text.replace(
            "</strong>", ""
        )
        page = person.sign_in(page) if page.request.path == "/login" else page
    start = person.open("/")
    assert "&lt;b&gt;Kim&lt;/b&gt; %(email)s" in start.text
    assert "<b>" not in start.text


def test_discovery_lists_what_there_is(client: FlaskClient):
    """DISC-15."""
    document = client.get("/.well-known/openid-configuration").json

    assert document["ui_locales_supported"] == ["de", "en"]


class Outside(HTMLParser):
    """What a page says outside of the marks of a sentence."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.skipped = ""
        self.depth = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.skipped = tag if tag in ("script", "style") else ""
        for name, value in attrs:
            if name in SPOKEN and value:
                self.found.append(MARKS.sub("", value))

    def handle_endtag(self, tag: str) -> None:
        self.skipped = ""

    def handle_data(self, data: str) -> None:
        if self.skipped:
            return
        outside = []
        for sign in data:
            self.depth += {"⟦": 1, "⟧": -1}.get(sign, 0)
            outside.append(sign if not self.depth and sign != "⟧" else " ")
        self.found.append("".join(outside))


@pytest.fixture(scope="module")
def marked_app(migrated: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A service whose only other language sets every sentence into brackets."""
    folder = tmp_path_factory.mktemp("translations")
    header = HEADER.format(tag="qps", plural="nplurals=2; plural=0;")
    bracketed = marked()
    for message in bracketed:
        many = message.pluralizable
        text = f"⟦{message.id[-1] if many else message.id}⟧"
        message.string = (text, text) if many else text
    save(folder / "qps.po", bracketed, header)
    chosen = {"FLASK_ENV": "testing", "LOG_LEVEL": "error", "RATELIMIT_ENABLED": "false"}
    app = create_app(
        read_settings({**chosen, **migrated("sqlite"), "TRANSLATIONS_DIR": str(folder)})
    )
    yield app
    app.extensions["gatehouse"].engine.dispose()


class Walk:
    """A person who reads every page that they come to: what stands outside of the brackets is a
    name, or was typed.
    """

    def __init__(self, app: Flask) -> None:
        runtime = app.extensions["gatehouse"]
        make = Factory(runtime)
        self.user = make.user(full_name="Kim", email_verified=False)
        org = make.organization(name="Harbour")
        agent = "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"
        self.person = speaker(app, self.user.email, "qps", HTTP_USER_AGENT=agent)
        links = {name: f"https://app.example.com/{name}" for name in ("policy_uri", "tos_uri")}
        named: dict[str, Any] = {"fields": {"name": "Tide"}}
        self.rp = Rp(app, make_client(runtime, org, access_policy="everyone", **named, **links))
        self.tv = Rp(app, make_client(runtime, **named, grant_types=[GRANT]))
        own = (re.escape(self.user.email), org.slug, "Kim", "K$", "Harbour", "Tide", "Gatehouse")
        self.names = re.compile("|".join(own))
        self.seen: list[str] = []

    def look(self, page: Any) -> Any:
        text = re.sub(r"<code>[^<]*</code>|<p class=\"code\">.*?</p>", "", page.text)
        outside = [self.names.sub("", words) for words in Outside(text).found]
        assert [words for words in outside if LETTER.search(words)] == [], page.request.path
        assert '<html lang="qps"' in page.text
        self.seen.append(page.request.path)
        return page

    def open(self, *paths: str) -> Any:
        return [self.look(self.person.open(path)) for path in paths][-1]

    def post(self, path: str, page: Any, **fields: str) -> Any:
        return self.look(self.person.post(path, page, **fields))

    def send(self, path: str, **fields: str) -> Any:
        """Fill in the form of a page that was looked at before."""
        return self.post(path, self.person.open(path), **fields)


@pytest.fixture
def walk(marked_app: Flask) -> Walk:
    return Walk(marked_app)


def test_no_page_says_a_word_that_is_not_marked(walk: Walk):
    """A walk over the pages, from outside to signing out."""
    before_signing_in(walk)
    to_an_application(walk)
    while_signed_in(walk)
    out_again(walk)
    assert len(walk.seen) >= 35


def before_signing_in(walk: Walk) -> None:
    walk.open("/", "/login", "/register", "/forgot-password", "/logout", "/nowhere")
    walk.send("/register", email="nobody", password="a")
    walk.send("/forgot-password", email=walk.user.email)
    of_links = ("reset-password", "verify-email", "confirm-email", "undo-email-change", "invite")
    walk.open(*(f"/{path}/none" for path in of_links))


def to_an_application(walk: Walk) -> None:
    person, rp = walk.person, walk.rp
    walk.open("/oidc/authorize?client_id=none")
    page = walk.open(rp.url(scope="openid profile email roles offline_access x"))
    walk.post("/login", page, email=walk.user.email, password="wrong")
    consent = walk.look(person.sign_in(page))
    walk.look(person.consent(consent, "neither"))
    assert "code=" in person.consent(consent).headers["Location"]
    walk.open(rp.url(prompt="select_account"))
    walk.post("/reauthenticate", walk.open(rp.url(prompt="login")), password="wrong")


def while_signed_in(walk: Walk) -> None:
    person = walk.person
    walk.open("/", "/applications", "/account/password", "/requests", "/logout", "/device")
    wrong = {"current_password": "wrong", "new_password": "aaaaaaaa", "new_password_confirm": "b"}
    walk.send("/account/password", **wrong)
    walk.send("/device", user_code="BBBB-BBBB")
    device = Device(walk.tv, scope="openid")
    asked = person.post("/device", person.open("/device"), user_code=device.user_code)
    asked = walk.look(person.sign_in(asked) if asked.request.path == "/reauthenticate" else asked)
    walk.post(asked.request.path, asked, answer="deny")


def out_again(walk: Walk) -> None:
    person = walk.person
    walk.open(f"/oidc/logout?client_id={walk.rp.client_id}")
    walk.post("/account/password", person.open("/logout"), form_token="none")
    foreign = {**OURS, "Origin": "https://x.y"}
    walk.look(person.http.post("/login", data={"email": "x"}, headers=foreign))
    page = person.post("/logout", person.open("/logout"))
    assert "⟦You are signed out.⟧" in walk.look(page).text
    assert PASSWORD not in page.text
