"""The private keys of authorities: made, sealed, opened to sign, and sealed anew."""

from collections.abc import Callable
from functools import lru_cache
from os import urandom
from typing import Protocol
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)
from sqlalchemy import select, update
from uuid_utils.compat import uuid7

from gatehouse.core.context import Context
from gatehouse.core.crypto import CannotOpen, Keyring
from gatehouse.core.openssh.keys import read_blob
from gatehouse.core.openssh.signatures import PrivateKey, public_blob
from gatehouse.core.runtime import Runtime
from gatehouse.ssh_ca.errors import SignerUnavailable
from gatehouse.ssh_ca.models import Authority, AuthorityKey, KeyState

KEY_BYTES, NONCE_BYTES = 32, 12
MAKERS: dict[str, Callable[[], PrivateKey]] = {
    "ed25519": Ed25519PrivateKey.generate,
    "ecdsa-p256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "ecdsa-p384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "ecdsa-p521": lambda: ec.generate_private_key(ec.SECP521R1()),
    "rsa-3072": lambda: rsa.generate_private_key(65537, 3072),
    "rsa-4096": lambda: rsa.generate_private_key(65537, 4096),
}


CURVES = {"ssh-ed25519": "ed25519"} | {
    f"ecdsa-sha2-nistp{bits}": f"ecdsa-p{bits}" for bits in (256, 384, 521)
}


def kind_of(row: AuthorityKey) -> str:
    """Which of MAKERS has made a key."""
    return CURVES.get(row.type) or f"rsa-{read_blob(row.blob).bits}"


def keyring_of(runtime: Runtime) -> Keyring:
    return _keyring(runtime.settings.ca_encryption_keys)


@lru_cache(maxsize=8)
def _keyring(secrets: tuple[str, ...]) -> Keyring:
    return Keyring(secrets)


def new_key(ctx: Context, authority: Authority, kind: str, state: KeyState) -> AuthorityKey:
    """A key of its own making; nobody has ever seen its private half. ``kind`` is one of MAKERS."""
    row, private = _made(ctx, authority, kind, state)
    row.private_sealed, row.key_sealed = _sealed(ctx.runtime, row, authority.org_id, private)
    return row


def new_key_for_once(ctx: Context, authority: Authority) -> tuple[AuthorityKey, PrivateKey]:
    """A key that signs once, now: its private half is for this act, and is kept nowhere."""
    row, private = _made(ctx, authority, "ed25519", KeyState.SEALED)
    row.next_serial = 2
    return row, private


def _made(
    ctx: Context, authority: Authority, kind: str, state: KeyState
) -> tuple[AuthorityKey, PrivateKey]:
    private = MAKERS[kind]()
    public = read_blob(public_blob(private))
    row = AuthorityKey(
        id=uuid7(),
        created_at=ctx.now,
        authority_id=authority.id,
        state=state,
        type=public.type,
        blob=public.blob,
        fingerprint=public.fingerprint,
        activated_at=ctx.now if state is KeyState.ACTIVE else None,
    )
    return row, private


class Sealed(Protocol):
    """What is to be known of an authority's key, to open it."""

    @property
    def id(self) -> UUID: ...
    @property
    def authority_id(self) -> UUID: ...
    @property
    def type(self) -> str: ...
    @property
    def private_sealed(self) -> bytes | None: ...
    @property
    def key_sealed(self) -> str | None: ...


def open_key(runtime: Runtime, row: Sealed, org_id: UUID) -> PrivateKey:
    """The private half, to sign with and to forget. Raises SignerUnavailable."""
    if row.private_sealed is None or row.key_sealed is None:
        raise SignerUnavailable
    purpose = _purpose(row, org_id)
    nonce, sealed = row.private_sealed[:NONCE_BYTES], row.private_sealed[NONCE_BYTES:]
    try:
        key = keyring_of(runtime).open(row.key_sealed, purpose)
        plain = AESGCM(key).decrypt(nonce, sealed, purpose.encode())
    except (CannotOpen, InvalidTag) as error:
        raise SignerUnavailable from error
    return load_der_private_key(plain, None)  # type: ignore[return-value]


def rewrap_keys(ctx: Context) -> int:
    """Seal the keys of keys anew under the first of CA_ENCRYPTION_KEY, within an act that is put on
    record. Returns how many.

    Raises CannotOpen if the key that one was sealed under is not there any more.
    """
    keyring, changed = keyring_of(ctx.runtime), 0
    rows = ctx.db.execute(
        select(AuthorityKey, Authority.org_id)
        .join(Authority, Authority.id == AuthorityKey.authority_id)
        .where(AuthorityKey.key_sealed.is_not(None))
        .execution_options(with_removed=True)
    ).all()
    for row, org_id in rows:
        sealed, purpose = row.key_sealed or "", _purpose(row, org_id)
        if keyring.is_current(sealed):
            continue
        anew = keyring.seal(keyring.open(sealed, purpose), purpose)
        as_it_was = AuthorityKey.id == row.id, AuthorityKey.key_sealed == sealed
        changed += ctx.execute(update(AuthorityKey).where(*as_it_was).values(key_sealed=anew))
    return changed


def _sealed(
    runtime: Runtime, row: AuthorityKey, org_id: UUID, private: PrivateKey
) -> tuple[bytes, str]:
    """The private key under a key of its own, and that one under ours."""
    plain = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    key, nonce, purpose = urandom(KEY_BYTES), urandom(NONCE_BYTES), _purpose(row, org_id)
    sealed = nonce + AESGCM(key).encrypt(nonce, plain, purpose.encode())
    return sealed, keyring_of(runtime).seal(key, purpose)


def _purpose(row: Sealed, org_id: UUID) -> str:
    """What it is sealed for: in another row, or as a key of another type, it does not open."""
    return f"ssh ca|{org_id}|{row.authority_id}|{row.id}|{row.type}"
