"""Reading certificates. Every query is bound to one organization or one person."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select

from gatehouse.core.access import check_permission
from gatehouse.core.context import Context
from gatehouse.core.errors import Forbidden, NotFound
from gatehouse.core.pagination import (
    Page,
    newest_of,
    paginate,
    paginate_newest_first,
    search_newest_first,
)
from gatehouse.ssh_ca.models import Authority, AuthorityKey, AuthorityKind
from gatehouse.ssh_ca.ports import Totals
from gatehouse.ssh_ca.rules.key_ids import Holder, read_key_id
from gatehouse.ssh_certificates.errors import CertificateNotFound
from gatehouse.ssh_certificates.models import Certificate, RevokedSshKey
from gatehouse.ssh_certificates.permissions import CertificatePermission
from gatehouse.ssh_certificates.rules import CertificateState, state_of

TOLD = (
    *("id", "serial", "key_id", "ssh_key_id", "kind", "holder", "holder_id", "fingerprint"),
    *("valid_after", "valid_before", "critical_options", "extensions", "reason", "created_at"),
    *("ip", "amr", "auth_time", "mfa_time", "revoked_at", "revoked_by", "revocation_reason"),
    *("authority_key_id", "request_id", "session_id"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What leaves some of a list. What is None, or empty, leaves all."""

    user_id: UUID | None = None
    ca_id: UUID | None = None
    fingerprint: str = ""
    principal: str = ""
    serial: int | None = None
    key_id: str = ""
    kind: AuthorityKind | None = None
    state: CertificateState | None = None
    since: datetime | None = None
    until: datetime | None = None

    def names(self) -> tuple[str, ...]:
        """What is filtered by, for the record."""
        return tuple(name for name in self.__slots__ if getattr(self, name))

    def lead(self, rows: Select[Any]) -> Select[Any]:
        """What an index leads to."""
        if self.serial is not None:
            rows = rows.where(Certificate.serial == self.serial)
        if self.fingerprint:
            rows = rows.where(Certificate.fingerprint == self.fingerprint)
        if self.user_id is not None:
            rows = rows.where(Certificate.holder_id == self.user_id)
        if self.key_id:
            named = read_key_id(self.key_id)
            rows = rows.where(Certificate.id == (named.certificate_id if named else UUID(int=0)))
        return rows

    def sift(self, rows: Select[Any], now: datetime) -> Select[Any]:
        """What has to be looked at row by row."""
        if self.ca_id is not None:
            own = select(AuthorityKey.id).where(AuthorityKey.authority_id == self.ca_id)
            rows = rows.where(Certificate.authority_key_id.in_(own))
        if self.principal:
            rows = rows.where(has_principal(self.principal))
        if self.kind is not None:
            rows = rows.where(Certificate.kind == self.kind)
        if self.state is not None:
            rows = rows.where(*_in_state(self.state, now))
        if self.since is not None:
            rows = rows.where(Certificate.created_at >= self.since)
        if self.until is not None:
            rows = rows.where(Certificate.created_at < self.until)
        return rows

    @property
    def sifts(self) -> bool:
        return any((self.ca_id, self.principal, self.kind, self.state, self.since, self.until))


def has_principal(name: str) -> Any:
    """Whether a certificate holds a principal. Names have no blanks, which stand around them."""
    return Certificate.principals.contains(f" {name} ", autoescape=True)


def _in_state(state: CertificateState, now: datetime) -> tuple[Any, ...]:
    if state is CertificateState.REVOKED:
        return (Certificate.revoked_at.is_not(None),)
    is_over = Certificate.valid_before <= now
    is_in = is_over if state is CertificateState.EXPIRED else ~is_over
    return Certificate.revoked_at.is_(None), is_in


def certificates_of(org_id: UUID) -> Select[Any]:
    return select(Certificate).where(Certificate.org_id == org_id)


def own_certificates(user_id: UUID, org_id: UUID | None = None) -> Select[Any]:
    """A person's own: of all organizations, or of one."""
    own = select(Certificate).where(
        Certificate.holder_id == user_id, Certificate.holder == Holder.USER
    )
    return own if org_id is None else own.where(Certificate.org_id == org_id)


def certificates_to_revoke(ctx: Context, certificate_id: UUID) -> Select[Any]:
    """What the caller may revoke of this one: it is theirs, or of an organization where they may
    revoke all. Raises CertificateNotFound.
    """
    row = ctx.db.execute(
        select(Certificate.org_id, Certificate.holder_id).where(Certificate.id == certificate_id)
    ).first()
    if row is None:
        raise CertificateNotFound
    if row.holder_id == ctx.user_id:
        return own_certificates(ctx.user_id)
    try:
        check_permission(ctx, row.org_id, CertificatePermission.REVOKE)
    except (NotFound, Forbidden):
        raise CertificateNotFound from None
    return certificates_of(row.org_id)


def page_of_certificates(
    ctx: Context,
    reach: Select[Any],
    filters: Filters,
    *,
    page: int,
    per_page: int,
    cursor: UUID | None,
) -> Page[dict[str, Any]]:
    """One page, the newest first."""
    parts = [filters.lead(reach)]
    window: dict[str, Any] = {"page": page, "per_page": per_page, "cursor": cursor}
    if filters.sifts:
        found = search_newest_first(
            ctx, parts, lambda rows: filters.sift(rows, ctx.now), Certificate.id, **window
        )
    else:
        found = paginate_newest_first(ctx, parts, Certificate.id, **window)
    told = {one["id"]: one for one in all_told(ctx, found.items)}
    return found.map(lambda row: told[row.id])


