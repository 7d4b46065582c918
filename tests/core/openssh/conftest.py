"""Keys that the real `ssh-keygen` has made, once for all tests."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import load_ssh_private_key

from gatehouse.core.openssh.keys import PublicKey, read_blob, read_public_key
from gatehouse.core.openssh.signatures import PrivateKey, sign
from tests.core.openssh.soft_fido import SoftKey, soft_keys
from tests.openssh import keygen

KINDS = {
    "ssh-ed25519": ("ed25519", "256"),
    "ecdsa-sha2-nistp256": ("ecdsa", "256"),
    "ecdsa-sha2-nistp384": ("ecdsa", "384"),
    "ecdsa-sha2-nistp521": ("ecdsa", "521"),
    "ssh-rsa": ("rsa", "2048"),
}
FIDO_TYPES = ("sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com")
TYPES = (*KINDS, *FIDO_TYPES)


@dataclass
class Pair:
    """A key with its public part, and what signs with it."""

    public: PublicKey
    sign: Callable[[bytes], bytes]
    line: str
    private: PrivateKey | SoftKey
    path: Path | None = None


def _made_by_keygen(folder: Path, kind: str, bits: str) -> Pair:
    path = folder / f"{kind}-{bits}"
    keygen("-q", "-t", kind, "-b", bits, "-N", "", "-C", f"{kind} of Zoë", "-f", path)
    line = path.with_suffix(".pub").read_text()
    private = load_ssh_private_key(path.read_bytes(), None)
    return Pair(read_public_key(line), lambda data: sign(private, data), line, private, path)


def _made_of_software(key: SoftKey) -> Pair:
    public = read_blob(key.blob)
    return Pair(public, key.sign, f"{public.text} a key of Zoë\n", key)


@pytest.fixture(scope="session")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Pair]:
    """By the type of the key."""
    folder = tmp_path_factory.mktemp("keys")
    made = {type_: _made_by_keygen(folder, *asked) for type_, asked in KINDS.items()}
    return made | {key.type.decode(): _made_of_software(key) for key in soft_keys()}


@pytest.fixture(params=TYPES)
def pair(request: pytest.FixtureRequest, pairs: dict[str, Pair]) -> Pair:
    return pairs[request.param]
