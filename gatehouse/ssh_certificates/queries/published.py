"""What is published of an organization for its machines and their users: nothing secret."""

import re
from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from gatehouse.core.context import Context
from gatehouse.core.errors import NotFound
from gatehouse.core.fields import rfc3339
from gatehouse.core.identifiers import CANONICAL
from gatehouse.core.published import tag_of
from gatehouse.organizations.models import Organization
from gatehouse.organizations.queries import find_organization
from gatehouse.organizations.rules import SLUG
from gatehouse.ssh_ca.errors import AuthorityNotConfigured
from gatehouse.ssh_ca.models import Authority, AuthorityKey, AuthorityKind, KeyState
from gatehouse.ssh_ca.queries import policy_of_organization, text_of, trusted_keys
from gatehouse.ssh_certificates.models import RevocationList

ENDED = (KeyState.RETIRED, KeyState.COMPROMISED)
KNOWN = select(RevocationList.org_id, RevocationList.version, RevocationList.made_at)


@dataclass(frozen=True, slots=True)
class Published:
    """An organization whose machines may ask."""

    id: UUID
    slug: str


@dataclass(frozen=True, slots=True)
class ListKnown:
    """What is known of a revocation list without reading it. ``tag`` is that of this version."""

    version: int
    tag: str


def get_published(ctx: Context, name: str) -> Published:
    """An organization by its slug, or by its id.

    By its id it is found when it was deleted, too: its machines shall hear that what they believed
    counts no more. Raises NotFound.
    """
    found: Organization | None
    if CANONICAL.fullmatch(name):
        whole = select(Organization).where(Organization.id == UUID(name))
        found = ctx.db.scalar(whole.execution_options(with_removed=True))
    else:
        found = find_organization(ctx, name) if re.fullmatch(SLUG, name) else None
    if found is None:
        raise NotFound
    return Published(found.id, found.slug)


def bundle(ctx: Context, place: Published, kind: AuthorityKind) -> str:
    """The keys that machines (or their users) believe, a line each. None left is no reason to go on
    with those of before. Raises AuthorityNotConfigured if there never was an authority.
    """
    _refuse_none(ctx, place.id, kind)
    keys = trusted_keys(ctx, place.id, kind)
    head = f"# Gatehouse, {place.slug}: keys of the certificate authority ({kind.value})."
    lines = [f"{text_of(key)} {place.slug}-{kind.value}-{key.state.value}" for key in keys]
    return _joined(head, *lines)


def known_hosts(ctx: Context, place: Published) -> str:
    """Lines for ``~/.ssh/known_hosts`` (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT").

    Raises AuthorityNotConfigured.
    """
    _refuse_none(ctx, place.id, AuthorityKind.HOST)
    patterns = ",".join(policy_of_organization(ctx, place.id).host_patterns)
    keys = trusted_keys(ctx, place.id, AuthorityKind.HOST) if patterns else []
    head = f"# Gatehouse, {place.slug}: hosts with a certificate of this authority are known."
    why = [] if patterns else ["# No host_patterns are set in the organization's SSH policy."]
    good = [f"@cert-authority {patterns} {text_of(key)}" for key in keys]
    bad = [f"@revoked * {text_of(key)}" for key in _ended_keys(ctx, place.id)]
    return _joined(head, *why, *good, *bad)


def revocation_list(ctx: Context, place: Published) -> RevocationList:
    """Raises AuthorityNotConfigured."""
    found = ctx.db.scalar(select(RevocationList).where(RevocationList.org_id == place.id))
    if found is None:
        raise AuthorityNotConfigured
    return found


def list_known(ctx: Context, name: str) -> ListKnown:
    """The list of an organization, by its slug or its id, without the list itself: what machines
    ask for each minute, and find unchanged. Raises NotFound, AuthorityNotConfigured.
    """

    def read() -> ListKnown:
        place = get_published(ctx, name)
        row = ctx.db.execute(KNOWN.where(RevocationList.org_id == place.id)).first()
        if row is None:
            raise AuthorityNotConfigured
        return known_of(row)

    found = ctx.runtime.leases.get(("krl", name), read)
    assert found is not None  # noqa: S101 - it is read, or refused
    return found


def known_of(row: Any) -> ListKnown:
    version = f"{row.org_id} {row.version} {row.made_at.isoformat()}"
    return ListKnown(row.version, tag_of(version.encode()))


def list_told(row: RevocationList) -> dict[str, Any]:
    """What can be said of a list without reading it."""
    return {
        "version": row.version,
        "made_at": rfc3339(row.made_at),
        "certificates": row.certificates,
        "bytes": len(row.krl),
        "sha256": sha256(row.krl).hexdigest(),
        "signer": signer_text(row),
    }


def lists_made(ctx: Context) -> tuple[int, datetime | None]:
    """How many lists there are, and when the oldest was made."""
    found = select(func.count(), func.min(RevocationList.made_at))
    count, oldest = ctx.db.execute(found).one()
    return count, oldest


def signer_text(row: RevocationList) -> str:
    """The key that signs the list, as a line."""
    return f"ssh-ed25519 {b64encode(row.signer_blob).decode()}"


def _refuse_none(ctx: Context, org_id: UUID, kind: AuthorityKind) -> None:
    ever = select(Authority.id).where(Authority.org_id == org_id, Authority.kind == kind).limit(1)
    if ctx.db.scalar(ever.execution_options(with_removed=True)) is None:
        raise AuthorityNotConfigured


def _ended_keys(ctx: Context, org_id: UUID) -> list[AuthorityKey]:
    rows = ctx.db.scalars(
        select(AuthorityKey)
        .join(Authority, Authority.id == AuthorityKey.authority_id)
        .where(
            Authority.org_id == org_id,
            Authority.kind == AuthorityKind.HOST,
            AuthorityKey.state.in_(ENDED),
        )
        .order_by(AuthorityKey.id)
        .execution_options(with_removed=True)
    )
    return list(rows)


def _joined(*lines: str) -> str:
    return "".join(f"{line}\n" for line in lines)
