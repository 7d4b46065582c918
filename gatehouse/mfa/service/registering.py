"""Passkeys: registered, named and deleted by their owner."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError

from gatehouse.accounts.queries import hold_own_account, own_account
from gatehouse.audit.service import record, record_attempt
from gatehouse.core.context import Context
from gatehouse.mfa.errors import (
    PasskeyKnownAlready,
    PasskeyNotFound,
    PasskeyUnfit,
    TooManyPasskeys,
)
from gatehouse.mfa.events import FactorRefused, PasskeyDeleted, PasskeyRegistered, PasskeyRenamed
from gatehouse.mfa.models import Passkey
from gatehouse.mfa.ports import ListedModels
from gatehouse.mfa.queries import factors_of, get_passkey, passkeys_of
from gatehouse.mfa.rules import answers, options
from gatehouse.mfa.rules.passkeys import amr_of, usual_name
from gatehouse.mfa.service.asking import (
    TO_REGISTER,
    fault_in_challenge,
    new_challenge,
    refuse_if_impossible,
    subject_of_user,
)
from gatehouse.mfa.service.ceremonies import Made, Refused, made
from gatehouse.mfa.service.codes import forget_codes, make_codes
from gatehouse.mfa.service.fresh import refuse_without_own_factor
from gatehouse.mfa.service.removing import refuse_if_needed
from gatehouse.sessions.service import confirm, refuse_without_a_fresh_factor

MOST_PASSKEYS = 20


@dataclass(frozen=True, slots=True)
class Attestation:
    """What a browser sent of a passkey that it made (WebAuthn 5.2.1)."""

    credential_id: bytes
    client_data: bytes
    attestation_object: bytes
    transports: Sequence[str]


def begin_passkey(ctx: Context) -> dict[str, Any]:
    """What a browser needs to make one. Whoever has a factor must have used it a moment ago.

    Raises StepUpRequired, TooManyPasskeys, PasskeysNotPossible.
    """
    refuse_if_impossible(ctx)
    user, webauthn = own_account(ctx), ctx.settings.webauthn
    refuse_without_own_factor(ctx)
    has = ctx.db.scalars(passkeys_of(user.id)).all()
    if len(has) >= MOST_PASSKEYS:
        raise TooManyPasskeys
    return options.creation(
        rp_id=webauthn.rp_id,
        rp_name=webauthn.rp_name,
        holder=options.Holder(user.id.bytes, user.email, user.full_name or user.email),
        challenge=new_challenge(ctx, _purpose(ctx), subject_of_user(ctx, user.id)),
        has=[options.Descriptor(row.credential_id, row.transports) for row in has],
        wants_model=bool(ctx.ports[ListedModels](ctx, user.id)),
    )


def register_passkey(
    ctx: Context, given: Attestation, *, name: str | None
) -> tuple[Passkey, list[str]]:
    """Keep a passkey that was made for what ``begin_passkey`` gave. The session has used it then.

    Returns it, and codes to recover with if the account has none. Raises PasskeyUnfit,
    PasskeyKnownAlready, TooManyPasskeys, StepUpRequired.
    """
    found = _verified(ctx, given)
    hold_own_account(ctx)
    refuse_without_own_factor(ctx)  # One may have come since it was begun (threat 129).
    _refuse_a_model_that_nobody_vouches_for(ctx, found)
    held = factors_of(ctx, ctx.user_id)
    if held.passkeys >= MOST_PASSKEYS:
        raise TooManyPasskeys
    row = _row(ctx, given, found, name)
    try:
        ctx.db.add(row)
        ctx.db.flush()
    except IntegrityError:
        record_attempt(ctx, FactorRefused(user_id=ctx.user_id, reason="passkey_known_already"))
        raise PasskeyKnownAlready from None
    codes = [] if held.recovery_codes else make_codes(ctx, ctx.user_id, counting=True)
    model = found.model if found.is_attested else None
    confirm(ctx, amr=amr_of(is_synced=found.is_synced, is_verified=found.is_verified), model=model)
    record(ctx, PasskeyRegistered(user_id=ctx.user_id, passkey_id=row.id))
    return row, codes


def _refuse_a_model_that_nobody_vouches_for(ctx: Context, found: Made) -> None:
    """Anybody can say that a key is of a model (threat 134): where an organization goes by it, its
    maker has to say so. Other keys are kept, and do not count there.
    """
    if not found.is_attested and found.model in ctx.ports[ListedModels](ctx, ctx.user_id):
        raise _refused(ctx, "model_not_proven")


def _verified(ctx: Context, given: Attestation) -> Made:
    webauthn = ctx.settings.webauthn
    challenge = answers.challenge_in(given.client_data)
    expected = answers.Expected(answers.CREATE, webauthn.rp_id, webauthn.origins)
    unasked = fault_in_challenge(ctx, challenge, _purpose(ctx))
    fault = answers.fault_in_client_data(given.client_data, expected) or unasked
    if fault is not None:
        raise _refused(ctx, fault)
    try:
        found = made(
            webauthn,
            expected,
            credential_id=given.credential_id,
            client_data=given.client_data,
            attestation_object=given.attestation_object,
            challenge=challenge,
        )
    except Refused as error:
        raise _refused(ctx, error.fault) from error
    return found


def _refused(ctx: Context, reason: str) -> PasskeyUnfit:
    record_attempt(ctx, FactorRefused(user_id=ctx.user_id, reason=f"passkey_{reason}"))
    return PasskeyUnfit(reason)


def _row(ctx: Context, given: Attestation, found: Made, name: str | None) -> Passkey:
    return Passkey(
        user_id=ctx.user_id,
        created_at=ctx.now,
        credential_id=found.credential_id,
        public_key=found.public_key,
        sign_count=found.sign_count,
        name=name or usual_name(given.transports, is_synced=found.is_synced),
        model=found.model,
        is_attested=found.is_attested,
        is_synced=found.is_synced,
        is_backed_up=found.is_backed_up,
        transports=options.in_order(given.transports),
    )


def _purpose(ctx: Context) -> str:
    return f"{TO_REGISTER} {ctx.session_id}"


def rename_passkey(ctx: Context, passkey_id: UUID, *, name: str) -> Passkey:
    """Raises PasskeyNotFound."""
    row = get_passkey(ctx, passkey_id)
    row.name = name
    record(ctx, PasskeyRenamed(user_id=ctx.user_id, passkey_id=row.id))
    return row


def delete_passkey(ctx: Context, passkey_id: UUID) -> None:
    """Codes to recover with go along with the last factor.

    Raises PasskeyNotFound, StepUpRequired, FactorNeeded.
    """
    hold_own_account(ctx)
    get_passkey(ctx, passkey_id)
    refuse_without_a_fresh_factor(ctx)
    refuse_if_needed(ctx, factors_of(ctx, ctx.user_id, but=passkey_id))
    own = delete(Passkey).where(Passkey.id == passkey_id, Passkey.user_id == ctx.user_id)
    if not ctx.execute(own):
        raise PasskeyNotFound
    if not factors_of(ctx, ctx.user_id).is_any:
        forget_codes(ctx, ctx.user_id)
    record(ctx, PasskeyDeleted(user_id=ctx.user_id, passkey_id=passkey_id))
