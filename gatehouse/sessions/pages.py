"""Ending sessions from the page that lists them."""

from uuid import UUID

from gatehouse.core.access import signed_in
from gatehouse.core.context import Context
from gatehouse.core.html import START, Go, Pages
from gatehouse.sessions import service

pages = Pages("sessions")

HERE = "/security"  # which lists them


@pages.post("/sessions/<uuid:session_id>/end")
@signed_in
def end_session(ctx: Context, session_id: UUID) -> Go:
    service.revoke_session(ctx, session_id)
    return Go(HERE, note="sessions/ended")


@pages.post("/sessions/end-others")
@signed_in
def end_other_sessions(ctx: Context) -> Go:
    service.revoke_other_sessions(ctx)
    return Go(HERE, note="sessions/others_ended")


@pages.post("/sessions/end-all")
@signed_in
def end_all_sessions(ctx: Context) -> Go:
    service.revoke_all_sessions(ctx)
    return Go(START, session="", note="sessions/all_ended")
