"""Which key, which certificate, which organization somebody means who does not name it.

What is named counts, then what ``ssh setup`` has set up, then the one key that there is.
"""

import os
import re
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from gatehouse_cli.certificates import Certificate, NoCertificate, read_certificate
from gatehouse_cli.failures import Failure, Misused
from gatehouse_cli.places import delete
from gatehouse_cli.setups import SetUp, all_of_them, find, folder, note_times
from gatehouse_cli.ssh_keys import MAKE_ONE, PublicKey, own_keys, read_key

if TYPE_CHECKING:
    from gatehouse_cli.api import Api
    from gatehouse_cli.certifying import Target, Wish
    from gatehouse_cli.program import Wishes

ENDING = "-cert.pub"
UNFIT = re.compile(r"[^A-Za-z0-9.:@_-]")
LONGEST = 100  # letters of all names together


def target_meant(wishes: "Wishes", path: Path | None, org: str | None) -> "tuple[Api, Target]":
    """The server, and the key, organization and file of the certificate to ask it for."""
    from gatehouse_cli.certifying import Target, organization_of
    from gatehouse_cli.renewing import target_of

    path = path or _key_of_environment()
    named = read_key(path) if path else None
    setup = _setup_meant(wishes, org, named)
    if setup is not None:
        return wishes.api(setup), target_of(setup)
    api = wishes.api()
    organization = organization_of(api, org or wishes.chosen().organization)
    key = named or _the_one_proved(api)
    return api, Target(key, key.certificate, organization)


def _setup_meant(wishes: "Wishes", org: str | None, key: PublicKey | None = None) -> SetUp | None:
    """What is set up, by the organization or by its own key; None where another server is named."""
    if key is not None:
        found = setup_of(key.certificate)
        is_it = found is not None and org in (None, found.org, found.org_id) and wishes.names(found)
        return found if is_it else None
    return find(org, {slug: one for slug, one in all_of_them().items() if wishes.names(one)})


def kept_without_server(
    wishes: "Wishes", path: Path | None, org: str | None, wish: "Wish"
) -> "tuple[Path, Certificate] | None":
    """The certificate beside the key that is meant, if by itself it does; None where only a server
    can tell which one is meant.
    """
    from gatehouse_cli import keeping

    path = path or _key_of_environment()
    keys = [read_key(path)] if path else list(own_keys().values())
    if len(keys) != 1:
        return None
    file, org = place_of(keys[0].certificate, wish), org or wishes.chosen().organization
    found = keeping.find(file, keys[0], wish)
    return (file, found) if found and org in (None, found.organization) else None


def file_meant(wishes: "Wishes", named: Path | None, org: str | None) -> Path:
    """The file of a certificate, whether it is there or not. Asks no server."""
    if named is not None:
        return named.expanduser()
    path = _key_of_environment()
    if path is not None:
        return read_key(path).certificate
    setup = _setup_meant(wishes, org)
    if setup is not None:
        return setup.certificate
    keys = list(own_keys().values())
    if len(keys) > 1:
        names = "".join(f"\n  {key.certificate}" for key in keys)
        raise Misused(f"There are several keys. Which certificate is meant?{names}")
    return _only(keys).certificate


def place_of(file: Path, wish: "Wish") -> Path:
    """Where the certificate goes. One for less than there is takes no other's place: plain ssh uses
    that, and would lose the rest.
    """
    words = (*sorted(set(wish.principals)), *sorted(set(wish.source_addresses)))
    if not words:
        return file
    name = "+".join(UNFIT.sub("-", word) for word in words)
    if len(name) > LONGEST:
        name = sha256(name.encode()).hexdigest()[:16]
    return file.with_name(f"{file.name.removesuffix(ENDING)}+{name}{ENDING}")


def noted(file: Path, made: Certificate) -> None:
    """Tell the shell how long a certificate is good that ssh uses from now on."""
    setup = setup_of(file)
    if setup is not None and setup.certificate.name == file.name:
        note_times(setup, made.valid_after, made.valid_before)


def setup_of(file: Path) -> SetUp | None:
    """Of which organization that is set up a certificate is, which may be one for less."""
    if file.parent.resolve() != folder().resolve():
        return None
    return all_of_them().get(file.name.removesuffix(ENDING).partition("+")[0])


def forget(certificate_id: str, path: Path | None) -> None:
    """Delete a certificate that is of no use any more, lest ssh go on offering it."""
    folders = (folder(), Path.home() / ".ssh")
    found = {place for one in folders for place in one.glob(f"*{ENDING}")}
    for place in found | ({path} if path else set()):
        try:
            is_it = read_certificate(place).id == certificate_id
        except NoCertificate:
            continue
        if is_it:
            delete(place)


def _the_one_proved(api: "Api") -> PublicKey:
    """The only key in ``~/.ssh``, or of several the only one that is proved."""
    found = list(own_keys().values())
    if len(found) > 1:
        known = {row["fingerprint"] for row in api.get("/ssh/keys")["keys"] if row["verified"]}
        found = [key for key in found if key.fingerprint in known] or found
    if len(found) > 1:
        names = "".join(f"\n  gatehouse cert request -k {key.path}" for key in found)
        raise Misused(f"There are several keys. Which one?{names}")
    return _only(found)


def _only(found: Sequence[PublicKey]) -> PublicKey:
    if not found:
        raise Failure(f"There is no key in {Path.home() / '.ssh'}. {MAKE_ONE}")
    return found[0]


def _key_of_environment() -> Path | None:
    named = os.environ.get("SSH_KEY_FILE")
    return Path(named) if named else None
