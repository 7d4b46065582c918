"""What a view of a page returns: a page, or where to go next."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Any, Protocol, TypeVar

from gatehouse.core.context import Context
from gatehouse.core.errors import (
    Forbidden,
    MfaComplianceRequired,
    ReauthenticationRequired,
    StepUpRequired,
)

# Where a page leads whoever has something to do before it.
INSTEAD: dict[type[Forbidden], str] = {
    ReauthenticationRequired: "/reauthenticate",
    StepUpRequired: "/reauthenticate/code",
    MfaComplianceRequired: "/security",
}

View = TypeVar("View", bound=Callable[..., Any])


class Show:
    """Answer with a page: its template, and the values that the template uses. ``onward`` is a path
    of ours that leads to an application, if not the visitor's own ``next`` does.
    """

    status = HTTPStatus.OK

    def __init__(self, template: str, /, *, onward: str = "", **values: Any) -> None:
        self.template = template
        self.onward = onward
        self.values = values


class ShowOver(Show):
    """The same where there is nothing to be done any more, as with a link that was used."""

    status = HTTPStatus.BAD_REQUEST


@dataclass(frozen=True, slots=True)
class Go:
    """Lead on to a page of ours. Without ``to``: where the visitor was going, else to the start.

    ``session`` is the token for the cookie, which outlives the browser if there is an ``until``;
    an empty one ends it. ``next`` is where they go after ``to``; ``keeps_next``: where they were
    going. ``renews`` gives the session a new token. ``note`` names what was done.
    """

    to: str = ""
    note: str = ""
    next: str = ""
    keeps_next: bool = False
    session: str | None = None
    until: datetime | None = None
    renews: bool = False


@dataclass(frozen=True, slots=True)
class Leave:
    """Lead away, to an address that the operator chose, with where the visitor was going."""

    url: str


@dataclass(frozen=True, slots=True)
class Away:
    """Lead away for good, to an address that is registered; ``fields`` are posted there.

    ``ends_session`` takes the session's cookie back. ``ui_locales`` are the languages, the dearest
    first, that the application asked for.
    """

    url: str
    fields: Mapping[str, str] = field(default_factory=dict)
    ends_session: bool = False
    ui_locales: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """The application that a visitor is on the way to: what pages on that way say and allow.

    ``origin`` is where their forms may lead in the end; ``login_hint`` is who is expected,
    ``ui_locales`` are the languages that it asks for, the dearest first, and ``accounts`` is the
    page to go on with another account.
    """

    name: str
    organization: str | None = None
    origin: str = ""
    logo_uri: str | None = None
    policy_uri: str | None = None
    tos_uri: str | None = None
    login_hint: str | None = None
    ui_locales: tuple[str, ...] = ()
    accounts: str | None = None


class Destinations(Protocol):
    """Which application a path of ours leads to, if it leads to one. Provided by
    ``oidc_provider``.
    """

    def __call__(self, ctx: Context, path: str) -> Destination | None: ...


def writes(view: View) -> View:
    """A page that writes although it is only asked for: it goes on with what was begun."""
    view.writes = True  # type: ignore[attr-defined]
    return view


def from_elsewhere(view: View) -> View:
    """Pages of others lead here. The view gets the query or the body as it came, as ``raw``, and
    nothing that it does may hang on who it was that sent it. A view of posts also gets what the
    address says beside the body, as ``query``.
    """
    view.from_elsewhere = True  # type: ignore[attr-defined]
    return view


def knows_browser(view: View) -> View:
    """Pass a name of this browser, as ``browser``. One that has none yet is given one."""
    view.knows_browser = True  # type: ignore[attr-defined]
    return view
