"""HTTP for one's own sessions."""

from datetime import datetime
from typing import Any
from uuid import UUID

from gatehouse.core.access import signed_in
from gatehouse.core.context import Context
from gatehouse.core.errors import NoSession
from gatehouse.core.http import Api, query, raises, returns
from gatehouse.core.pagination import Page, Window, paginate
from gatehouse.sessions import queries, service
from gatehouse.sessions.models import Session
from gatehouse.sessions.rules import device_of
from gatehouse.sessions.schemas import EndedOut, ExpiryOut, SessionOut

api = Api("sessions", at="/auth/sessions", about="Where you are signed in.")


@api.get()
@signed_in
@query(Window)
@returns(SessionOut, key="sessions", paged=True)
def list_sessions(ctx: Context, *, page: int, per_page: int) -> Page[dict[str, Any]]:
    """List where you are signed in, the newest first."""
    rows = queries.sessions_of(ctx.user_id, ctx.now)
    found = paginate(ctx, rows, page=page, per_page=per_page)
    return found.map(lambda session: _shown(ctx, session))


@api.delete()
@signed_in
@returns(EndedOut)
def revoke_other_sessions(ctx: Context) -> dict[str, int]:
    """End all your sessions but this one."""
    return {"ended": service.revoke_other_sessions(ctx)}


@api.delete("/<uuid:session_id>")
@signed_in
@returns(None)
def revoke_session(ctx: Context, session_id: UUID) -> None:
    """End one of your sessions; its token is refused from the very next request on."""
    service.revoke_session(ctx, session_id)


@api.post("/refresh")
@signed_in
@returns(ExpiryOut)
@raises(NoSession)
def refresh_session(ctx: Context) -> dict[str, datetime]:
    """Extend this session by its idle time, never past its end."""
    return {"expires_at": service.refresh(ctx)}


def _shown(ctx: Context, session: Session) -> dict[str, Any]:
    return {
        "id": session.id,
        "user_id": session.user_id,
        "status": session.status,
        "is_current": session.id == ctx.actor.session_id,
        "is_compliance_only": False,
        "ip_address": session.ip,
        "user_agent": session.user_agent,
        "device_info": device_of(session.user_agent),
        "amr": session.amr.split(),
        "auth_time": session.auth_time,
        "expires_at": session.expires_at,
        "ends_at": session.ends_at,
        "last_activity_at": session.last_seen_at,
        "created_at": session.created_at,
    }
