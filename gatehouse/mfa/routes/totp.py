"""HTTP for one's own authenticator app and recovery codes."""

from http import HTTPStatus
from typing import Any

from gatehouse.accounts.errors import (
    PasswordChangedMeanwhile,
    TooManyWrongPasswords,
    WrongPassword,
)
from gatehouse.core.access import elevated, signed_in
from gatehouse.core.context import Context
from gatehouse.core.errors import NoSession, ReauthenticationRequired, StepUpRequired
from gatehouse.core.http import Api, body, raises, returns
from gatehouse.mfa import queries, service
from gatehouse.mfa.errors import (
    EnrolmentNotBegun,
    EnrolmentOver,
    FactorNeeded,
    NoFactor,
    TotpEnrolledAlready,
    TotpNotEnrolled,
    WrongCode,
)
from gatehouse.mfa.schemas import CodeIn, CodesOut, EnrolmentOut, ProofIn, TotpOut
from gatehouse.mfa.service.pictures import qr_code

OF_PROOF = (
    NoSession,
    WrongCode,
    WrongPassword,
    PasswordChangedMeanwhile,
    TooManyWrongPasswords,
    ReauthenticationRequired,
    StepUpRequired,
)

api = Api("totp", at="/auth/totp", about="Your authenticator app, and codes to recover with.")


@api.post("/enroll")
@signed_in
@elevated
@returns(EnrolmentOut, HTTPStatus.CREATED)
@raises(NoSession, StepUpRequired, TotpEnrolledAlready)
def enrol(ctx: Context) -> dict[str, Any]:
    """Begin to set up an authenticator app. It counts once you have sent a code of it."""
    begun = service.enrol_totp(ctx)
    return {
        "secret": begun.secret,
        "provisioning_uri": begun.uri,
        "qr_code": qr_code(begun.uri),
        "backup_codes": begun.codes,
    }


@api.post("/verify-enrollment")
@signed_in
@body(CodeIn)
@returns(None)
@raises(NoSession, StepUpRequired, EnrolmentNotBegun, TotpEnrolledAlready)
@raises(WrongCode, TooManyWrongPasswords, EnrolmentOver)
def verify_enrolment(ctx: Context, *, code: str, client_timestamp: object) -> None:
    """Confirm the app by a code of it. This session has proved the factor then."""
    del client_timestamp
    service.confirm_totp(ctx, code)


@api.delete("/disable")
@signed_in
@body(ProofIn)
@returns(None)
@raises(*OF_PROOF, TotpNotEnrolled, FactorNeeded)
def remove(ctx: Context, *, proof: dict[str, Any]) -> None:
    """Remove the authenticator app. A code of it may come along, as proof."""
    service.disable_totp(ctx, **proof)


@api.post("/disable")
@signed_in
@body(ProofIn)
@returns(None)
@raises(*OF_PROOF, TotpNotEnrolled, FactorNeeded)
def disable(ctx: Context, *, proof: dict[str, Any]) -> None:
    """The same, for programs that send no body with DELETE."""
    service.disable_totp(ctx, **proof)


@api.post("/regenerate-backup-codes")
@signed_in
@body(ProofIn)
@returns(CodesOut)
@raises(*OF_PROOF, NoFactor)
def renew_codes(ctx: Context, *, proof: dict[str, Any]) -> dict[str, list[str]]:
    """Make ten new codes; those before are void. A code may come along, as proof."""
    return {"backup_codes": service.regenerate_codes(ctx, **proof)}


@api.get("/status")
@signed_in
@returns(TotpOut)
def read_status(ctx: Context) -> dict[str, Any]:
    """Read whether an app is set up, since when, and how many codes are left."""
    return queries.status_of(ctx)
