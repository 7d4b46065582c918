"""HTTP for a sign-in page elsewhere: what an application asks for, and the answer to it."""

from typing import Any

from gatehouse.core.access import public, signed_in_or_not
from gatehouse.core.context import Context
from gatehouse.core.errors import AuthRequired, NotFound, ReauthenticationRequired
from gatehouse.core.http import Api, body, raises, returns
from gatehouse.core.rate_limit import limited
from gatehouse.oidc_provider import errors
from gatehouse.oidc_provider.schemas import BeginIn, BegunOut, CompletedOut, CompleteIn
from gatehouse.oidc_provider.service import bridge
from gatehouse.oidc_provider.service.bridge import Begun
from gatehouse.signing_keys.service import prepare

api = Api("bridge", at="/oidc", root="", about="Signing in to applications, from another page.")


@api.post("/begin")
@public
@limited("authorize")
@body(BeginIn)
@returns(BegunOut)
@raises(NotFound, errors.WayOver, errors.NotLedOn, errors.TermsChanged)
def begin_sign_in(ctx: Context, *, oidc_session_id: str) -> Begun:
    """Read what an application asks for, to show it."""
    prepare(ctx)
    return bridge.begin(ctx, oidc_session_id)


@api.post("/complete")
@signed_in_or_not
@limited("authorize")
@body(CompleteIn)
@returns(CompletedOut)
@raises(
    NotFound,
    AuthRequired,
    ReauthenticationRequired,
    errors.WayOver,
    errors.NotLedOn,
    errors.NotBegun,
    errors.TermsChanged,
    errors.NoAccess,
    errors.OtherAccountExpected,
    errors.OnlyWithASession,
)
def complete_sign_in(
    ctx: Context, *, oidc_session_id: str, token: str | None, terms: str | None, answer: str
) -> dict[str, Any]:
    """Answer for the person who is signed in, and learn where their browser goes now."""
    prepare(ctx)
    led = bridge.complete(
        ctx, oidc_session_id, token=token, terms=terms, says_yes=answer == "allow"
    )
    return {"redirect_url": led.url, "form_fields": dict(led.fields)}
