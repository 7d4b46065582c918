"""Pages for people: the same unit of work, limits and services as the API, with forms and a cookie.

``docs/pages.md`` says what this promises, and how a page is written.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Any, TypeVar

from flask import Blueprint, Response, request
from marshmallow import Schema

from gatehouse.core import access, browser, forms, rendering
from gatehouse.core.answering import refusals_on_record
from gatehouse.core.callers import clock, count_call, limit_the_address, origin_of, tell
from gatehouse.core.context import Context, unit_of_work
from gatehouse.core.errors import (
    Conflict,
    GatehouseError,
    InvalidToken,
    NotFound,
    TooLarge,
    TooManyRequests,
    Unavailable,
)
from gatehouse.core.http import read_body
from gatehouse.core.identifiers import as_uuid
from gatehouse.core.sayings import Saying
from gatehouse.core.showing import INSTEAD, Away, Destinations, Go, Leave, Show, ShowOver
from gatehouse.core.tokens import SESSION, is_well_formed
from gatehouse.core.views import Also
from gatehouse.core.visits import Visit, begin
from gatehouse.core.words import in_plain_words, load

START, SIGN_IN = "/", "/login"
HTML = "text/html; charset=utf-8"
NOTE_LIFE = 60  # seconds in which a note must be read
FOR_PROGRAMS = frozenset(
    kind.message
    for kind in (Conflict, GatehouseError, NotFound, TooLarge, TooManyRequests, Unavailable)
)

__all__ = ["START", "Away", "Go", "Leave", "Pages", "Show", "ShowOver", "form", "refusal_page"]

View = TypeVar("View", bound=Callable[..., Any])


class Pages(Blueprint):
    """The pages of a domain. Views take a Context and return Show, Go or Leave.

    ``opened_by_others`` are pages that a window may be for which a page of another site opened, to
    be told there what comes of it.
    """

    def __init__(self, name: str, *, opened_by_others: bool = False) -> None:
        super().__init__(f"{name}_pages", __name__)
        self._opened_by_others = opened_by_others

    def get(self, path: str) -> Callable[[View], View]:  # type: ignore[override]
        return self._mount("GET", path)

    def post(self, path: str) -> Callable[[View], View]:  # type: ignore[override]
        return self._mount("POST", path)

    def _mount(self, method: str, path: str) -> Callable[[View], View]:
        def mount(view: View) -> View:
            plan = _plan_of(view, path, is_opened_by_others=self._opened_by_others)
            # Whoever only looks does nothing: HEAD is a method that such a page does not take.
            serve, looks = _serve(plan), not plan.writes
            self.add_url_rule(path, view.__name__, serve, methods=[method], takes_head=looks)
            return view

        return mount


def form(
    schema: type[Schema], *, shown_by: Callable[..., Any], also: Also | None = None
) -> Callable[[View], View]:
    """Pass the posted form, validated by a schema of the API, as keyword arguments.

    When the post is refused, the page of the view ``shown_by`` is shown again, with what was
    typed and what is wrong with it.
    """

    def decorate(view: View) -> View:
        view.form = (forms.for_people(in_plain_words(schema())), shown_by, also)  # type: ignore[attr-defined]
        return view

    return decorate


@dataclass(frozen=True, slots=True)
class Plan:
    """All that the decorators said of a view."""

    view: Callable[..., Any]
    path: str
    access: access.Access
    is_elevated: bool
    limit: tuple[str, str] | None
    schema: Schema | None
    shown_by: Callable[..., Any] | None
    also: Also | None
    writes: bool
    from_elsewhere: bool
    knows_browser: bool
    is_opened_by_others: bool


def _plan_of(view: Callable[..., Any], path: str, *, is_opened_by_others: bool) -> Plan:
    schema, shown_by, also = getattr(view, "form", (None, None, None))
    return Plan(
        view=view,
        path=path,
        access=access.access_of(view),
        is_elevated=getattr(view, "elevated", False),
        limit=getattr(view, "limit", None),
        schema=schema,
        shown_by=shown_by,
        also=also,
        writes=getattr(view, "writes", False),
        from_elsewhere=getattr(view, "from_elsewhere", False),
        knows_browser=getattr(view, "knows_browser", False),
        is_opened_by_others=is_opened_by_others,
    )


def _serve(plan: Plan) -> Callable[..., Response]:
    def serve(**path: Any) -> Response:
        environ = request.environ
        environ["gatehouse.route"] = plan.path
        visit = begin(environ, path)
        visit.keeps_opener = plan.is_opened_by_others
        environ["gatehouse.refuse"] = partial(refusal_page, visit=visit, plan=plan)
        _refuse_a_foreign_page(plan, visit)
        limit_the_address(plan.limit, visit.runtime, environ)
        _read(plan, visit)
        _recognise(plan, visit)
        return _answer(plan, visit)

    serve.__name__ = plan.view.__name__
    serve.__doc__ = plan.view.__doc__
    return serve


def _refuse_a_foreign_page(plan: Plan, visit: Visit) -> None:
    is_free = visit.is_reading or plan.from_elsewhere
    if not is_free and not browser.is_from_our_own_page(visit.environ, visit.runtime.settings):
        raise forms.NotFromOurPage


def _read(plan: Plan, visit: Visit) -> None:
    """What was sent: as it came, or the fields of a form."""
    if visit.is_reading:
        visit.raw = visit.environ.get("QUERY_STRING", "").encode("latin-1")
        return
    raw = read_body()
    if plan.from_elsewhere:
        visit.raw = raw if request.mimetype == forms.FORM else b""
        visit.hear(forms.wishes_in(visit.raw))
        return
    visit.take(forms.read_form(request.mimetype, raw))


def _given(plan: Plan, visit: Visit) -> dict[str, Any]:
    """What a view gets beside its form: what stands in its path, and what it asked for."""
    given: dict[str, Any] = {name: as_uuid(name, value) for name, value in visit.path.items()}
    if plan.from_elsewhere:
        given["raw"] = visit.raw
        if not visit.is_reading:
            given["query"] = visit.environ.get("QUERY_STRING", "").encode("latin-1")
    if plan.knows_browser:
        given["browser"] = visit.way()
    return given


def _recognise(plan: Plan, visit: Visit) -> None:
    """Find out whose cookie it is. One that holds no longer is taken back."""
    if not visit.cookie:
        return
    known = None
    if is_well_formed(visit.cookie, SESSION):
        known = visit.runtime.ports[access.Authenticator](visit.runtime, visit.cookie, clock())
    if known is None:
        visit.lose()
        return
    visit.actor = known.actor
    who = visit.environ["gatehouse.user"] = str(known.actor.user_id)
    if known.tally:
        tell(visit.environ, known.tally)
    if plan.limit and plan.limit[1] == "user":
        count_call(visit.runtime, visit.environ, plan.limit[0], who)


def _answer(plan: Plan, visit: Visit) -> Response:
    """Do what was asked, or lead to the sign-in, or show again the form that was refused."""
    if not plan.access.is_public and visit.actor.user_id is None:
        return _sign_in_first(plan, visit)
    try:
        return _act(plan, visit)
    except tuple(INSTEAD) as error:
        visit.next = _way_back(plan, visit)
        return _redirect(visit, _with_next(visit, INSTEAD[type(error)]))
    except InvalidToken:  # The session ended while we looked.
        visit.lose()
        return _sign_in_first(plan, visit)
    except GatehouseError as error:
        if plan.schema is None or isinstance(error, forms.FormOutOfDate):
            raise
        return _show_again(plan, visit, error)


def _act(plan: Plan, visit: Visit) -> Response:
    """One unit of work. When this returns, it is committed."""
    ids = _given(plan, visit)
    with (
        _work(visit, reads_only=visit.is_reading and not plan.writes) as ctx,
        refusals_on_record(ctx, ids.get("org_id"), plan.path),
    ):
        if not visit.is_reading and not plan.from_elsewhere:
            _refuse_a_foreign_form(visit)
        plan.access.check(ctx, ids)
        if plan.is_elevated:
            access.refuse_stale(ctx)
        sent: dict[str, Any] = {}
        if plan.schema is not None:
            given = forms.for_schema(plan.schema, visit.sent)
            sent = load(plan.schema, given, partial(plan.also, ctx) if plan.also else None)
        return _respond(ctx, visit, plan.view(ctx, **ids, **sent))


def _show_again(plan: Plan, visit: Visit, error: GatehouseError) -> Response:
    """The page of the form, in a unit of work of its own: the refused one was undone."""
    if plan.schema is None or plan.shown_by is None:
        raise error
    shown = forms.refused(plan.schema, visit.sent, error)
    ids = _given(plan, visit)
    # A page that writes may do more than to show itself; then the form is refused all the same.
    writes = getattr(plan.shown_by, "writes", False)
    with _work(visit, reads_only=not writes) as ctx:
        page = plan.shown_by(ctx, **ids)
        if not isinstance(page, Show):
            raise error
        answer = _page(ctx, visit, page, shown)
    answer.status_code = error.status.value
    answer.headers.extend(error.headers)
    return answer


def _work(visit: Visit, *, reads_only: bool) -> Any:
    return unit_of_work(visit.runtime, origin_of(visit.environ), visit.actor, reads_only=reads_only)


def _refuse_a_foreign_form(visit: Visit) -> None:
    """A form counts only from the session, or the browser, that it was made for."""
    holder, token = visit.holder(), visit.sent.get(forms.TOKEN, "")
    if not holder or not browser.is_form_token(visit.runtime.settings, holder, token):
        raise forms.FormOutOfDate


def _sign_in_first(plan: Plan, visit: Visit) -> Response:
    visit.next = _way_back(plan, visit)
    return _redirect(visit, _with_next(visit, SIGN_IN))


def _way_back(plan: Plan, visit: Visit) -> str:
    """Where to come back to: this address, or for a post the page that its form is on: at the same
    address, or as the form says it.
    """
    if not visit.is_reading:
        return request.path if plan.shown_by else visit.next
    query = visit.environ.get("QUERY_STRING", "")
    return browser.local_path(request.path + (f"?{query}" if query else ""))


def _with_next(visit: Visit, path: str) -> str:
    frame = _frame(visit)
    is_above = f"{path}/".startswith(f"{visit.next.rstrip('/')}/")  # It has links to what is.
    frame.next = "" if is_above else visit.next
    return frame.to(path, onward=True)


def _respond(ctx: Context, visit: Visit, result: Any) -> Response:
    if isinstance(result, Show):
        return _page(ctx, visit, result, with_note=True)
    if isinstance(result, Away):
        return _lead_away(visit, result)
    if isinstance(result, Leave):
        more = {forms.NEXT: visit.next} if visit.next else {}
        return _redirect(visit, rendering.with_query(result.url, more))
    going: Go = result
    _take_along(ctx, visit, going)
    then = going.next or (visit.next if going.keeps_next else "")
    if onward := then or going.to or visit.next:
        visit.keeps_opener |= ctx.ports[Destinations](ctx, onward) is not None
    if then:
        visit.next = then
        return _redirect(visit, _with_next(visit, going.to))
    path = visit.in_its_language(going.to or visit.next or START)
    return _redirect(visit, rendering.address(visit.runtime.settings, path))


def _take_along(ctx: Context, visit: Visit, going: Go) -> None:
    """The cookies of who is led on: a session, or the end of one, and a note."""
    if going.renews:
        token, until = ctx.ports[access.SessionRenewal](ctx)
        visit.keep("", token, browser.seconds_until(until, ctx.now))
    elif going.session:
        visit.keep("", going.session, browser.seconds_until(going.until, ctx.now))
    elif going.session is not None:
        visit.lose()
    if going.session is not None:  # Another person may be next.
        visit.lose("browser")
    if going.note:
        visit.keep("note", going.note, NOTE_LIFE)


def _redirect(visit: Visit, url: str) -> Response:
    answer = Response(status=HTTPStatus.SEE_OTHER, headers=visit.headers)
    answer.headers["Location"] = url
    answer.headers["Vary"] = rendering.VARY
    return answer


def _lead_away(visit: Visit, to: Away) -> Response:
    """Another site is next: no ``next`` of ours goes along, and no address of ours is told."""
    if to.ends_session:
        visit.lose()
        visit.lose("browser")
    if not to.fields:
        answer = _redirect(visit, to.url)
        answer.headers["Referrer-Policy"] = "no-referrer"
        return answer
    frame = _frame(visit)
    frame.leads_to = rendering.origin_of(to.url)
    frame.language = visit.language(to.ui_locales)
    text = rendering.render("core/away.html", frame, {"url": to.url, "fields": to.fields})
    headers = [*frame.headers(), *visit.headers]
    return Response(text, HTTPStatus.OK, headers, content_type=HTML)


def _page(
    ctx: Context | None,
    visit: Visit,
    page: Show,
    form: forms.Refused | None = None,
    *,
    with_note: bool = False,
) -> Response:
    frame = _frame(visit)
    if ctx is not None and (onward := page.onward or visit.next):
        frame.destination = ctx.ports[Destinations](ctx, onward)
    if frame.destination:
        visit.keeps_opener = True
        frame.language = visit.language(frame.destination.ui_locales)
    frame.form = (form or frame.form).said_in(frame.language)
    frame.note = visit.note() if with_note else ""
    text = rendering.render(page.template, frame, page.values)
    headers = [*frame.headers(), *visit.headers]
    return Response(text, page.status.value, headers, content_type=HTML)


def _frame(visit: Visit) -> rendering.Frame:
    return rendering.Frame(
        settings=visit.runtime.settings,
        request_id=visit.environ["gatehouse.request_id"],
        token=visit.token,
        is_signed_in=visit.actor.user_id is not None,
        next=visit.next,
        wish=visit.wish,
        language=visit.language(),
    )


def refusal_page(
    error: GatehouseError, visit: Visit | None = None, plan: Plan | None = None
) -> Response:
    """Any error of ours, as a page with the request id and a way back."""
    visit = visit or begin(request.environ, {})
    back = _way_back(plan, visit) if plan and not visit.is_reading else ""
    wait = error.details.get("retry_after", 0) if isinstance(error, TooManyRequests) else 0
    # A view of ours speaks to people, in words that are marked for them. What has the common words
    # of its kind, or is not marked, speaks to programs.
    is_for_people = isinstance(error.says, Saying) and error.says not in FOR_PROGRAMS
    says = error.says if plan and is_for_people else ""
    status = error.status.value
    page = Show("core/refusal.html", status=status, says=says, back=back, wait=wait)
    answer = _page(None, visit, page)
    answer.status_code = status
    answer.headers.extend(error.headers)
    return answer
