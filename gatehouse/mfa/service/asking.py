"""Asking a browser for a passkey. Nothing is written for it: the challenge tells all by itself."""

from secrets import token_bytes
from typing import Any
from uuid import UUID

from gatehouse.accounts.rules import email_key
from gatehouse.core.context import Context
from gatehouse.core.crypto import fingerprint
from gatehouse.mfa.errors import PasskeysNotPossible
from gatehouse.mfa.queries import passkeys_by_email, passkeys_of
from gatehouse.mfa.rules.answers import Fault
from gatehouse.mfa.rules.challenges import (
    ANYBODY,
    LIFE,
    RANDOM,
    SUBJECT,
    challenge,
    is_ours,
)
from gatehouse.mfa.rules.options import Descriptor, decoys, request

IN_API, IN_BROWSER, TO_CONFIRM, TO_REGISTER = "api", "browser", "confirm", "register"


def subject_of_user(ctx: Context, user_id: UUID | None, otherwise: str = "") -> bytes:
    """A keyed name for whose passkeys may answer; ``otherwise`` stands for who is nobody."""
    text = f"user {user_id}" if user_id else f"nobody {otherwise}"
    return bytes.fromhex(fingerprint(ctx.settings.secret_key, "passkeys of", text))[:SUBJECT]


def new_challenge(ctx: Context, purpose: str, subject: bytes) -> bytes:
    key, now = ctx.settings.secret_key, ctx.now.timestamp()
    return challenge(key, purpose, subject, now=now, random=token_bytes(RANDOM))


def fault_in_challenge(ctx: Context, given: bytes, purpose: str) -> Fault | None:
    """A challenge is answered once, whatever comes of it. Before the transaction."""
    if not is_ours(given, ctx.settings.secret_key, purpose, now=ctx.now.timestamp()):
        return Fault.CHALLENGE
    ctx.stay_out_of_the_transaction()
    name = fingerprint(ctx.settings.secret_key, "answered", given.hex())
    is_first = ctx.runtime.store.put(f"passkey:{name}", b"", LIFE, only_if_absent=True)
    return None if is_first else Fault.CHALLENGE


def ask_anybody(ctx: Context, *, purpose: str, email: str | None = None) -> dict[str, Any]:
    """Ask whoever signs in; with ``email`` only for the passkeys of that account.

    An address that nobody has, or whose account has none, gets what looks like some.
    Raises PasskeysNotPossible.
    """
    if email is None:
        return _asked(ctx, purpose, ANYBODY, [], verified=True)
    key = email_key(email)
    rows = ctx.db.execute(passkeys_by_email(key)).all()
    found = [Descriptor(row.credential_id, row.transports) for row in rows if row.credential_id]
    subject = subject_of_user(ctx, rows[0].user_id, otherwise=key)
    # To make decoys takes about as long as to find passkeys (threat 135).
    allowed = found or decoys(ctx.settings.secret_key, key)
    return _asked(ctx, purpose, subject, allowed, verified=False)


def ask_owner(ctx: Context, user_id: UUID, *, purpose: str) -> dict[str, Any]:
    """Ask somebody whom we know for one of theirs: a touch is enough.

    Raises PasskeysNotPossible.
    """
    found = [
        Descriptor(row.credential_id, row.transports)
        for row in ctx.db.scalars(passkeys_of(user_id))
    ]
    return _asked(ctx, purpose, subject_of_user(ctx, user_id), found, verified=False)


def _asked(
    ctx: Context, purpose: str, subject: bytes, allowed: list[Descriptor], *, verified: bool
) -> dict[str, Any]:
    refuse_if_impossible(ctx)
    return request(
        rp_id=ctx.settings.webauthn.rp_id,
        challenge=new_challenge(ctx, purpose, subject),
        allowed=allowed,
        verified=verified,
    )


def refuse_if_impossible(ctx: Context) -> None:
    """Raises PasskeysNotPossible."""
    if not ctx.settings.webauthn.are_possible:
        raise PasskeysNotPossible
