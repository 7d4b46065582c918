"""Going out."""

from gatehouse.audit.service import record
from gatehouse.core.context import Context
from gatehouse.login.events import SignedOut
from gatehouse.sessions.service import end_own_session


def sign_out(ctx: Context) -> None:
    """End the caller's session. Raises InvalidToken if it ended meanwhile."""
    end_own_session(ctx, reason="signed_out")
    record(ctx, SignedOut(user_id=ctx.user_id, session_id=ctx.session_id))
