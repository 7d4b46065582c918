"""The life of an authority's key: next, active, retiring, retired; or compromised at any time.

The unique indexes admit one that is next and one that is active: they decide all races.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select, update
from sqlalchemy.exc import IntegrityError

from gatehouse.audit.service import record
from gatehouse.core.context import Context
from gatehouse.core.errors import Invalid
from gatehouse.ssh_ca.errors import AuthorityKeyState, RotationInProgress
from gatehouse.ssh_ca.events import (
    AuthorityKeyActivated,
    AuthorityKeyCompromised,
    AuthorityKeyEvent,
    AuthorityKeyPublished,
    AuthorityKeyRetired,
)
from gatehouse.ssh_ca.models import Authority, AuthorityKey, AuthorityKind, KeyState
from gatehouse.ssh_ca.ports import ReachOfKeys, RevocationsHeld
from gatehouse.ssh_ca.queries import get_authority, get_key
from gatehouse.ssh_ca.service.keys import kind_of, new_key

MARGIN = timedelta(minutes=15)  # for clocks that are behind, once the last certificate has ended
LEAD = timedelta(minutes=10)  # in which machines fetch a new key: they ask each minute
SIGNERS = (KeyState.NEXT, KeyState.RETIRING, KeyState.SEALED, KeyState.ACTIVE)
SUCCESSION = (KeyState.ACTIVE, KeyState.NEXT)
FORGOTTEN: dict[str, Any] = {"private_sealed": None, "key_sealed": None}


def rotate(
    ctx: Context,
    org_id: UUID,
    authority_id: UUID,
    *,
    key_type: str | None,
    reason: str | None,
    activate_at: datetime | None,
    after_sync: bool,
) -> AuthorityKey:
    """Make the next key. It is trusted from now on, and signs once it is activated. Without
    ``key_type`` it is of the kind that signs now: machines may take no other.

    Raises AuthorityNotFound, RotationInProgress, Invalid.
    """
    _refuse_what_is_too_soon(ctx, activate_at)
    authority = get_authority(ctx, org_id, authority_id)
    if key_type is None:
        key_type = kind_of(ctx.db.scalars(_in_state(authority.id, KeyState.ACTIVE)).one())
    key = new_key(ctx, authority, key_type, KeyState.NEXT)
    key.activate_at, key.activate_after_sync, key.reason = activate_at, after_sync, reason
    ctx.db.add(key)
    try:
        ctx.db.flush()
    except IntegrityError:
        raise RotationInProgress from None
    authority.rotated_at, authority.rotation_reason = ctx.now, reason
    _record(ctx, AuthorityKeyPublished, authority, key, reason)
    return key


def activate(ctx: Context, org_id: UUID, authority_id: UUID, key_id: UUID) -> AuthorityKey:
    """Let the next key sign from now on; what the one before has signed counts on.

    Raises AuthorityNotFound, AuthorityKeyNotFound, AuthorityKeyState.
    """
    authority = get_authority(ctx, org_id, authority_id)
    key = get_key(ctx, org_id, authority_id, key_id)
    if key.state is not KeyState.NEXT or not _take_over(ctx, authority, key):
        raise AuthorityKeyState(state=key.state.value)
    return key


def retire(
    ctx: Context, org_id: UUID, authority_id: UUID, key_id: UUID, *, reason: str | None
) -> AuthorityKey:
    """Trust a key no more that signs no more: what it has signed ends with it.

    Raises AuthorityNotFound, AuthorityKeyNotFound, AuthorityKeyState.
    """
    ctx.ports[RevocationsHeld](ctx, org_id)
    authority = get_authority(ctx, org_id, authority_id)
    key = get_key(ctx, org_id, authority_id, key_id)
    ends = key.state in (KeyState.RETIRING, KeyState.NEXT)
    if not ends or not _end(ctx, key, KeyState.RETIRED, reason):
        raise AuthorityKeyState(state=key.state.value)
    _record(ctx, AuthorityKeyRetired, authority, key, reason)
    return key


def compromise(
    ctx: Context,
    org_id: UUID,
    authority_id: UUID,
    key_id: UUID,
    *,
    key_type: str | None,
    reason: str,
) -> AuthorityKey:
    """Others may have a key: trust it no more, from now on. If it was the one that signs, the next
    one does, or a new one. Returns the key that signs.

    Raises AuthorityNotFound, AuthorityKeyNotFound, AuthorityKeyState.
    """
    ctx.ports[RevocationsHeld](ctx, org_id)
    authority = get_authority(ctx, org_id, authority_id)
    key = get_key(ctx, org_id, authority_id, key_id)
    was = key.state
    if was is KeyState.COMPROMISED or not _end(ctx, key, KeyState.COMPROMISED, reason):
        raise AuthorityKeyState(state=key.state.value)
    _record(ctx, AuthorityKeyCompromised, authority, key, reason)
    if was is not KeyState.ACTIVE:
        return key
    successor: AuthorityKey | None = ctx.db.scalar(_in_state(authority.id, KeyState.NEXT))
    if successor is not None and _take_over(ctx, authority, successor):
        return successor
    key = new_key(ctx, authority, key_type or kind_of(key), KeyState.ACTIVE)
    ctx.db.add(key)
    ctx.db.flush()
    _record(ctx, AuthorityKeyActivated, authority, key, reason)
    return key


def distrust(ctx: Context, org_id: UUID, kinds: Collection[AuthorityKind], *, reason: str) -> int:
    """Let nothing count any more that the organization's authorities of these kinds have signed so
    far: each goes on with a new key of the same kind. Returns how many keys ended.
    """
    ctx.ports[RevocationsHeld](ctx, org_id)
    keys = ctx.db.scalars(
        select(AuthorityKey)
        .join(Authority, Authority.id == AuthorityKey.authority_id)
        .where(Authority.org_id == org_id, Authority.kind.in_(kinds))
        .where(AuthorityKey.state.in_(SIGNERS))
    ).all()
    # The one that signs comes last: it is followed by a new one, not by one that was prepared.
    for key in sorted(keys, key=lambda key: SIGNERS.index(key.state)):
        compromise(ctx, org_id, key.authority_id, key.id, key_type=None, reason=reason)
    return len(keys)


def end_sealed(ctx: Context, key_id: UUID, *, reason: str | None) -> bool:
    """Trust a sealed key no more, within somebody else's act. Returns whether it was."""
    as_it_was = AuthorityKey.id == key_id, AuthorityKey.state == KeyState.SEALED
    values = {"state": KeyState.RETIRED, "ended_at": ctx.now, "reason": reason}
    return bool(ctx.execute(update(AuthorityKey).where(*as_it_was).values(**values)))


