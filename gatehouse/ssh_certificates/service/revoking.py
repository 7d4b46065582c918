"""Revoking: what is valid no more stands in the organization's list when the act is done."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, select, update

from gatehouse.audit.service import record
from gatehouse.core.context import Context
from gatehouse.core.db import in_batches, insert_unless_there
from gatehouse.organizations.models import Member
from gatehouse.organizations.queries import departed_from
from gatehouse.ssh_ca.models import Authority, AuthorityKey, AuthorityKind
from gatehouse.ssh_ca.rules.key_ids import Holder
from gatehouse.ssh_ca.service import close_authorities
from gatehouse.ssh_certificates.errors import (
    AlreadyRevoked,
    CertificateOver,
    KeyAlreadyRevoked,
    KeyOfAnAuthority,
    RevokedKeyNotFound,
)
from gatehouse.ssh_certificates.events import CertificatesRevoked, RevokedSshKeyPardoned
from gatehouse.ssh_certificates.models import Certificate, RevocationList, RevokedSshKey
from gatehouse.ssh_certificates.queries import (
    get_certificate,
    has_principal,
    is_authority_key,
    is_closed,
    names_usable,
    who_certifies_hosts,
)
from gatehouse.ssh_certificates.rules import MARGIN
from gatehouse.ssh_certificates.service.revocation_lists import (
    find_list,
    hold_list,
    publish_list,
    renew_list,
)


@dataclass(frozen=True, slots=True)
class Revoked:
    """How many were revoked, and the version of the list in which they are."""

    count: int
    krl_version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Which:
    """What the certificates to be revoked have in common: all that is not None."""

    user_id: UUID | None = None
    key_fingerprint: str | None = None
    principal: str | None = None
    issued_before: datetime | None = None
    ca_key_id: UUID | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        found: list[ColumnElement[bool]] = []
        if self.user_id is not None:
            found += [Certificate.holder_id == self.user_id, Certificate.holder == Holder.USER]
        if self.key_fingerprint is not None:
            found.append(Certificate.fingerprint == self.key_fingerprint)
        if self.principal is not None:
            found.append(has_principal(self.principal))
        if self.issued_before is not None:
            found.append(Certificate.created_at < self.issued_before)
        if self.ca_key_id is not None:
            found.append(Certificate.authority_key_id == self.ca_key_id)
        return found

    def in_words(self) -> str:
        """What was said, by name."""
        return " ".join(name for name in self.__slots__ if getattr(self, name) is not None)


def revoke_one(
    ctx: Context, reach: Any, certificate_id: UUID, *, reason: str | None
) -> tuple[Certificate, int]:
    """Revoke a certificate within ``reach``. Returns it, and the version of the list.

    Raises CertificateNotFound, AlreadyRevoked, CertificateOver.
    """
    row = get_certificate(ctx, reach, certificate_id)
    if row.revoked_at is None and row.valid_before <= ctx.now - MARGIN:
        raise CertificateOver
    done = revoke_where(ctx, row.org_id, Certificate.id == row.id, reason=reason)
    if not done.count:
        raise AlreadyRevoked
    ctx.db.refresh(row)
    event = CertificatesRevoked(
        org_id=row.org_id,
        user_id=row.holder_id if row.holder is Holder.USER else None,
        ssh_certificate_id=row.id,
        by="certificate",
        count=1,
        krl_version=done.krl_version,
        reason=reason,
    )
    record(ctx, event)
    return row, done.krl_version


def revoke_many(ctx: Context, org_id: UUID, which: Which, *, reason: str | None) -> Revoked:
    """Revoke all that are like this, and keep a key that is named out of new ones.

    Raises KeyAlreadyRevoked if that key was, and nothing is left to revoke; KeyOfAnAuthority.
    """
    held = hold_list(ctx, org_id)
    key = which.key_fingerprint
    # Machines would refuse all that it has signed and signs, while it goes on signing.
    if key is not None and is_authority_key(ctx, key):
        raise KeyOfAnAuthority
    is_new = key is not None and _keep_out(ctx, org_id, key, reason)
    count = _revoke(ctx, org_id, which.conditions(), reason)
    if key is not None and not (is_new or count):
        raise KeyAlreadyRevoked
    version = publish_list(ctx, held) if is_new or count else held.version
    event = CertificatesRevoked(
        org_id=org_id,
        user_id=which.user_id if count else None,  # It stands in that person's own record.
        by=which.in_words(),
        count=count,
        krl_version=version,
        reason=reason,
        principal=which.principal,
        fingerprint=key,
        authority_key_id=which.ca_key_id,
        issued_before=which.issued_before,
    )
    record(ctx, event)
    return Revoked(count, version)


def revoke_where(
    ctx: Context, org_id: UUID, *conditions: ColumnElement[bool], reason: str | None
) -> Revoked:
    """Revoke within the act of somebody else, who puts it on record."""
    held = find_list(ctx, org_id)
    if held is None:  # Nothing was ever signed there.
        return Revoked(0, 0)
    count = _revoke(ctx, org_id, conditions, reason)
    return Revoked(count, publish_list(ctx, held) if count else held.version)


def revoke_keys(ctx: Context, org_id: UUID, fingerprints: Collection[str], *, reason: str) -> int:
    """The same of all that is signed for some keys, whoever has them, which are in no certificate
    any more. Returns how many there were.
    """
    if not fingerprints:
        return 0
    held = hold_list(ctx, org_id)
    for fingerprint in fingerprints:
        _keep_out(ctx, org_id, fingerprint, reason)
    count = _revoke(ctx, org_id, [Certificate.fingerprint.in_(fingerprints)], reason)
    publish_list(ctx, held)
    return count


def revoke_all_of(
    ctx: Context, user_id: UUID, *conditions: ColumnElement[bool], reason: str
) -> int:
    """The same over all organizations of a person, in an order that avoids deadlocks."""
    own = Certificate.holder_id == user_id, Certificate.holder == Holder.USER, *conditions
    places = ctx.db.scalars(
        select(RevocationList.org_id)
        .join(Member, Member.org_id == RevocationList.org_id)
        .where(Member.user_id == user_id)
        .distinct()
        .execution_options(with_removed=True)
    )
    found = sorted(places)
    return sum(revoke_where(ctx, org_id, *own, reason=reason).count for org_id in found)


def revoke_lost(
    ctx: Context,
    org_id: UUID,
    *,
    user_id: UUID | None = None,
    principal: str | None = None,
    reason: str,
) -> int:
    """Revoke what its holder would not get any more: for a principal that they may not use, or for
    a host. Of one person, or with one principal.
    """
    if find_list(ctx, org_id) is None:
        return 0
    which = Which(user_id=user_id, principal=principal).conditions()
    rows = ctx.db.execute(
        select(
            Certificate.id, Certificate.kind, Certificate.holder_id, Certificate.principals
        ).where(
            Certificate.org_id == org_id,
            Certificate.holder == Holder.USER,
            *which,
            *_living(ctx),
        )
    ).all()
    lost = [*_of_people_lost(ctx, org_id, rows), *_of_hosts_lost(ctx, org_id, rows)]
    return sum(
        revoke_where(ctx, org_id, Certificate.id.in_(ids), reason=reason).count
        for ids in in_batches(lost)
    )


def _of_people_lost(ctx: Context, org_id: UUID, rows: Sequence[Any]) -> list[UUID]:
    own = [row for row in rows if row.kind is AuthorityKind.USER]
    usable = names_usable(ctx, org_id, {row.holder_id for row in own})
    return [row.id for row in own if not usable[row.holder_id].issuperset(row.principals.split())]


def _of_hosts_lost(ctx: Context, org_id: UUID, rows: Sequence[Any]) -> list[UUID]:
    """Their principals are names of hosts, which nobody has: their holder's role decides."""
    of_hosts = [row for row in rows if row.kind is AuthorityKind.HOST]
    if not of_hosts:
        return []
    may_have = who_certifies_hosts(ctx, org_id, {row.holder_id for row in of_hosts})
    return [row.id for row in of_hosts if row.holder_id not in may_have]


