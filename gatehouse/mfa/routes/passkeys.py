"""HTTP for one's own passkeys."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from gatehouse.core.access import elevated, signed_in
from gatehouse.core.context import Context
from gatehouse.core.errors import NoSession, NotFound, StepUpRequired
from gatehouse.core.http import Api, body, raises, returns
from gatehouse.core.protocol import Call, Endpoints, Reply
from gatehouse.core.settings import related_origins
from gatehouse.mfa import queries, service
from gatehouse.mfa.errors import (
    FactorNeeded,
    PasskeyKnownAlready,
    PasskeysNotPossible,
    PasskeyUnfit,
    TooManyPasskeys,
)
from gatehouse.mfa.models import Passkey
from gatehouse.mfa.schemas import (
    AttestationIn,
    CreationOptionsOut,
    PasskeyNameIn,
    PasskeyOut,
    PasskeysOut,
    RegisteredPasskeyOut,
)
from gatehouse.mfa.service import Attestation

api = Api("webauthn", at="/auth/webauthn", about="Your passkeys.")
related = Endpoints("related_origins")


@api.post("/register/begin")
@signed_in
@elevated
@returns(CreationOptionsOut, bare=True)
@raises(NoSession, StepUpRequired, TooManyPasskeys, PasskeysNotPossible)
def begin_passkey(ctx: Context) -> dict[str, Any]:
    """Begin to register a passkey: what the browser is to be given, as it is."""
    return service.begin_passkey(ctx)


@api.post("/register/complete")
@signed_in
@body(AttestationIn)
@returns(RegisteredPasskeyOut, HTTPStatus.CREATED)
@raises(NoSession, StepUpRequired, PasskeyUnfit, PasskeyKnownAlready, TooManyPasskeys)
def register_passkey(ctx: Context, *, given: Attestation, name: str | None) -> dict[str, Any]:
    """Register the passkey that the browser made. This session has used it then."""
    passkey, codes = service.register_passkey(ctx, given, name=name)
    return {"credential": passkey, **({"backup_codes": codes} if codes else {})}


@api.get("/credentials")
@signed_in
@returns(PasskeyOut, key="credentials", listed=True)
def list_passkeys(ctx: Context) -> list[Passkey]:
    """List your passkeys, in the order in which they were made."""
    return queries.own_passkeys(ctx)


@api.patch("/credentials/<uuid:passkey_id>")
@signed_in
@body(PasskeyNameIn)
@returns(PasskeyOut, key="credential")
def rename_passkey(ctx: Context, passkey_id: UUID, *, name: str) -> Passkey:
    """Give a passkey another name."""
    return service.rename_passkey(ctx, passkey_id, name=name)


@api.delete("/credentials/<uuid:passkey_id>")
@signed_in
@elevated
@returns(None)
@raises(StepUpRequired, FactorNeeded)
def delete_passkey(ctx: Context, passkey_id: UUID) -> None:
    """Delete a passkey. With the last factor the recovery codes go, too."""
    service.delete_passkey(ctx, passkey_id)


@api.get("/status")
@signed_in
@returns(PasskeysOut)
def read_passkeys_status(ctx: Context) -> dict[str, Any]:
    """Read whether you have passkeys, and how many."""
    return queries.passkeys_status(ctx)


@related.get("/.well-known/webauthn")
def read_related_origins(ctx: Context, call: Call) -> Reply:
    """On which other sites passkeys of this one may be used (WebAuthn 5.11)."""
    del call
    origins = related_origins(ctx.settings.webauthn)
    if not origins:
        raise NotFound
    return Reply({"origins": origins})
