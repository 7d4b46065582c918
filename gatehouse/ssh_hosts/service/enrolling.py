"""How a host gets its first certificates: by a token for it alone, and a proof of each key."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, or_, update
from sqlalchemy.exc import IntegrityError

from gatehouse.audit.service import record, record_attempt
from gatehouse.core.context import Context
from gatehouse.core.crypto import fingerprint
from gatehouse.core.errors import GatehouseError
from gatehouse.core.openssh.keys import PublicKey
from gatehouse.core.tokens import hash_token, is_well_formed, mint
from gatehouse.ssh_certificates.models import Certificate
from gatehouse.ssh_certificates.service import hold_list
from gatehouse.ssh_hosts.errors import HostKeyTaken, HostRefused, InvalidEnrolToken
from gatehouse.ssh_hosts.events import HostEnrolled, HostTurnedAway
from gatehouse.ssh_hosts.models import Host, HostKey, HostToken
from gatehouse.ssh_hosts.queries import find_token, hold_host, names_of, still_manages
from gatehouse.ssh_hosts.rules.proofs import HostChallenge, enrolment
from gatehouse.ssh_hosts.service.certifying import (
    Certified,
    certify,
    revoke_certificates,
    revoke_of_others,
)
from gatehouse.ssh_hosts.service.proofs import check_proofs, read_keys
from gatehouse.ssh_hosts.service.tokens import ENROLS

CREDENTIAL = "ghh_"


@dataclass(frozen=True, slots=True)
class Known:
    """A token that is good now, and whose it is."""

    token: HostToken
    host: Host
    slug: str
    names: tuple[str, ...]

    def challenge(self, ctx: Context) -> HostChallenge:
        """What the host signs. It is made of the token, so that it is good as long, and once."""
        return enrolment(
            server=ctx.settings.app_url,
            host=str(self.host.id),
            names=self.names,
            secret=fingerprint(
                ctx.settings.secret_key, "SSH host enrolment", self.token.token_hash.hex()
            ),
            expires_at=self.token.expires_at,
        )


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What a host has got. The credential is told this once."""

    certified: Certified
    credential: str


def ask_to_enrol(ctx: Context, token: str) -> tuple[Host, HostChallenge]:
    """What the holder of a token is to sign. Raises InvalidEnrolToken."""
    known = _known(ctx, token)
    return known.host, known.challenge(ctx)


def enrol(
    ctx: Context, token: str, host_public_keys: Sequence[str], signatures: Sequence[str]
) -> Enrolled:
    """Certify a host's keys, each of which has signed what `ask_to_enrol` told. The token is used
    up. Keys that it had before count no more, nor what others have for its names.

    Raises InvalidEnrolToken, HostRefused, HostKeyRefused, HostKeyTaken, HostProofFailed,
    NoAuthority, SignerUnavailable.
    """
    known = _known(ctx, token)
    host = hold_host(ctx, known.host.org_id, known.host.id)
    hold_list(ctx, host.org_id)  # Not shared: what it had before is revoked in the end.
    known = _known(ctx, token)  # Its maker may have been out before that, and is not from here on.
    try:
        if host.suspended_at is not None:
            raise HostRefused(reason="suspended")
        keys = read_keys(ctx, host, host_public_keys)
        check_proofs(keys, signatures, known.challenge(ctx))
    except GatehouseError as error:
        _note(ctx, str(error.details.get("reason", error.type)), host)
        raise
    _use(ctx, known)
    certified = certify(ctx, host, known.slug, _keep_keys(ctx, host, keys))
    credential = mint(CREDENTIAL)
    host.credential_hash = hash_token(credential)
    host.enrolled_at, host.updated_at = ctx.now, ctx.now
    host.revoked_at = host.revocation_reason = None
    ctx.db.flush()
    others = Certificate.fingerprint.not_in([key.fingerprint for key in keys])
    revoke_certificates(ctx, host, others, reason=HostEnrolled.name)
    revoke_of_others(ctx, host, certified.names, reason=HostEnrolled.name)
    _record(ctx, certified, keys)
    return Enrolled(certified, credential)


def _known(ctx: Context, token: str) -> Known:
    """All that is not good is refused alike; the record says why."""
    found = find_token(ctx, hash_token(token)) if is_well_formed(token, ENROLS) else None
    if found is None:
        raise _no(ctx, "unknown", None)
    row, host, slug = found
    if row.used_at is not None:
        raise _no(ctx, "used", host)
    if row.voided_at is not None:
        raise _no(ctx, "replaced", host)
    if row.expires_at <= ctx.now:
        raise _no(ctx, "expired", host)
    if not still_manages(ctx, host.org_id, row.made_by):
        raise _no(ctx, "maker_out", host)
    return Known(row, host, slug, names_of(ctx, host.id))


def _use(ctx: Context, known: Known) -> None:
    """Of two who come at once with a token, one gets in."""
    waiting = HostToken.used_at.is_(None), HostToken.voided_at.is_(None)
    taken = update(HostToken).where(HostToken.id == known.token.id, *waiting)
    if not ctx.execute(taken.values(used_at=ctx.now)):
        raise _no(ctx, "used", known.host)


def _keep_keys(ctx: Context, host: Host, keys: Sequence[PublicKey]) -> list[HostKey]:
    """These, and no others but those that were revoked and not pardoned. Raises HostKeyTaken."""
    is_here = HostKey.fingerprint.in_([key.fingerprint for key in keys])
    gone = or_(HostKey.revoked_at.is_(None), is_here)
    ctx.execute(delete(HostKey).where(HostKey.host_id == host.id, gone))
    rows = [
        HostKey(
            org_id=host.org_id,
            host_id=host.id,
            type=key.type,
            blob=key.blob,
            fingerprint=key.fingerprint,
            bits=key.bits,
            created_at=ctx.now,
        )
        for key in keys
    ]
    ctx.db.add_all(rows)
    try:
        ctx.db.flush()
    except IntegrityError:
        raise HostKeyTaken from None
    return rows


def _record(ctx: Context, certified: Certified, keys: Sequence[PublicKey]) -> None:
    host = certified.host
    assert host.expires_at is not None  # noqa: S101 - it has just been certified
    event = HostEnrolled(
        org_id=host.org_id,
        ssh_host_id=host.id,
        fingerprints=tuple(key.fingerprint for key in keys),
        certificates=tuple(row.id for row in certified.certificates),
        expires_at=host.expires_at,
    )
    record(ctx, event)


def _no(ctx: Context, reason: str, host: Host | None) -> InvalidEnrolToken:
    _note(ctx, f"token_{reason}", host)
    return InvalidEnrolToken()


def _note(ctx: Context, reason: str, host: Host | None) -> None:
    event = HostTurnedAway(
        org_id=host.org_id if host else None,
        ssh_host_id=host.id if host else None,
        reason=reason,
    )
    record_attempt(ctx, event)
