"""Signing: what was decided is written into a certificate, stored, and only then given away."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, case, exists, insert, select, update
from sqlalchemy.exc import IntegrityError

from gatehouse.audit.service import Recorded, record
from gatehouse.core.context import Context
from gatehouse.core.db import NOT_AWAITED, Model, TZDateTime
from gatehouse.core.openssh.certificates import issue as write_certificate
from gatehouse.core.openssh.signatures import PrivateKey, sign
from gatehouse.core.openssh.terms import Kind, Terms
from gatehouse.core.prepared import Prepared, inserting
from gatehouse.ssh_ca.errors import SignerUnavailable
from gatehouse.ssh_ca.models import AuthorityKey, AuthorityKind, KeyState
from gatehouse.ssh_ca.rules.key_ids import Holder
from gatehouse.ssh_ca.service import open_key
from gatehouse.ssh_certificates.errors import AuthorityKeyCertified
from gatehouse.ssh_certificates.events import CertificateIssued
from gatehouse.ssh_certificates.models import Certificate, RevocationList
from gatehouse.ssh_certificates.queries import Signer, signer_of

CERTIFICATES, KEYS, LISTS = (
    Model.metadata.tables[kind.__tablename__]
    for kind in (Certificate, AuthorityKey, RevocationList)
)
OTHERS = KEYS.alias("others")
NOT_REVOKED = dict.fromkeys(("revoked_at", "revoked_by", "revocation_reason"))
SIGNED = [column.name for column in CERTIFICATES.c if column.name not in NOT_REVOKED]
STORED = inserting(CERTIFICATES, SIGNED)
# Only if nothing was revoked since; and whoever revokes something waits for what was stored.
STORED_UNDISTURBED = Recorded(
    insert(CERTIFICATES).from_select(
        SIGNED,
        select(*(bindparam(name, type_=CERTIFICATES.c[name].type) for name in SIGNED))
        .select_from(LISTS)
        .where(LISTS.c.org_id == bindparam("org_id"), LISTS.c.epoch == bindparam("epoch"))
        .with_for_update(read=True),
    )
)
# The database gives each its own; and says whether an authority is to be certified itself.
NEXT_SERIAL = (
    update(KEYS)
    .where(KEYS.c.id == bindparam("key"), KEYS.c.state == KeyState.ACTIVE)
    .values(
        next_serial=KEYS.c.next_serial + 1,
        last_expiry=case(
            (KEYS.c.last_expiry > bindparam("end"), KEYS.c.last_expiry),
            else_=bindparam("end", type_=TZDateTime()),
        ),
    )
    .returning(
        KEYS.c.next_serial,
        exists().where(OTHERS.c.fingerprint == bindparam("certified")).label("is_authority"),
    )
)
# By itself it does not wait for the disk. It is there before any certificate that has it: the log
# is written in order.
NEXT_SERIAL_ALONE = Prepared(NEXT_SERIAL.returning(NOT_AWAITED.label("not_awaited")))
NEXT_SERIAL_WITHIN = Prepared(NEXT_SERIAL)
KINDS = {AuthorityKind.USER: Kind.USER, AuthorityKind.HOST: Kind.HOST}


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A certificate that somebody may have: all of it is decided.

    ``id`` is that of the certificate, which ``key_id`` names; ``subject`` the blob of the key that
    it is for. ``policy`` is kept beside it, with how the holder was known.
    """

    id: UUID
    signer: Signer
    holder: Holder
    holder_id: UUID
    key_id: str
    subject: bytes
    fingerprint: str
    principals: tuple[str, ...]
    valid_after: datetime
    valid_before: datetime
    critical_options: dict[str, str] = field(default_factory=dict)
    extensions: tuple[str, ...] = ()
    policy: dict[str, Any] = field(default_factory=dict)
    ssh_key_id: UUID | None = None
    reason: str | None = None
    mfa_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate, and the fingerprint of the key that signed it."""

    certificate: Certificate
    ca_fingerprint: str


@dataclass(frozen=True, slots=True)
class Signed:
    """A certificate as it is to be stored, which nobody has seen yet."""

    order: Order
    values: dict[str, Any]


def issue(ctx: Context, order: Order) -> Issued:
    """Sign and store a certificate. It counts when this act is committed.

    Raises AuthorityKeyCertified, NoAuthority, SignerUnavailable.
    """
    numbered = _with_serial(order, ctx.db.connection(), NEXT_SERIAL_WITHIN)
    return store(ctx, _signed_with(ctx, *numbered))


def sign_ahead(ctx: Context, order: Order) -> Signed:
    """Sign a certificate before the transaction begins that stores it, so that nobody waits for
    others to be on the disk. If it is not stored, its serial is nobody's.

    Raises AuthorityKeyCertified, NoAuthority, SignerUnavailable.
    """
    ctx.look()
    return _signed_with(ctx, *_with_serial(order, ctx.wire, NEXT_SERIAL_ALONE))


def store(ctx: Context, signed: Signed) -> Issued:
    """Store a certificate. It counts when this act is committed. Raises SignerUnavailable."""
    row = _row(signed)
    with _clashes_refused():
        STORED.count(ctx.db.connection(), signed.values)
    record(ctx, _event(row, signed.order))
    return Issued(row, signed.order.signer.fingerprint)


def store_undisturbed(ctx: Context, signed: Signed, epoch: int) -> Issued | None:
    """The same if this is still the epoch of the organization's revocations; None if it is not."""
    row = _row(signed)
    values = signed.values | {"epoch": epoch}
    with _clashes_refused():
        is_stored = STORED_UNDISTURBED.happens(ctx, _event(row, signed.order), values)
    return Issued(row, signed.order.signer.fingerprint) if is_stored else None


