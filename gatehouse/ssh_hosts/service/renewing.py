"""How a host gets new certificates: by a signature of a key that it has proved before.

Who asks first gets something to sign, whoever they are; nothing is kept of that until it comes
back, signed.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from secrets import token_hex
from typing import NoReturn
from uuid import UUID

from gatehouse.audit.service import record, record_attempt
from gatehouse.core.context import Context
from gatehouse.core.crypto import fingerprint, same
from gatehouse.core.rate_limit import count, parse
from gatehouse.ssh_certificates.queries import hold_off_revocations, is_revoked_key
from gatehouse.ssh_hosts.errors import (
    HostChallengeExpired,
    HostChallengeUsed,
    HostNotFound,
    HostNotKnown,
    HostRefused,
)
from gatehouse.ssh_hosts.events import HostRenewed, HostTurnedAway
from gatehouse.ssh_hosts.models import Host, HostKey
from gatehouse.ssh_hosts.queries import hold_host, keys_of, who_proved
from gatehouse.ssh_hosts.rules.hosts import RENEWABLE_AFTER_ITS_END
from gatehouse.ssh_hosts.rules.proofs import HostChallenge, renewal
from gatehouse.ssh_hosts.service.certifying import Certified, certify
from gatehouse.ssh_hosts.service.proofs import signer_of_proof

NONCE_LIFE = timedelta(minutes=5)
RANDOM_BYTES = 16
LIMIT = parse("20/hour")


@dataclass(frozen=True, slots=True)
class Nonce:
    """What is good once, for one host: a time, something random, and our mark on both."""

    text: str
    challenge: HostChallenge


def ask_to_renew(ctx: Context, host_id: UUID) -> Nonce:
    """What a host is to sign, be there one of this id or not."""
    ends = int((ctx.now + NONCE_LIFE).timestamp())
    return _nonce(ctx, host_id, ends, token_hex(RANDOM_BYTES))


def renew(ctx: Context, host_id: UUID, nonce: str, signature: str) -> Certified:
    """Certify the keys of a host anew, one of which has signed what `ask_to_renew` told; not such
    as the organization has revoked.

    Raises HostChallengeExpired, HostChallengeUsed, HostProofFailed, HostNotKnown, HostRefused,
    TooManyRequests, NoAuthority, SignerUnavailable.
    """
    asked = _asked(ctx, host_id, nonce)
    key = signer_of_proof(signature, asked.challenge)
    found = ctx.glance(who_proved(host_id, key.fingerprint))
    if found is None:
        stranger = HostTurnedAway(reason="unknown_key", fingerprint=key.fingerprint)
        record_attempt(ctx, stranger)
        raise HostNotKnown
    _use(ctx, asked)
    _limit(ctx, host_id)
    host = _held(ctx, found.org_id, host_id)
    hold_off_revocations(ctx, host.org_id)
    _refuse_who_gets_none(ctx, host, key.fingerprint)
    certified = certify(ctx, host, found.slug, _good_keys(ctx, host))
    assert host.expires_at is not None  # noqa: S101 - it has just been certified
    event = HostRenewed(
        org_id=host.org_id,
        ssh_host_id=host.id,
        fingerprint=key.fingerprint,
        certificates=tuple(row.id for row in certified.certificates),
        expires_at=host.expires_at,
    )
    record(ctx, event)
    return certified


def _limit(ctx: Context, host_id: UUID) -> None:
    """A key that is in the wrong hands fills no table. Raises TooManyRequests."""
    if ctx.settings.ratelimit_enabled:
        name, now = f"ssh host renewals:{host_id}", ctx.now.timestamp()
        count(ctx.runtime.store, name, LIMIT, now).refuse_if_over()


def _asked(ctx: Context, host_id: UUID, nonce: str) -> Nonce:
    """The nonce, if it is ours and not too old. Raises HostChallengeExpired."""
    said, _, mark = nonce.rpartition(".")
    if not same(_mark(ctx, host_id, said), mark):
        raise HostChallengeExpired
    ends, _, random = said.partition(".")
    ours = _nonce(ctx, host_id, int(ends), random)
    if ours.challenge.expires_at <= ctx.now:
        raise HostChallengeExpired
    return ours


def _nonce(ctx: Context, host_id: UUID, ends: int, random: str) -> Nonce:
    said = f"{ends}.{random}"
    text = f"{said}.{_mark(ctx, host_id, said)}"
    challenge = renewal(
        server=ctx.settings.app_url,
        host=str(host_id),
        nonce=text,
        expires_at=datetime.fromtimestamp(ends, UTC),
    )
    return Nonce(text, challenge)


def _mark(ctx: Context, host_id: UUID, said: str) -> str:
    return fingerprint(ctx.settings.secret_key, "SSH host renewal", f"{host_id}|{said}")


def _use(ctx: Context, nonce: Nonce) -> None:
    """Of many who bring it at once, one is served. Raises HostChallengeUsed."""
    ctx.stay_out_of_the_transaction()
    name = f"ssh host renewal {nonce.text.rpartition('.')[2]}"
    life = NONCE_LIFE.total_seconds()
    if not ctx.runtime.guards.put(name, b"", life, only_if_absent=True):
        raise HostChallengeUsed


def _held(ctx: Context, org_id: UUID, host_id: UUID) -> Host:
    try:
        return hold_host(ctx, org_id, host_id)
    except HostNotFound:
        raise HostNotKnown from None


def _good_keys(ctx: Context, host: Host) -> list[HostKey]:
    """Its keys but for those that its organization has revoked. Those have no certificate from now
    on, or the revoked one that they have would make others due for ever.
    """
    good = []
    for key in keys_of(ctx, host.id):
        if is_revoked_key(ctx, host.org_id, key.fingerprint):
            key.certificate_id = None
        else:
            good.append(key)
    return good


def _refuse_who_gets_none(ctx: Context, host: Host, fingerprint: str) -> None:
    if host.revoked_at is not None:
        _refuse(ctx, host, fingerprint, "revoked")
    if host.suspended_at is not None:
        _refuse(ctx, host, fingerprint, "suspended")
    if all(key.fingerprint != fingerprint for key in keys_of(ctx, host.id)):
        _refuse(ctx, host, fingerprint, "replaced")
    if is_revoked_key(ctx, host.org_id, fingerprint):
        _refuse(ctx, host, fingerprint, "key_revoked")
    if host.expires_at is None or host.expires_at + RENEWABLE_AFTER_ITS_END <= ctx.now:
        _refuse(ctx, host, fingerprint, "expired")


def _refuse(ctx: Context, host: Host, fingerprint: str, reason: str) -> NoReturn:
    event = HostTurnedAway(
        org_id=host.org_id, ssh_host_id=host.id, reason=reason, fingerprint=fingerprint
    )
    record_attempt(ctx, event)
    raise HostRefused(reason=reason)
