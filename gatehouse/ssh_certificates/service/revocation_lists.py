"""What machines refuse: the list that is made in the same act that revokes, and signed."""

from base64 import b64decode
from collections import defaultdict
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Select, select, update

from gatehouse.audit.service import record
from gatehouse.core.context import Context
from gatehouse.core.crypto import CannotOpen
from gatehouse.core.db import insert_unless_there
from gatehouse.core.logging import LOGGER
from gatehouse.core.openssh.krl import Revoked, read_krl, write_krl
from gatehouse.core.openssh.signatures import public_blob
from gatehouse.core.openssh.sshsig import make_sshsig
from gatehouse.ssh_ca.events import AuthorityKeysRewrapped
from gatehouse.ssh_ca.models import Authority, AuthorityKey, KeyState
from gatehouse.ssh_ca.service import keyring_of, rewrap_keys
from gatehouse.ssh_certificates.models import Certificate, RevocationList, RevokedSshKey
from gatehouse.ssh_certificates.rules import MARGIN

NAMESPACE = "krl@gatehouse"  # of the signature (PROTOCOL.sshsig, "namespace")
ADVICE = "CA_ENCRYPTION_KEY lacks the key that sealed the one that signs this list."
BELIEVED_NO_MORE = (KeyState.RETIRED, KeyState.COMPROMISED)


def find_list(ctx: Context, org_id: UUID) -> RevocationList | None:
    """The list of an organization, which nobody else changes until this act is over; and what was
    decided of certificates meanwhile, and before, is decided again if they are not stored by now.
    """
    own = RevocationList.org_id == org_id
    if not ctx.execute(update(RevocationList).where(own).values(epoch=RevocationList.epoch + 1)):
        return None
    found = select(RevocationList).where(own)
    return ctx.db.scalar(found.execution_options(populate_existing=True))


def hold_list(ctx: Context, org_id: UUID) -> RevocationList:
    """The same; where there is none, one begins. It is never empty: that is no list for sshd."""
    found = find_list(ctx, org_id)
    if found is not None:
        return found
    insert_unless_there(ctx.db, RevocationList, _begun(ctx, org_id))
    found = find_list(ctx, org_id)
    assert found is not None  # noqa: S101 - rows of this table stay
    if not found.version:
        publish_list(ctx, found)
    return found


def publish_list(ctx: Context, held: RevocationList) -> int:
    """Make the list anew, of what the database says now, which no worker is late to hear. Returns
    its version.
    """
    ctx.outwait_leases()
    return renew_list(ctx, held)


def renew_list(ctx: Context, held: RevocationList) -> int:
    """The same of one whose time is over: what it says was said before."""
    revoked = _revoked(ctx, held.org_id)
    held.version += 1
    held.made_at = max(held.made_at, ctx.now)
    held.certificates = sum(map(len, revoked.serials.values()))
    comment = f"gatehouse {held.org_id}"
    krl = write_krl(held.version, int(held.made_at.timestamp()), comment, revoked)
    read_krl(krl)  # sshd refuses everybody if it cannot read the list.
    held.krl, held.signature = krl, _signature(ctx, held, krl)
    ctx.db.flush()
    return held.version


def rewrap(ctx: Context) -> int:
    """Seal all keys of authorities, and those that sign lists, under the first of
    CA_ENCRYPTION_KEY. Returns how many.

    Raises CannotOpen if the key that one was sealed under is not there any more.
    """
    changed = _rewrap_lists(ctx)  # Before the keys: whoever signs takes them in this order.
    changed += rewrap_keys(ctx)
    if changed:
        record(ctx, AuthorityKeysRewrapped(keys=changed))
    return changed


def _rewrap_lists(ctx: Context) -> int:
    keyring, changed = keyring_of(ctx.runtime), 0
    sealed_ones = select(RevocationList.org_id, RevocationList.signer_sealed)
    rows = ctx.db.execute(sealed_ones.order_by(RevocationList.org_id)).all()
    for org_id, sealed in rows:
        if keyring.is_current(sealed):
            continue
        anew = keyring.seal(keyring.open(sealed, _purpose(org_id)), _purpose(org_id))
        as_it_was = RevocationList.org_id == org_id, RevocationList.signer_sealed == sealed
        changed += ctx.execute(update(RevocationList).where(*as_it_was).values(signer_sealed=anew))
    return changed


def _begun(ctx: Context, org_id: UUID) -> dict[str, object]:
    """A list of nothing, with a key of its own that signs it."""
    private = Ed25519PrivateKey.generate()
    sealed = keyring_of(ctx.runtime).seal(private.private_bytes_raw(), _purpose(org_id))
    return {
        "org_id": org_id,
        "created_at": ctx.now,
        "made_at": ctx.now,
        "signer_blob": public_blob(private),
        "signer_sealed": sealed,
    }


def _revoked(ctx: Context, org_id: UUID) -> Revoked:
    """Serials of what might still be believed; keys that are believed no more, with all of
    theirs; and the keys of people that were revoked.
    """
    rows = ctx.db.execute(
        select(AuthorityKey.id, AuthorityKey.blob, AuthorityKey.state)
        .join(Authority, Authority.id == AuthorityKey.authority_id)
        .where(Authority.org_id == org_id)
        .execution_options(with_removed=True)
    ).all()
    gone = {row.blob for row in rows if row.state in BELIEVED_NO_MORE}
    blobs = {row.id: row.blob for row in rows if row.blob not in gone}
    serials: dict[bytes, set[int]] = defaultdict(set)
    for key_id, blob in blobs.items():
        serials[blob].update(ctx.db.scalars(_serials_of(ctx, key_id)))
    keys = ctx.db.scalars(select(RevokedSshKey.fingerprint).where(RevokedSshKey.org_id == org_id))
    return Revoked(
        serials={blob: found for blob, found in serials.items() if found},
        keys=gone,
        fingerprints={_digest(fingerprint) for fingerprint in keys},
    )


def _serials_of(ctx: Context, key_id: UUID) -> Select[int]:
    return select(Certificate.serial).where(
        Certificate.authority_key_id == key_id,
        Certificate.revoked_at.is_not(None),
        Certificate.valid_before > ctx.now - MARGIN,
    )


def _digest(fingerprint: str) -> bytes:
    return b64decode(fingerprint.removeprefix("SHA256:") + "=")


def _signature(ctx: Context, held: RevocationList, krl: bytes) -> str:
    """None, without the key that sealed its own: to revoke matters more than to sign that."""
    try:
        raw = keyring_of(ctx.runtime).open(held.signer_sealed, _purpose(held.org_id))
    except CannotOpen:
        LOGGER.error("The revocation list of %s is not signed. %s", held.org_id, ADVICE)
        return ""
    return make_sshsig(Ed25519PrivateKey.from_private_bytes(raw), krl, NAMESPACE)


def _purpose(org_id: UUID) -> str:
    return f"ssh revocation list|{org_id}"