def advance(ctx: Context) -> int:
    """Do what is due: activate, retire. Returns how many keys changed."""
    due = (
        select(AuthorityKey, Authority)
        .join(Authority)
        .where(
            or_(
                (AuthorityKey.state == KeyState.NEXT)
                & ((AuthorityKey.activate_at <= ctx.now) | AuthorityKey.activate_after_sync),
                (AuthorityKey.state == KeyState.RETIRING)
                & (
                    AuthorityKey.last_expiry.is_(None)
                    | (AuthorityKey.last_expiry <= ctx.now - MARGIN)
                )
                & (AuthorityKey.retiring_at <= ctx.now - MARGIN),
            )
        )
    )
    changed, rows = 0, ctx.db.execute(due).all()
    for org_id in sorted({authority.org_id for _, authority in rows}):
        ctx.ports[RevocationsHeld](ctx, org_id)
    for key, authority in rows:
        if key.state is KeyState.NEXT:
            waits = key.activate_after_sync and not _is_everywhere(ctx, authority, key)
            changed += 0 if waits else _take_over(ctx, authority, key)
        elif _end(ctx, key, KeyState.RETIRED, None):
            _record(ctx, AuthorityKeyRetired, authority, key, None)
            changed += 1
    return changed


def _refuse_what_is_too_soon(ctx: Context, activate_at: datetime | None) -> None:
    if activate_at is not None and activate_at < ctx.now + LEAD:
        raise Invalid(activate_at=["At least 10 minutes from now: machines fetch the key first."])


def _is_everywhere(ctx: Context, authority: Authority, key: AuthorityKey) -> bool:
    """Where no machine is enrolled, all have to have had the time: some may fetch it unseen."""
    reach = ctx.ports[ReachOfKeys](ctx, authority.org_id)
    return reach.is_everywhere and (reach.hosts > 0 or key.created_at <= ctx.now - LEAD)


def _take_over(ctx: Context, authority: Authority, key: AuthorityKey) -> bool:
    """The old one goes first: the index admits one that is active. A loser does nothing."""
    # The older one first, as who ends it does: else each might wait for the other.
    of_both = AuthorityKey.authority_id == authority.id, AuthorityKey.state.in_(SUCCESSION)
    ctx.db.execute(
        select(AuthorityKey.id).where(*of_both).order_by(AuthorityKey.id).with_for_update()
    )
    is_next = AuthorityKey.id == key.id, AuthorityKey.state == KeyState.NEXT
    if not ctx.execute(update(AuthorityKey).where(*is_next).values(activated_at=ctx.now)):
        return False
    old = AuthorityKey.authority_id == authority.id, AuthorityKey.state == KeyState.ACTIVE
    retiring = {"state": KeyState.RETIRING, "retiring_at": ctx.now}
    ctx.execute(update(AuthorityKey).where(*old).values(**retiring))
    ctx.execute(update(AuthorityKey).where(*is_next).values(state=KeyState.ACTIVE))
    ctx.db.refresh(key)
    _record(ctx, AuthorityKeyActivated, authority, key, None)
    return True


def _end(ctx: Context, key: AuthorityKey, state: KeyState, reason: str | None) -> bool:
    as_it_was = AuthorityKey.id == key.id, AuthorityKey.state == key.state
    values = {"state": state, "ended_at": ctx.now, "reason": reason, **FORGOTTEN}
    if not ctx.execute(update(AuthorityKey).where(*as_it_was).values(**values)):
        return False
    ctx.db.refresh(key)
    return True


def _in_state(authority_id: UUID, state: KeyState) -> Any:
    return select(AuthorityKey).where(
        AuthorityKey.authority_id == authority_id, AuthorityKey.state == state
    )


def _record(
    ctx: Context,
    kind: type[AuthorityKeyEvent],
    authority: Authority,
    key: AuthorityKey,
    reason: str | None,
) -> None:
    event = kind(
        org_id=authority.org_id,
        ssh_authority_id=authority.id,
        key_id=key.id,
        fingerprint=key.fingerprint,
        reason=reason,
    )
    record(ctx, event)