def revoke_of_unnamed(
    ctx: Context, org_id: UUID, authority_id: UUID, user_id: UUID, *, reason: str
) -> int:
    """What an authority has signed for somebody whom it signs for no more, because others are named
    there. Returns how many there were.
    """
    if not is_closed(ctx, authority_id):
        return 0
    keys = select(AuthorityKey.id).where(AuthorityKey.authority_id == authority_id)
    own = *Which(user_id=user_id).conditions(), Certificate.authority_key_id.in_(keys)
    return revoke_where(ctx, org_id, *own, reason=reason).count


def end_authority_keys(ctx: Context, org_id: UUID, *, reason: str) -> Revoked:
    """What keys that are believed no more have signed is revoked with them, by the keys alone."""
    held = find_list(ctx, org_id)
    if held is None:
        return Revoked(0, 0)
    gone = (
        select(AuthorityKey.id)
        .join(Authority, Authority.id == AuthorityKey.authority_id)
        .where(Authority.org_id == org_id, AuthorityKey.ended_at.is_not(None))
        .execution_options(with_removed=True)
    )
    ids = ctx.db.scalars(gone).all()
    count = _revoke(ctx, org_id, [Certificate.authority_key_id.in_(ids)], reason)
    return Revoked(count, publish_list(ctx, held))


