"""Templates into pages: where they lie, what each may use, and what the browser may load."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from pathlib import Path
from secrets import token_urlsafe
from typing import Any
from urllib.parse import urlencode, urlsplit

from gatehouse.core.forms import LANGUAGE, Refused
from gatehouse.core.json_text import in_words
from gatehouse.core.languages import IN_ENGLISH, Language
from gatehouse.core.legible import legible
from gatehouse.core.settings import Settings
from gatehouse.core.showing import Destination

PACKAGE = Path(__file__).resolve().parents[1]
ASSETS = Path(__file__).resolve().parent / "static" / "pages"
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:{images};{script}"
    " form-action 'self'{forms}; frame-ancestors 'none'; base-uri 'none'"
)
# What stands in the cookie and in Accept-Language decides what a page says.
VARY = "Cookie, Accept-Language"

Headers = list[tuple[str, str]]


@dataclass(slots=True)
class Frame:
    """What every template may use beside the values of its view. Made anew for each answer.

    ``token`` makes the hidden token of a form; ``note`` names what was just done; ``wish`` is the
    language that was asked for.
    """

    settings: Settings
    request_id: str
    token: Callable[[], str]
    is_signed_in: bool = False
    next: str = ""
    wish: str = ""
    note: str = ""
    form: Refused = field(default_factory=Refused)
    destination: Destination | None = None
    leads_to: str = ""
    language: Language = IN_ENGLISH
    _nonce: str = ""

    @property
    def service(self) -> str:
        return self.settings.service_name

    def to(self, path: str, *, onward: bool = False) -> str:
        """The address of a page of ours; ``onward``: with where the visitor is going, and the
        language that was asked for.
        """
        along = {"next": self.next, LANGUAGE: self.wish} if onward else {}
        more = {name: value for name, value in along.items() if value}
        return with_query(address(self.settings, path), more)

    def asset(self, name: str) -> str:
        return self.to(f"/assets/{assets_version()}/{name}")

    def nonce(self) -> str:
        """What a script of this answer, and of no other, is allowed by."""
        self._nonce = self._nonce or token_urlsafe(16)
        return self._nonce

    def headers(self) -> Headers:
        """Once the page is rendered: only now is it known whether it has a script."""
        script = f" script-src 'nonce-{self._nonce}'; connect-src 'self';" if self._nonce else ""
        return [
            ("Content-Security-Policy", self._policy(script)),
            ("Cache-Control", "no-store"),
            ("Vary", VARY),
            ("Content-Language", self.language.tag),
            # no-referrer would make browsers post our own forms with "Origin: null" (Fetch, 3.1).
            ("Referrer-Policy", "strict-origin"),
        ]

    def _policy(self, script: str) -> str:
        """A browser stops a form whose answer leads on to a place that is not named (CSP 3, 6.4.1),
        and shows no picture from one.
        """
        there = self.destination
        leads_to = self.leads_to or (there.origin if there else "")
        logo = origin_of(there.logo_uri) if there and there.logo_uri else ""
        return POLICY.format(
            script=script,
            images=f" {logo}" if logo else "",
            forms=f" {leads_to}" if leads_to else "",
        )


def origin_of(url: str) -> str:
    """What a Content-Security-Policy calls the place of ``url``: of a scheme of an application's
    own the scheme is all there is (CSP 3, 2.3.1).
    """
    parts = urlsplit(url)
    if parts.scheme in ("http", "https"):
        return f"{parts.scheme}://{parts.netloc}"
    return f"{parts.scheme}:"


def address(settings: Settings, path: str) -> str:
    """A path of ours as browsers see it: below the path of APP_URL, if that has one."""
    return urlsplit(settings.app_url).path.rstrip("/") + path


def with_query(url: str, more: Mapping[str, str]) -> str:
    """The same address with more in its query."""
    return f"{url}{'&' if '?' in url else '?'}{urlencode(more)}" if more else url


def render(template: str, frame: Frame, values: dict[str, Any]) -> str:
    """A page. ``template`` is ``<folder>/<file>``, below the templates of that folder."""
    return str(environment().get_template(template).render(values, frame=frame))


def note_exists(note: str) -> bool:
    """Whether there are words for a note such as ``accounts/password_changed``."""
    return _note_file(note) in environment().list_templates()


@cache
def assets_version() -> str:
    """Changes when a file does, so that browsers may keep all of them for a year."""
    found = sha256()
    for path in sorted(ASSETS.iterdir()):
        found.update(path.name.encode() + path.read_bytes())
    return found.hexdigest()[:12]


@cache
def environment() -> Any:
    """Everything is escaped, and a name that does not exist is a mistake, not an empty text."""
    from jinja2 import (  # noqa: PLC0415
        Environment,
        FileSystemLoader,
        PrefixLoader,
        StrictUndefined,
        pass_context,
    )

    folders = sorted(PACKAGE.glob("*/templates"))
    loader = PrefixLoader({path.parent.name: FileSystemLoader(path) for path in folders})
    found = Environment(
        loader=loader,
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    found.policies["ext.i18n.trimmed"] = True
    says: dict[str, Callable[..., str]] = {
        "moment": Language.moment,
        "said": Language.say,
        "wait": Language.wait,
    }
    found.filters |= {name: pass_context(_in_language(how)) for name, how in says.items()}
    words = (Language.gettext, Language.ngettext)
    found.install_gettext_callables(  # type: ignore[attr-defined]
        *(pass_context(_in_language(how)) for how in words), newstyle=True
    )
    found.filters |= {"note_file": _note_file, "in_words": in_words, "legible": legible}
    return found


def _in_language(says: Callable[..., str]) -> Callable[..., str]:
    """What templates call to say something in the language of their page."""

    def speak(context: Any, *given: Any) -> str:
        return says(context["frame"].language, *given)

    return speak


def _note_file(note: str) -> str:
    domain, _, name = note.partition("/")
    return f"{domain}/note_{name}.html"
