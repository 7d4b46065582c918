"""Sealing a certificate for emergencies, and ending it. What opens machines is given away once."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PrivateFormat
from sqlalchemy import ColumnElement, delete, or_, select
from uuid_utils.compat import uuid7

from gatehouse.audit.service import record
from gatehouse.core.context import Context
from gatehouse.core.openssh.keys import PublicKey, read_blob
from gatehouse.core.openssh.signatures import public_blob
from gatehouse.locks.queries import refuse_locked
from gatehouse.organizations.service import hold_as
from gatehouse.ssh_break_glass.events import (
    BreakGlassExpired,
    BreakGlassExpiring,
    BreakGlassRevoked,
    BreakGlassSealed,
)
from gatehouse.ssh_break_glass.models import BreakGlass
from gatehouse.ssh_break_glass.queries import (
    Sealed,
    all_sealed,
    find_sealed,
    get_sealed,
    slug_of,
)
from gatehouse.ssh_break_glass.rules import (
    EXTENSIONS,
    PRINCIPALS,
    ROUNDS,
    WARNINGS,
    days_left,
    warning_due,
)
from gatehouse.ssh_ca.errors import AuthorityNotConfigured
from gatehouse.ssh_ca.models import Authority, AuthorityKey, AuthorityKind, KeyState
from gatehouse.ssh_ca.permissions import AuthorityPermissions
from gatehouse.ssh_ca.queries import find_authority
from gatehouse.ssh_ca.rules.key_ids import Holder, key_id_of_break_glass
from gatehouse.ssh_ca.service import end_sealed, new_key_for_once
from gatehouse.ssh_certificates.queries import Signer
from gatehouse.ssh_certificates.rules import MARGIN
from gatehouse.ssh_certificates.service import Order, end_authority_keys, find_list, issue_once

ANEW, OVER = "sealed anew", "expired"
BATCH = 100


@dataclass(frozen=True, slots=True)
class Given:
    """What an owner gets, once: a private key under a passphrase with its certificate behind it."""

    sealed: Sealed
    file: str


def seal(ctx: Context, org_id: UUID, *, passphrase: str, days: int, reason: str | None) -> Given:
    """Make a key that signs once, and the certificate that it signs. What was sealed before is
    revoked. Neither the private key of the one nor of the other is kept.

    Raises AuthorityNotConfigured, UserLocked.
    """
    ctx.leave_the_transaction()  # The passphrase is made slow to guess: that is slow here, too.
    private = Ed25519PrivateKey.generate()
    encrypted = _encrypted(private, passphrase)
    hold_as(ctx, org_id, AuthorityPermissions.MANAGE_KEYS)
    authority = find_authority(ctx, org_id, AuthorityKind.USER)
    if authority is None:
        raise AuthorityNotConfigured
    find_list(ctx, org_id)
    refuse_locked(ctx, org_id)
    before = find_sealed(ctx, org_id)
    if before is not None:
        _end(ctx, before, ANEW)
    found = _made(ctx, authority, read_blob(public_blob(private)), days, reason)
    event = BreakGlassSealed(
        **_facts(found),
        key_id=found.certificate.key_id,
        principals=PRINCIPALS,
        replaced=before is not None,
        reason=reason,
    )
    record(ctx, event)
    return Given(found, f"{encrypted}{found.certificate.certificate}\n")


def revoke(ctx: Context, org_id: UUID, *, reason: str) -> int:
    """End what is sealed: machines believe the key no more that signed it. Returns the version of
    the revocation list. Raises NothingSealed.
    """
    hold_as(ctx, org_id, AuthorityPermissions.MANAGE_KEYS)
    find_list(ctx, org_id)
    found = get_sealed(ctx, org_id)
    version = _end(ctx, found, reason)
    record(ctx, BreakGlassRevoked(**_facts(found), reason=reason, krl_version=version))
    return version


def forget_ended(ctx: Context, org_id: UUID) -> int:
    """What is sealed ends with its key, whoever ended that. Returns how many there were."""
    alive = select(AuthorityKey.id).where(AuthorityKey.state == KeyState.SEALED)
    over = BreakGlass.org_id == org_id, BreakGlass.authority_key_id.not_in(alive)
    return ctx.execute(delete(BreakGlass).where(*over))


def warn_and_end(ctx: Context) -> int:
    """Warn of what ends soon, and end what is over. Returns how many there were."""
    rows = all_sealed().where(_is_due(ctx)).order_by(BreakGlass.org_id)
    few = ctx.db.execute(rows.limit(BATCH)).all()
    for row in few:
        _look_after(ctx, Sealed(*row))
    return len(few)


def _is_due(ctx: Context) -> ColumnElement[bool]:
    """Over, or nearer to its end than what its owners were warned of."""
    warned, end = BreakGlass.warned_days, BreakGlass.expires_at
    warnings = (
        (end <= ctx.now + timedelta(days=days)) & (warned.is_(None) | (warned > days))
        for days in WARNINGS
    )
    return or_(end <= ctx.now - MARGIN, *warnings)


def _look_after(ctx: Context, found: Sealed) -> None:
    if found.row.expires_at <= ctx.now - MARGIN:
        find_list(ctx, found.row.org_id)
        version = _end(ctx, found, OVER)
        record(ctx, BreakGlassExpired(**_facts(found), krl_version=version))
        return
    found.row.warned_days = warning_due(found.row.expires_at, ctx.now)
    left = days_left(found.row.expires_at, ctx.now)
    record(ctx, BreakGlassExpiring(**_facts(found), days_left=left))


def _made(
    ctx: Context, authority: Authority, subject: PublicKey, days: int, reason: str | None
) -> Sealed:
    key, signing = new_key_for_once(ctx, authority)
    now, certificate_id = ctx.now.replace(microsecond=0), uuid7()
    key.last_expiry = now + timedelta(days=days)
    ctx.db.add(key)
    ctx.db.flush()
    order = Order(
        id=certificate_id,
        signer=_signer(authority, key),
        holder=Holder.BREAK_GLASS,
        holder_id=key.id,
        key_id=key_id_of_break_glass(slug_of(ctx, authority.org_id), key.id, certificate_id),
        subject=subject.blob,
        fingerprint=subject.fingerprint,
        principals=PRINCIPALS,
        valid_after=now - timedelta(seconds=authority.backdate_seconds),
        valid_before=key.last_expiry,
        extensions=EXTENSIONS,
        reason=reason,
    )
    certificate = issue_once(ctx, order, signing)
    row = BreakGlass(
        org_id=authority.org_id,
        created_at=ctx.now,
        authority_key_id=key.id,
        certificate_id=certificate.id,
        sealed_by=ctx.user_id,
        expires_at=key.last_expiry,
        warned_days=warning_due(key.last_expiry, ctx.now),
    )
    ctx.db.add(row)
    ctx.db.flush()
    return Sealed(row, certificate, key)


def _signer(authority: Authority, key: AuthorityKey) -> Signer:
    return Signer(
        org_id=authority.org_id,
        kind=authority.kind,
        default_seconds=authority.default_seconds,
        max_seconds=authority.max_seconds,
        backdate_seconds=authority.backdate_seconds,
        id=key.id,
        authority_id=authority.id,
        type=key.type,
        blob=key.blob,
        fingerprint=key.fingerprint,
        private_sealed=None,
        key_sealed=None,
    )


def _end(ctx: Context, found: Sealed, reason: str) -> int:
    """Let the key count no more, and what it has signed. Returns the version of the list."""
    end_sealed(ctx, found.key.id, reason=reason)
    ctx.execute(delete(BreakGlass).where(BreakGlass.id == found.row.id))
    return end_authority_keys(ctx, found.row.org_id, reason=reason).krl_version


def _encrypted(private: Ed25519PrivateKey, passphrase: str) -> str:
    """As `ssh-keygen` writes it, so that `ssh` opens it with nothing of ours (PROTOCOL.key)."""
    how = PrivateFormat.OpenSSH.encryption_builder().kdf_rounds(ROUNDS)
    built = how.build(passphrase.encode())
    return private.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, built).decode()


def _facts(found: Sealed) -> dict[str, Any]:
    return {
        "org_id": found.row.org_id,
        "ssh_certificate_id": found.certificate.id,
        "authority_key": found.key.fingerprint,
        "fingerprint": found.certificate.fingerprint,
        "expires_at": found.row.expires_at,
    }
