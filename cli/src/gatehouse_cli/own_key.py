"""A key of one's own for an organization: ssh-keygen makes it, and this machine alone has it."""

from pathlib import Path
from socket import gethostname
from typing import TYPE_CHECKING

from gatehouse_cli.failures import Failure
from gatehouse_cli.places import PUBLIC_FILE, replace_file
from gatehouse_cli.proving import registered
from gatehouse_cli.setups import folder, prepared
from gatehouse_cli.ssh_keys import PublicKey, keygen, read_key

if TYPE_CHECKING:
    from gatehouse_cli.api import Api
    from gatehouse_cli.output import Output

LONGEST_NAME = 100


def path_of(org: str) -> Path:
    """Where the key for an organization is. No slug has an underscore: by it a key is told apart
    from our configuration, and from a certificate of another organization.
    """
    is_taken = org == "config" or org.endswith("-cert")
    return folder() / (f"{org}_key" if is_taken else org)


def made(org: str) -> PublicKey:
    """The key for an organization, made if it is not there. It has no passphrase: it is worth
    nothing without the certificates, and those are short.
    """
    prepared()
    path = path_of(org)
    if not path.exists():
        new_key(path, f"gatehouse-{org}@{gethostname()}")
    public = Path(f"{path}.pub")
    if not public.exists():
        replace_file(public, _keygen("-y", "-P", "", "-f", str(path)), PUBLIC_FILE)
    return read_key(public)


def enrolled(api: "Api", output: "Output", key: PublicKey, org: str, *, is_own: bool) -> None:
    """See that the server knows the key as ours."""
    name = f"{org} on {gethostname()}"[:LONGEST_NAME] if is_own else None
    _, was_so_before = registered(api, output, key, name)
    if not was_so_before:
        output.say(f"Registered and proved {key.fingerprint}.")


def new_key(path: Path, comment: str) -> None:
    """Have a key made, without a passphrase."""
    _keygen("-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(path))


def _keygen(*arguments: str) -> str:
    made = keygen(*arguments)
    if made is None:
        raise Failure(f"ssh-keygen did not make {arguments[-1]}.")
    return made