def end_what_was_left(ctx: Context, user_id: UUID, *, reason: str) -> int:
    """The authorities of organizations that went along with somebody's account, and all that they
    have signed, for machines, too. Returns how many certificates there were.
    """
    count = 0
    for org_id in sorted(departed_from(ctx, user_id)):
        if close_authorities(ctx, org_id):
            count += end_authority_keys(ctx, org_id, reason=reason).count
    return count


def forget_addresses(ctx: Context, user_id: UUID) -> None:
    """Leave nothing of a person but their id in what was signed for them: their address stands in
    key ids, and so in certificates.
    """
    own = update(Certificate).where(Certificate.holder_id == user_id)
    parts = Certificate.holder == Holder.USER
    gone = {"certificate": "", "key_id": "", "ip": None, "reason": None}
    ctx.execute(own.where(parts).values(**gone).execution_options(synchronize_session=False))


def pardon_key(ctx: Context, org_id: UUID, revoked_key_id: UUID) -> int:
    """Let a key into certificates again; those that were revoked stay so. Returns the version of
    the list. Raises RevokedKeyNotFound.
    """
    held = hold_list(ctx, org_id)
    there = RevokedSshKey.org_id == org_id, RevokedSshKey.id == revoked_key_id
    gone = delete(RevokedSshKey).where(*there).returning(RevokedSshKey.fingerprint)
    fingerprint = ctx.db.scalar(gone)
    if fingerprint is None:
        raise RevokedKeyNotFound
    record(ctx, RevokedSshKeyPardoned(org_id=org_id, fingerprint=fingerprint))
    return publish_list(ctx, held)


def renew_lists(ctx: Context, *, older_than: datetime, most: int) -> int:
    """Make the oldest lists anew: what has expired leaves them, and readers see that they are
    looked after. Returns how many there were.
    """
    old = select(RevocationList.org_id).where(RevocationList.made_at < older_than)
    org_ids: Sequence[UUID] = ctx.db.scalars(old.order_by(RevocationList.made_at).limit(most)).all()
    for org_id in sorted(org_ids):
        renew_list(ctx, hold_list(ctx, org_id))
    return len(org_ids)


def _living(ctx: Context) -> tuple[ColumnElement[bool], ...]:
    return Certificate.revoked_at.is_(None), Certificate.valid_before > ctx.now - MARGIN


def _revoke(
    ctx: Context, org_id: UUID, conditions: Iterable[ColumnElement[bool]], reason: str | None
) -> int:
    values = {
        "revoked_at": ctx.now,
        "revoked_by": ctx.actor.user_id,
        "revocation_reason": reason,
    }
    living = update(Certificate).where(Certificate.org_id == org_id, *conditions, *_living(ctx))
    return ctx.execute(living.values(**values).execution_options(synchronize_session=False))


def _keep_out(ctx: Context, org_id: UUID, fingerprint: str, reason: str | None) -> bool:
    values = {
        "org_id": org_id,
        "fingerprint": fingerprint,
        "reason": reason or "",
        "revoked_by": ctx.actor.user_id,
        "created_at": ctx.now,
    }
    return insert_unless_there(ctx.db, RevokedSshKey, values)
