"""Somebody with a browser that knows cookies, redirects and plain forms, over real HTTP."""

from html.parser import HTMLParser
from typing import Any, Self
from urllib.parse import urljoin, urlsplit

import requests

from tests.factories import PASSWORD

MOST_PAGES = 12
REDIRECTS = (301, 302, 303, 307, 308)


class Form(HTMLParser):
    """The first form of a page that posts: where it leads, its fields, and its buttons."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.action: str | None = None
        self.fields: dict[str, str] = {}
        self.names: set[str] = set()
        self.buttons: list[tuple[str, str]] = []
        self._is_inside = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "form" and self.action is None and found.get("method", "").lower() == "post":
            self.action, self._is_inside = found.get("action", ""), True
        if not self._is_inside or "name" not in found:
            return
        if tag == "input":
            self.names.add(found["name"])
            if found.get("type") == "hidden" or "checked" in found:
                self.fields[found["name"]] = found.get("value", "")
        if tag == "button":
            self.buttons.append((found["name"], found.get("value", "")))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._is_inside = False


class Visitor:
    """Goes through whatever the provider shows: signs in, says yes, and ends where it is led.

    ``follows``: further places whose redirects it follows, such as an application that runs.
    ``answer``: the button that it presses where there is one of this value, else the first.
    """

    def __init__(
        self, provider: str, email: str, *, follows: tuple[str, ...] = (), answer: str = "allow"
    ) -> None:
        self.provider, self.email, self._answer = provider, email, answer
        self.pages: list[str] = []
        self.text = ""
        self._follows = (provider, *follows)
        self._http = requests.Session()
        self._http.headers["User-Agent"] = "Mozilla/5.0 (counterparts)"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._http.close()

    def go_through(self, url: str, **typed: str) -> str:
        """Open an address, fill in each form, and return the address at which there is none.

        ``typed``: what else the person knows, by the names of the fields that ask for it.
        """
        page = self._send("GET", url)
        for _ in range(MOST_PAGES):
            if isinstance(page, str):
                return page
            self.text = page.text
            form = Form(page.text)
            if not page.url.startswith(self.provider) or form.action is None:
                return str(page.url)
            self.pages.append(urlsplit(page.url).path)
            page = self._fill_in(page, form, typed)
        raise AssertionError(f"It goes on and on: {self.pages}")

    def open(self, url: str) -> requests.Response:
        """One page and what it leads to, without filling anything in."""
        page = self._send("GET", url)
        assert not isinstance(page, str), page
        return page

    def _fill_in(self, page: requests.Response, form: Form, typed: dict[str, str]) -> Any:
        fields = dict(form.fields)
        known = {"email": self.email, "password": PASSWORD, **typed}
        fields |= {name: text for name, text in known.items() if name in form.names}
        meant = [button for button in form.buttons if button[1] == self._answer]
        fields |= dict((meant or form.buttons)[:1])
        where = urljoin(page.url, form.action or page.url)
        return self._send("POST", where, data=fields)

    def _send(self, method: str, url: str, **sent: Any) -> requests.Response | str:
        """An answer that is no redirect, or the address of a place that nobody follows."""
        for _ in range(MOST_PAGES):
            if not url.startswith(self._follows):
                return url
            headers = {"Accept": "text/html"}
            if method == "POST":
                parts = urlsplit(url)
                headers["Origin"] = f"{parts.scheme}://{parts.netloc}"
            answer = self._http.request(
                method, url, headers=headers, allow_redirects=False, timeout=20, **sent
            )
            if answer.status_code not in REDIRECTS:
                assert answer.status_code < 500, (url, answer.text)
                return answer
            method, url, sent = "GET", urljoin(url, answer.headers["Location"]), {}
        raise AssertionError(f"There is no end to the redirects: {url}")
