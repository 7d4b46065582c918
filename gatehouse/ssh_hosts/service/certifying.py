"""Certificates for all keys of a host at once. What is in them, our own record says alone."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import or_
from uuid_utils.compat import uuid7

from gatehouse.core.context import Context
from gatehouse.ssh_ca.models import AuthorityKind
from gatehouse.ssh_ca.rules.key_ids import Holder, key_id_of_host
from gatehouse.ssh_certificates.models import Certificate
from gatehouse.ssh_certificates.queries import Signer, get_signer_for_all, has_principal
from gatehouse.ssh_certificates.service import Order, issue, revoke_where
from gatehouse.ssh_hosts.models import Host, HostKey
from gatehouse.ssh_hosts.queries import names_of
from gatehouse.ssh_hosts.rules.hosts import due_at


@dataclass(frozen=True, slots=True)
class Certified:
    """A host with the certificates that it has got now."""

    host: Host
    slug: str
    names: tuple[str, ...]
    certificates: Sequence[Certificate]


def certify(ctx: Context, host: Host, slug: str, keys: Sequence[HostKey]) -> Certified:
    """Sign for each key what the record says of the host, for its life or the authority's longest.

    Raises NoAuthority, SignerUnavailable, AuthorityKeyCertified.
    """
    signer = get_signer_for_all(ctx, host.org_id, AuthorityKind.HOST)
    names = names_of(ctx, host.id)
    host.certified_at = ctx.now.replace(microsecond=0)
    life = min(host.life_seconds, signer.limits.max_seconds)
    host.expires_at = host.certified_at + timedelta(seconds=life)
    host.due_at = due_at(host.certified_at, host.expires_at)
    host.told_due_at = host.told_expired_at = None
    certificates = []
    for key in keys:
        order = _order(host, slug, signer, names, key)
        key.certificate_id = order.id
        certificates.append(issue(ctx, order).certificate)
    ctx.db.flush()
    return Certified(host, slug, names, certificates)


def _order(host: Host, slug: str, signer: Signer, names: tuple[str, ...], key: HostKey) -> Order:
    certificate_id = uuid7()
    assert host.certified_at is not None  # noqa: S101 - both were set just now
    assert host.expires_at is not None  # noqa: S101
    return Order(
        id=certificate_id,
        signer=signer,
        holder=Holder.HOST,
        holder_id=host.id,
        key_id=key_id_of_host(slug, host.id, certificate_id),
        subject=key.blob,
        fingerprint=key.fingerprint,
        principals=names,
        valid_after=host.certified_at - timedelta(seconds=signer.limits.backdate_seconds),
        valid_before=host.expires_at,
    )


def revoke_of_others(ctx: Context, host: Host, names: Collection[str], *, reason: str) -> int:
    """What is signed for these names and is not this host's: they are its own from now on, and it
    alone is believed under them. Returns how many there were.
    """
    if not names:
        return 0
    return revoke_where(
        ctx,
        host.org_id,
        Certificate.kind == AuthorityKind.HOST,
        Certificate.holder_id != host.id,
        or_(*(has_principal(name) for name in sorted(names))),
        reason=reason,
    ).count


def revoke_certificates(ctx: Context, host: Host, *conditions: object, reason: str | None) -> int:
    """Those of a host that still count, within somebody else's act. Returns how many."""
    own = Certificate.holder == Holder.HOST, Certificate.holder_id == host.id
    return revoke_where(ctx, host.org_id, *own, *conditions, reason=reason).count  # type: ignore[arg-type]
