"""Authorities as they sign: with the key that does, and for whom.

Statements of tables, made once: with classes in them they take several times as long, and of
nothing more is asked for at once.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, select

from gatehouse.core.context import Context
from gatehouse.core.db import Model
from gatehouse.core.prepared import Prepared
from gatehouse.ssh_ca.models import (
    Authority,
    AuthorityKey,
    AuthorityKind,
    AuthorityPermission,
    KeyState,
    Permission,
)
from gatehouse.ssh_ca.rules.policies import AuthorityLimits
from gatehouse.ssh_certificates.errors import NoAuthority
from gatehouse.ssh_certificates.models import RevocationList

AUTHORITIES, KEYS, PERMISSIONS, LISTS = (
    Model.metadata.tables[kind.__tablename__]
    for kind in (Authority, AuthorityKey, AuthorityPermission, RevocationList)
)
# Whoever revokes holds this row: either they wait for this act, and revoke what it has made, or
# this act waits, and then finds what they have left.
EPOCH = select(LISTS.c.epoch).where(LISTS.c.org_id == bindparam("org"))
UNDISTURBED = EPOCH.with_for_update(read=True)


# As Signer has them.
OF_SIGNER = (
    *(AUTHORITIES.c.org_id, AUTHORITIES.c.kind, AUTHORITIES.c.default_seconds),
    *(AUTHORITIES.c.max_seconds, AUTHORITIES.c.backdate_seconds, KEYS.c.id, KEYS.c.authority_id),
    *(KEYS.c.type, KEYS.c.blob, KEYS.c.fingerprint, KEYS.c.private_sealed, KEYS.c.key_sealed),
)
ACTIVE = (
    select(*OF_SIGNER)
    .join(KEYS, KEYS.c.authority_id == AUTHORITIES.c.id)
    .where(AUTHORITIES.c.deleted_at.is_(None), KEYS.c.state == KeyState.ACTIVE)
)
OF_KIND = ACTIVE.where(
    AUTHORITIES.c.org_id == bindparam("org"), AUTHORITIES.c.kind == bindparam("kind")
)
FOR_ALL = Prepared(OF_KIND)
BY_ID = Prepared(ACTIVE.where(AUTHORITIES.c.id == bindparam("authority")))


@dataclass(frozen=True, slots=True)
class Signer:
    """The key of an authority that signs now. ``id`` is the key's."""

    org_id: UUID
    kind: AuthorityKind
    default_seconds: int
    max_seconds: int
    backdate_seconds: int
    id: UUID
    authority_id: UUID
    type: str
    blob: bytes
    fingerprint: str
    private_sealed: bytes | None
    key_sealed: str | None

    @property
    def limits(self) -> AuthorityLimits:
        return AuthorityLimits(
            default_seconds=self.default_seconds,
            max_seconds=self.max_seconds,
            backdate_seconds=self.backdate_seconds,
        )


def hold_off_revocations(ctx: Context, org_id: UUID) -> int | None:
    """Nothing of the organization is revoked from here on until this act is over: ask for it before
    all that decides what is signed. Returns the epoch that it is; None before the first authority.
    """
    return ctx.db.connection().execute(UNDISTURBED, {"org": org_id}).scalar()


def get_signer_for_all(ctx: Context, org_id: UUID, kind: AuthorityKind) -> Signer:
    """What signs for those whom no permission row names: hosts, workloads. Raises NoAuthority."""
    return _signer(FOR_ALL.first(ctx.wire, {"org": org_id, "kind": kind}))


def is_closed(ctx: Context, authority_id: UUID) -> bool:
    """Whether an authority signs only for those who are named there."""
    named = select(PERMISSIONS.c.id).where(
        PERMISSIONS.c.authority_id == authority_id,
        PERMISSIONS.c.permission == Permission.SIGN.value,
    )
    return ctx.db.connection().execute(named.limit(1)).first() is not None


def signer_of(db: Connection, authority_id: UUID) -> Signer:
    """The key of an authority that signs by now. Raises NoAuthority."""
    return _signer(BY_ID.first(db, {"authority": authority_id}))


def _signer(row: Any) -> Signer:
    if row is None:
        raise NoAuthority
    return Signer(*row)
