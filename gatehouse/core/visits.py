"""One request of a browser: what it holds, who it is, what it sent."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import request

from gatehouse.core import browser, forms
from gatehouse.core.answering import READING
from gatehouse.core.context import ANONYMOUS, Actor
from gatehouse.core.crypto import fingerprint
from gatehouse.core.languages import (
    Language,
    Languages,
    languages_of,
    wishes_of,
    wishes_of_browser,
)
from gatehouse.core.rendering import note_exists, with_query
from gatehouse.core.runtime import Runtime

# In place of what every answer says: docs/decisions/0015-windows-keep-their-opener.md.
KEEP_OPENER = ("Cross-Origin-Opener-Policy", "unsafe-none")


@dataclass(slots=True)
class Visit:
    """One request of a browser: what it holds, who it is, what it sent. ``wish`` is the language
    that it was asked for in, by ``ui_locales``, if there is that one.
    """

    environ: dict[str, Any]
    runtime: Runtime
    path: dict[str, Any]
    cookie: str = ""
    seed: str = ""
    actor: Actor = ANONYMOUS
    sent: dict[str, str] = field(default_factory=dict)
    raw: bytes = b""
    next: str = ""
    keeps_opener: bool = False
    wish: str = ""
    cookies: dict[str, browser.Header] = field(default_factory=dict)

    @property
    def headers(self) -> list[browser.Header]:
        """Cookies, and whether the page that opened this window stays tied to it (HTML 7.1.3)."""
        return [*self.cookies.values(), *([KEEP_OPENER] if self.keeps_opener else [])]

    @property
    def is_reading(self) -> bool:
        return self.environ["REQUEST_METHOD"] in READING

    def holder(self) -> str:
        """Whom a form belongs to: the session, or before there is one the browser."""
        if self.actor.session_id is not None:
            return f"session {self.actor.session_id}"
        return f"browser {self.seed}" if self.seed else ""

    def keep(self, what: str, value: str, seconds: int | None = None) -> None:
        """Leave a cookie with the browser: for ``seconds``, else until it is closed."""
        settings = self.runtime.settings
        name = browser.cookie_name(settings, what)
        self.cookies[name] = browser.set_cookie(settings, name, value, seconds=seconds)

    def lose(self, what: str = "") -> None:
        """Take a cookie back; without ``what`` the session's."""
        self.keep(what, "", 0)

    def language(self, ui_locales: Iterable[str] = ()) -> Language:
        """What an application asked for goes first: it knows in which language it was read."""
        of_browser = wishes_of_browser(self.environ.get("HTTP_ACCEPT_LANGUAGE", ""))
        here = [self.wish] if self.wish else []
        return self._languages().choose(ui_locales, here, of_browser)

    def in_its_language(self, path: str) -> str:
        """The same path with the language that was asked for, unless it names one itself."""
        if not self.wish or f"{forms.LANGUAGE}=" in path:
            return path
        return with_query(path, {forms.LANGUAGE: self.wish})

    def take(self, sent: dict[str, str]) -> None:
        """A form of ours, with where its page was on the way to, and in which language."""
        self.sent = sent
        self.next = browser.local_path(sent.get(forms.NEXT, ""))
        if forms.LANGUAGE in sent:
            self.hear([sent[forms.LANGUAGE]])

    def hear(self, wishes: Sequence[str]) -> None:
        """Note the language of the parameter ui_locales. As with ``next``, two are none."""
        found = self._languages().find(wishes_of(wishes[0])) if len(wishes) == 1 else None
        self.wish = found.tag if found else ""

    def _languages(self) -> Languages:
        return languages_of(self.runtime.settings.translations_dir)

    def note(self) -> str:
        """What was done a moment ago. It is read once."""
        name = browser.cookie_name(self.runtime.settings, "note")
        note = browser.read_cookie(self.environ, name)
        if not note:
            return ""
        self.lose("note")
        return note if note_exists(note) else ""

    def way(self) -> str:
        """A name of this browser for requests that are on their way through our pages: it stays
        the same when somebody signs in. What it is made of is in the cookie alone.
        """
        settings = self.runtime.settings
        name = browser.cookie_name(settings, "way")
        seed = browser.read_cookie(self.environ, name)
        if not browser.is_seed(seed):
            seed = browser.new_seed()
            self.cookies[name] = browser.set_cookie(settings, name, seed)
        return fingerprint(settings.secret_key, "way", seed)

    def token(self) -> str:
        """The token of a form in the answer. A browser that is nobody's yet gets a name."""
        if not self.holder():
            self.seed = browser.new_seed()
            self.keep("browser", self.seed)
        return browser.form_token(self.runtime.settings, self.holder())


def begin(environ: dict[str, Any], path: dict[str, Any]) -> Visit:
    runtime: Runtime = environ["gatehouse.runtime"]
    seed = browser.read_cookie(environ, browser.cookie_name(runtime.settings, "browser"))
    asked = request.args.getlist(forms.NEXT)
    visit = Visit(
        environ,
        runtime,
        path,
        cookie=browser.read_cookie(environ, browser.cookie_name(runtime.settings)),
        seed=seed if browser.is_seed(seed) else "",
        next=browser.local_path(asked[0]) if len(asked) == 1 else "",
    )
    if forms.LANGUAGE in request.args:
        visit.hear(request.args.getlist(forms.LANGUAGE))
    return visit
