"""Proving that one has a passkey: verified before the transaction, counted up in it."""

from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import update

from gatehouse.audit.service import record_attempt
from gatehouse.core.context import Context
from gatehouse.core.crypto import same
from gatehouse.mfa.errors import PasskeyRefused
from gatehouse.mfa.models import Passkey
from gatehouse.mfa.queries import passkey_by_credential
from gatehouse.mfa.rules import answers
from gatehouse.mfa.rules.answers import Fault
from gatehouse.mfa.rules.challenges import ANYBODY, subject_of
from gatehouse.mfa.rules.passkeys import amr_of
from gatehouse.mfa.service.asking import fault_in_challenge, subject_of_user
from gatehouse.mfa.service.ceremonies import Refused, Used, used
from gatehouse.mfa.service.proving import Proven, Recorded

# A key that is nobody's: for a passkey that there is not, verifying takes as long.
NOBODYS = bytes.fromhex(
    "a5010203262001215820"
    "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
    "225820"
    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
)


@dataclass(frozen=True, slots=True)
class Assertion:
    """What a browser sent of a passkey that was used (WebAuthn 5.2.2)."""

    credential_id: bytes
    client_data: bytes
    authenticator_data: bytes
    signature: bytes
    user_handle: bytes | None = None


def prove_passkey(
    ctx: Context,
    given: Assertion,
    *,
    purpose: str,
    refused: Recorded,
    user_id: UUID | None = None,
    verified: bool = False,
) -> Proven:
    """``user_id`` is who they say they are, if that is known; ``verified``: the authenticator must
    have made sure who its user is. A refusal is recorded as ``refused``. Raises PasskeyRefused.

    A signature cannot be guessed, so tries are not counted: nobody who knows the public name of a
    passkey can lock it.
    """
    webauthn = ctx.settings.webauthn
    challenge = answers.challenge_in(given.client_data)
    expected = answers.Expected(answers.GET, webauthn.rp_id, webauthn.origins, verified)
    unasked = fault_in_challenge(ctx, challenge, purpose)
    fault = (
        answers.fault_in_client_data(given.client_data, expected)
        or answers.fault_in_authenticator_data(given.authenticator_data, expected)
        or unasked
    )
    if fault is not None:
        record_attempt(ctx, refused(user_id=user_id, reason=f"passkey_{fault}"))
        raise PasskeyRefused(fault)
    row = ctx.glance(passkey_by_credential(given.credential_id))
    seen = _verify(ctx, given, challenge, row)
    why = "passkey_unknown" if row is None else "passkey_wrong_signature"
    if row is not None and seen is not None:
        why = _why_not(ctx, row, given.user_handle, asked=subject_of(challenge), user_id=user_id)
        if not why:
            return _proven(ctx, row, seen, refused)
    record_attempt(ctx, refused(user_id=user_id or (row.user_id if row else None), reason=why))
    raise PasskeyRefused(Fault.SIGNATURE)


def _verify(ctx: Context, given: Assertion, challenge: bytes, row: Any) -> Used | None:
    try:
        return used(
            ctx.settings.webauthn,
            credential_id=given.credential_id,
            client_data=given.client_data,
            authenticator_data=given.authenticator_data,
            signature=given.signature,
            challenge=challenge,
            public_key=row.public_key if row is not None else NOBODYS,
        )
    except Refused:
        return None


def _why_not(
    ctx: Context, row: Any, handle: bytes | None, *, asked: bytes, user_id: UUID | None
) -> str:
    """Whether the passkey is of somebody else than who was asked, as the record says it; whoever
    sent it hears the same as of one that there is not.
    """
    is_anybodys = same(asked, ANYBODY)
    is_theirs = is_anybodys or same(asked, subject_of_user(ctx, row.user_id))
    if not is_theirs or user_id not in (None, row.user_id):
        return "passkey_of_somebody_else"
    if handle is None and is_anybodys and user_id is None:
        return "passkey_names_nobody"  # WebAuthn 7.2, 6: then the answer must say who it is.
    if handle is not None and handle != row.user_id.bytes:
        return "passkey_names_somebody_else"
    return ""


def _proven(ctx: Context, row: Any, seen: Used, refused: Recorded) -> Proven:
    if seen.is_synced != row.is_synced:  # It is said once, when it is made (WebAuthn 6.1.3).
        record_attempt(ctx, refused(user_id=row.user_id, reason="passkey_changed_kind"))
        raise PasskeyRefused(Fault.SIGNATURE)
    if answers.counted_back(row.sign_count, seen.sign_count):
        record_attempt(ctx, refused(user_id=row.user_id, reason=f"passkey_{Fault.COUNTER}"))
        raise PasskeyRefused(Fault.COUNTER)
    return Proven(
        row.user_id,
        amr_of(is_synced=row.is_synced, is_verified=seen.is_verified),
        partial(_count_up, passkey_id=row.id, seen=seen),
        model=row.model if row.is_attested else None,
        error=partial(PasskeyRefused, Fault.SIGNATURE),
    )


def _count_up(ctx: Context, *, passkey_id: UUID, seen: Used) -> bool:
    """Of two answers with the same counter one is good. What counts nothing stays at 0."""
    told = seen.sign_count
    before = Passkey.sign_count < told if told else Passkey.sign_count == 0
    changed = update(Passkey).where(Passkey.id == passkey_id, before)
    values = {"sign_count": told, "last_used_at": ctx.now, "is_backed_up": seen.is_backed_up}
    return ctx.execute(changed.values(values)) == 1
