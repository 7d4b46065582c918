"""SSH keys: added, named and deleted by their owner."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete

from gatehouse.accounts.queries import hold_own_account
from gatehouse.audit.service import record, record_attempt
from gatehouse.core.context import Context
from gatehouse.core.errors import Invalid
from gatehouse.core.legible import legible
from gatehouse.core.openssh.bad_keys import BadKey, KeyFault
from gatehouse.core.openssh.keys import PublicKey, read_public_key
from gatehouse.ssh_keys.errors import (
    InvalidPublicKey,
    SshKeyNotFound,
    TooManySshKeys,
    UnsupportedKeyType,
    WeakKey,
)
from gatehouse.ssh_keys.events import SshKeyAdded, SshKeyChanged, SshKeyDeleted, SshKeyRefused
from gatehouse.ssh_keys.models import SshKey
from gatehouse.ssh_keys.queries import count_keys, find_key, get_key
from gatehouse.ssh_keys.rules import KeyState, state_of

MOST_KEYS = 10
KINDS: dict[KeyFault, type[InvalidPublicKey]] = {
    KeyFault.UNKNOWN_TYPE: UnsupportedKeyType,
    KeyFault.DSA: UnsupportedKeyType,
    KeyFault.WEAK: WeakKey,
}


def add_key(
    ctx: Context,
    *,
    public_key: str,
    name: str | None = None,
    description: str | None = None,
    expires_at: datetime | None = None,
) -> tuple[SshKey, bool]:
    """Keep a key that is still to be proved. The same key again is the one that is there: returns
    it, and whether it is new.

    Raises InvalidPublicKey, TooManySshKeys.
    """
    found = _read(ctx, public_key)
    _refuse_an_end_that_was(ctx, expires_at)
    hold_own_account(ctx)
    there = find_key(ctx, found.fingerprint)
    if there is not None:
        return there, False
    if count_keys(ctx, ctx.user_id) >= MOST_KEYS:
        raise TooManySshKeys
    row = _row(ctx, found, name=name or _usual_name(found))
    row.description, row.expires_at = description, expires_at
    ctx.db.add(row)
    ctx.db.flush()
    event = SshKeyAdded(user_id=ctx.user_id, ssh_key_id=row.id, fingerprint=row.fingerprint)
    record(ctx, event)
    return row, True


def _row(ctx: Context, found: PublicKey, *, name: str) -> SshKey:
    return SshKey(
        user_id=ctx.user_id,
        created_at=ctx.now,
        updated_at=ctx.now,
        type=found.type,
        blob=found.blob,
        fingerprint=found.fingerprint,
        bits=found.bits,
        application=found.application,
        comment=found.comment,
        name=name,
    )


def read_sent_key(text: str) -> PublicKey:
    """A public key that came with a request. Raises InvalidPublicKey."""
    try:
        return read_public_key(text)
    except BadKey as error:
        kind = KINDS.get(error.reason, InvalidPublicKey)
        raise kind(str(error), reason=error.reason.value) from error


def _read(ctx: Context, text: str) -> PublicKey:
    try:
        return read_sent_key(text)
    except InvalidPublicKey as error:
        event = SshKeyRefused(user_id=ctx.user_id, reason=error.details["reason"])
        record_attempt(ctx, event)
        raise


def _usual_name(key: PublicKey) -> str:
    return legible(key.comment).strip()[:100] or key.type


def change_key(ctx: Context, key_id: UUID, **changes: Any) -> SshKey:
    """Change ``name``, ``description`` or ``expires_at``. One that expired is to be proved again.

    Raises SshKeyNotFound, Invalid.
    """
    row = get_key(ctx, key_id)
    _refuse_an_end_that_was(ctx, changes.get("expires_at"))
    changed = tuple(name for name, value in changes.items() if getattr(row, name) != value)
    if not changed:
        return row
    if "expires_at" in changed and _state(ctx, row) is KeyState.EXPIRED:
        row.verified_at = None
    for name in changed:
        setattr(row, name, changes[name])
    row.updated_at = ctx.now
    event = SshKeyChanged(
        user_id=ctx.user_id,
        ssh_key_id=row.id,
        fingerprint=row.fingerprint,
        fields=changed,
        expires_at=row.expires_at,
    )
    record(ctx, event)
    return row


def _state(ctx: Context, row: SshKey) -> KeyState:
    return state_of(row.verified_at, row.expires_at, ctx.now)


def _refuse_an_end_that_was(ctx: Context, expires_at: datetime | None) -> None:
    if expires_at is not None and expires_at <= ctx.now:
        raise Invalid(expires_at=["Must be a time to come, or null for never."])


def delete_key(ctx: Context, key_id: UUID) -> None:
    """Certificates of it end with it. Raises SshKeyNotFound."""
    row = get_key(ctx, key_id)
    own = delete(SshKey).where(SshKey.id == row.id, SshKey.user_id == ctx.user_id)
    if not ctx.execute(own):
        raise SshKeyNotFound
    event = SshKeyDeleted(user_id=ctx.user_id, ssh_key_id=row.id, fingerprint=row.fingerprint)
    record(ctx, event)
