"""What the machines of an organization believe and refuse, as they are told."""

from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from sqlalchemy import func, select

from gatehouse.core.context import Context
from gatehouse.ssh_ca.models import AuthorityKind
from gatehouse.ssh_ca.ports import Reach
from gatehouse.ssh_ca.queries import text_of, trusted_keys
from gatehouse.ssh_certificates.models import RevocationList
from gatehouse.ssh_certificates.queries import signer_text
from gatehouse.ssh_hosts.models import Host


@dataclass(frozen=True, slots=True)
class Trust:
    """``user_keys`` and ``host_keys`` are lines of text, ``bundle`` names exactly those.

    ``signer`` is the key that signs revocation lists. There is none before the first authority.
    """

    user_keys: tuple[str, ...]
    host_keys: tuple[str, ...]
    bundle: str
    krl_version: int | None
    signer: str | None


def reach_of(ctx: Context, org_id: UUID) -> Reach:
    """The ReachOfKeys port: of hosts that have a certificate, and are not suspended."""
    enrolled = select(func.count()).where(
        Host.org_id == org_id,
        Host.expires_at > ctx.now,
        Host.suspended_at.is_(None),
        Host.revoked_at.is_(None),
    )
    has_it = Host.seen_bundle == trust_of(ctx, org_id).bundle
    return Reach(ctx.db.scalar(enrolled) or 0, ctx.db.scalar(enrolled.where(has_it)) or 0)


def trust_of(ctx: Context, org_id: UUID) -> Trust:
    users, hosts = (
        tuple(text_of(key) for key in trusted_keys(ctx, org_id, kind))
        for kind in (AuthorityKind.USER, AuthorityKind.HOST)
    )
    row = ctx.db.scalar(select(RevocationList).where(RevocationList.org_id == org_id))
    told = "\n".join([*sorted(users), "", *sorted(hosts)])
    return Trust(
        user_keys=users,
        host_keys=hosts,
        bundle=sha256(told.encode()).hexdigest()[:16],
        krl_version=row.version if row else None,
        signer=signer_text(row) if row else None,
    )
