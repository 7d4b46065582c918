"""Proving that a key is one's own: a signature over a challenge that was asked for (SSHSIG)."""

from datetime import timedelta
from os import urandom
from uuid import UUID

from sqlalchemy import update

from gatehouse.audit.service import record, record_attempt
from gatehouse.core.context import Context
from gatehouse.core.crypto import fingerprint
from gatehouse.core.errors import GatehouseError, TooManyRequests
from gatehouse.core.openssh.keys import read_blob
from gatehouse.core.openssh.signatures import BadSignature, Shown, SignatureFault
from gatehouse.core.openssh.sshsig import check_text, read_sent
from gatehouse.ssh_keys.errors import (
    ChallengeExpired,
    ChallengeUsed,
    UserPresenceRequired,
    VerificationFailed,
    WrongNamespace,
)
from gatehouse.ssh_keys.events import SshKeyRefused, SshKeyVerified
from gatehouse.ssh_keys.models import SshKey
from gatehouse.ssh_keys.queries import get_key
from gatehouse.ssh_keys.rules import NAMESPACE, Challenge, challenge

CHALLENGE_LIFE = timedelta(minutes=10)
TRIES, WITHIN = 10, 60  # of proofs of one key, and seconds


def ask_for_proof(ctx: Context, key_id: UUID) -> Challenge:
    """A new challenge. The one before is void. Raises SshKeyNotFound."""
    return challenge_anew(ctx, get_key(ctx, key_id))


def challenge_anew(ctx: Context, row: SshKey) -> Challenge:
    row.challenge_nonce = urandom(16)
    row.challenge_expires_at = (ctx.now + CHALLENGE_LIFE).replace(microsecond=0)
    row.challenge_used_at = None
    return _challenge_of(ctx, row)


def _challenge_of(ctx: Context, row: SshKey) -> Challenge:
    """What was asked: made again from what the row says of it, and our key."""
    if row.challenge_nonce is None or row.challenge_expires_at is None:
        raise ChallengeExpired
    return challenge(
        server=ctx.settings.app_url,
        account=str(row.user_id),
        fingerprint=row.fingerprint,
        secret=fingerprint(
            ctx.settings.secret_key, "SSH key", f"{row.id}\n{row.challenge_nonce.hex()}"
        ),
        expires_at=row.challenge_expires_at,
    )


def prove_key(ctx: Context, key_id: UUID, signature: str) -> SshKey:
    """Let a key count whose owner signed the challenge with it.

    Raises SshKeyNotFound, ChallengeExpired, ChallengeUsed, WrongNamespace, VerificationFailed,
    UserPresenceRequired, TooManyRequests.
    """
    _count_a_try(ctx, key_id)
    row = get_key(ctx, key_id)
    asked = _challenge_of(ctx, row)
    if row.challenge_used_at is not None:
        raise _refused(ctx, row, "challenge_used", ChallengeUsed())
    if asked.expires_at <= ctx.now:
        raise _refused(ctx, row, "challenge_expired", ChallengeExpired())
    shown = _shown(ctx, row, asked, signature)
    answered = update(SshKey).where(
        SshKey.id == row.id,
        SshKey.challenge_nonce == row.challenge_nonce,
        SshKey.challenge_used_at.is_(None),
    )
    values = {"verified_at": ctx.now, "challenge_used_at": ctx.now, "updated_at": ctx.now}
    has_pin = shown is not None and shown.is_verified
    if not ctx.execute(answered.values(**values, proved_with_pin=has_pin)):
        raise _refused(ctx, row, "challenge_used", ChallengeUsed())
    event = SshKeyVerified(user_id=ctx.user_id, ssh_key_id=row.id, fingerprint=row.fingerprint)
    record(ctx, event)
    return row


def _count_a_try(ctx: Context, key_id: UUID) -> None:
    ctx.stay_out_of_the_transaction()
    tries, left = ctx.runtime.store.count(f"proofs of {key_id} by {ctx.user_id}", WITHIN)
    if tries > TRIES:
        raise TooManyRequests(retry_after=max(1, round(left)))


def _shown(ctx: Context, row: SshKey, asked: Challenge, signature: str) -> Shown | None:
    """What the signature shows."""
    try:
        key = read_blob(row.blob)
        return check_text(read_sent(signature), asked.text, NAMESPACE, key=key)
    except BadSignature as error:
        raise _refused(ctx, row, error.reason.value, unproved(error)) from error


def unproved(error: BadSignature) -> GatehouseError:
    """Why a signature proves nothing, for whoever sent it."""
    if error.reason is SignatureFault.NAMESPACE:
        return WrongNamespace()
    if error.reason is SignatureFault.ABSENT:
        return UserPresenceRequired()
    return VerificationFailed(str(error), reason=error.reason.value)


def _refused(ctx: Context, row: SshKey, reason: str, error: GatehouseError) -> GatehouseError:
    event = SshKeyRefused(user_id=row.user_id, reason=reason, fingerprint=row.fingerprint)
    record_attempt(ctx, event)
    return error