def read_batch(
    ctx: Context, org_id: UUID, filters: Filters, *, cursor: UUID | None, most: int
) -> list[dict[str, Any]]:
    """The next of an export, the newest first."""
    rows = filters.sift(filters.lead(certificates_of(org_id)), ctx.now)
    found = newest_of(ctx, [rows], Certificate.id, cursor=cursor, most=most)
    return all_told(ctx, found)


def get_certificate(ctx: Context, reach: Select[Any], certificate_id: UUID) -> Certificate:
    """Raises CertificateNotFound."""
    found: Certificate | None = ctx.db.scalar(reach.where(Certificate.id == certificate_id))
    if found is None:
        raise CertificateNotFound
    return found


def told(ctx: Context, row: Certificate, ca_fingerprint: str | None = None) -> dict[str, Any]:
    """A certificate whole, with its text; and with what signed it, if that is known."""
    by = row.authority_key_id
    keys = {by: ca_fingerprint} if ca_fingerprint else _signed_by(ctx, {by})
    return {**_told(ctx, row, keys), "certificate": row.certificate}


def all_told(ctx: Context, rows: Sequence[Certificate]) -> list[dict[str, Any]]:
    """One statement for the keys that signed all of them."""
    keys = _signed_by(ctx, {row.authority_key_id for row in rows})
    return [_told(ctx, row, keys) for row in rows]


def _signed_by(ctx: Context, key_ids: Collection[UUID]) -> Mapping[UUID, str]:
    rows = select(AuthorityKey.id, AuthorityKey.fingerprint).where(AuthorityKey.id.in_(key_ids))
    return dict(ctx.db.execute(rows).all()) if key_ids else {}


def _told(ctx: Context, row: Certificate, keys: Mapping[UUID, str]) -> dict[str, Any]:
    return {
        **{name: getattr(row, name) for name in TOLD},
        "organization_id": row.org_id,
        "user_id": row.holder_id if row.holder is Holder.USER else None,
        "principals": row.principals.split(),
        "state": state_of(row.valid_before, row.revoked_at, ctx.now),
        "ca_fingerprint": keys[row.authority_key_id],
        "policy": row.policy.get("departments", []),
        "ttl_seconds": row.policy.get("ttl_seconds"),
        "limited_by": row.policy.get("limited_by"),
    }


def certificate_counts(ctx: Context, user_id: UUID) -> Mapping[str, int]:
    """How many certificates somebody's keys are in, by the keys' fingerprints."""
    rows = (
        own_certificates(user_id)
        .with_only_columns(Certificate.fingerprint, func.count())
        .group_by(Certificate.fingerprint)
    )
    return dict(ctx.db.execute(rows).all())


def count_living(ctx: Context, user_id: UUID) -> int:
    """How many certificates of somebody are valid."""
    valid = Certificate.valid_before > ctx.now, Certificate.revoked_at.is_(None)
    own = own_certificates(user_id).where(*valid).with_only_columns(func.count())
    return ctx.db.scalar(own) or 0


def has_living(ctx: Context, authority_id: UUID) -> bool:
    """Whether something that an authority has signed is valid and not revoked."""
    found = (
        select(Certificate.id)
        .join(AuthorityKey, AuthorityKey.id == Certificate.authority_key_id)
        .join(Authority, Authority.id == AuthorityKey.authority_id)
        .where(Authority.id == authority_id, Certificate.org_id == Authority.org_id)
        .where(Certificate.valid_before > ctx.now, Certificate.revoked_at.is_(None))
        .limit(1)
    )
    return ctx.db.scalar(found) is not None


def totals_by_authority(ctx: Context, org_id: UUID) -> Mapping[UUID, Totals]:
    """How many certificates are valid, and how many were revoked."""
    is_revoked = Certificate.revoked_at.is_not(None)
    active = _counted(ctx, org_id, Certificate.valid_before > ctx.now, ~is_revoked)
    revoked = _counted(ctx, org_id, is_revoked)
    return {each: Totals(active[each], revoked[each]) for each in {*active, *revoked}}


def _counted(ctx: Context, org_id: UUID, *conditions: ColumnElement[bool]) -> Counter[UUID]:
    """How many there are of each authority."""
    rows = ctx.db.execute(
        select(AuthorityKey.authority_id, func.count().label("count"))
        .select_from(Certificate)
        .join(AuthorityKey, AuthorityKey.id == Certificate.authority_key_id)
        .where(Certificate.org_id == org_id, *conditions)
        .group_by(AuthorityKey.authority_id)
    )
    return Counter({row[0]: row[1] for row in rows})


def page_of_revoked_keys(
    ctx: Context, org_id: UUID, *, page: int, per_page: int
) -> Page[RevokedSshKey]:
    """In the order in which they were revoked."""
    rows = select(RevokedSshKey).where(RevokedSshKey.org_id == org_id).order_by(RevokedSshKey.id)
    return paginate(ctx, rows, page=page, per_page=per_page)


def ssh_certificates(ctx: Context, user_id: UUID) -> list[dict[str, Any]]:
    """What an export tells of them: the newest thousand."""
    names = ("organization_id", "kind", "serial", "key_id", "fingerprint", "principals", "state")
    times = ("created_at", "valid_after", "valid_before", "revoked_at")
    rows = newest_of(ctx, [own_certificates(user_id)], Certificate.id, cursor=None, most=1000)
    return [
        {name: one[name] for name in (*names, *times, "ip", "reason", "certificate")}
        for one in (told(ctx, row) for row in rows)
    ]