def _row(signed: Signed) -> Any:
    """As it would be read. The object mapper takes two hundred times as long to make one."""
    return SimpleNamespace(**NOT_REVOKED, **signed.values)


@contextmanager
def _clashes_refused() -> Iterator[None]:
    """What has this serial already was signed by somebody else with our key."""
    try:
        yield
    except IntegrityError as error:
        raise SignerUnavailable from error


def issue_once(ctx: Context, order: Order, private: PrivateKey) -> Certificate:
    """Sign and store the one certificate of a key whose private half is kept nowhere, within the
    act of somebody else, who puts it on record.
    """
    values = {**_values(ctx, order, 1), "certificate": _written(order, 1, private)}
    STORED.count(ctx.db.connection(), values)
    return Certificate(**values)


def _with_serial(order: Order, db: Connection, statement: Prepared) -> tuple[Order, int]:
    """The order, and a serial of the key that signs it: the next one, if it was rotated just now.

    The database decides who gets which.
    """
    for _ in range(2):
        serial = _next_serial(order, db, statement)
        if serial is not None:
            return order, serial
        order = replace(order, signer=signer_of(db, order.signer.authority_id))
    raise SignerUnavailable


def _next_serial(order: Order, db: Connection, statement: Prepared) -> int | None:
    """Raises AuthorityKeyCertified."""
    values = {
        "key": order.signer.id,
        "end": order.valid_before,
        "certified": order.fingerprint,
    }
    row = statement.first(db, values)
    if row is None:
        return None
    if row.is_authority:
        raise AuthorityKeyCertified
    return int(row.next_serial) - 1


def _signed_with(ctx: Context, order: Order, serial: int) -> Signed:
    values = {**_values(ctx, order, serial), "certificate": _signed(ctx, order, serial)}
    return Signed(order, values)


def _signed(ctx: Context, order: Order, serial: int) -> str:
    private = open_key(ctx.runtime, order.signer, order.signer.org_id)
    return _written(order, serial, private)


def _written(order: Order, serial: int, private: PrivateKey) -> str:
    signer = order.signer
    terms = Terms(
        subject=order.subject,
        serial=serial,
        kind=KINDS[signer.kind],
        key_id=order.key_id,
        principals=order.principals,
        valid_after=int(order.valid_after.timestamp()),
        valid_before=int(order.valid_before.timestamp()),
        critical_options=order.critical_options,
        extensions=dict.fromkeys(order.extensions, ""),
    )
    return write_certificate(terms, signer.blob, lambda data: sign(private, data))


def _values(ctx: Context, order: Order, serial: int) -> dict[str, Any]:
    actor = ctx.actor
    return {
        "id": order.id,
        "created_at": ctx.now,
        "org_id": order.signer.org_id,
        "authority_key_id": order.signer.id,
        "serial": serial,
        "kind": order.signer.kind,
        "holder": order.holder,
        "holder_id": order.holder_id,
        "ssh_key_id": order.ssh_key_id,
        "fingerprint": order.fingerprint,
        "key_id": order.key_id,
        "principals": f" {' '.join(order.principals)} ",
        "valid_after": order.valid_after,
        "valid_before": order.valid_before,
        "critical_options": order.critical_options,
        "extensions": list(order.extensions),
        "policy": order.policy,
        "reason": order.reason,
        "ip": ctx.origin.ip,
        "request_id": ctx.origin.request_id,
        "session_id": actor.session_id,
        "client_row_id": actor.client_row_id,
        "amr": " ".join(actor.amr) or None,
        "auth_time": actor.auth_time,
        "mfa_time": order.mfa_time,
    }


def _event(row: Certificate, order: Order) -> CertificateIssued:
    return CertificateIssued(
        org_id=row.org_id,
        user_id=row.holder_id if row.holder is Holder.USER else None,
        ssh_certificate_id=row.id,
        kind=row.kind.value,
        holder=row.holder.value,
        holder_id=row.holder_id,
        serial=row.serial,
        authority_key=order.signer.fingerprint,
        fingerprint=row.fingerprint,
        principals=order.principals,
        valid_after=row.valid_after,
        valid_before=row.valid_before,
        options=tuple(row.critical_options),
        extensions=order.extensions,
        departments=tuple(row.policy.get("departments", ())),
        mfa_time=row.mfa_time,
        reason=row.reason,
    )
