"""Making this machine one of an organization: by a token, and a signature of each of its keys."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from gatehouse_cli.failures import Failure
from gatehouse_cli.hosts import certifying, files, proofs, sshd, syncing, timers, told
from gatehouse_cli.hosts.failures import KeyRefused, NotGood
from gatehouse_cli.hosts.machine import Machine
from gatehouse_cli.hosts.server import post
from gatehouse_cli.hosts.state import State, as_kept, read_state
from gatehouse_cli.ssh_keys import PublicKey, read_key

TYPES = ("ssh-ed25519", "ssh-rsa", "ecdsa-sha2-")
NO_KEYS = "There is no host key in {folder}. Make them: ssh-keygen -A"
LATER = "This machine is enrolled, but not set up: {problem} Then go on with: {sync}"


def enroll(
    machine: Machine,
    server: str,
    token: str,
    keys: Sequence[Path],
    say: Callable[[str], None],
    *,
    with_config: bool,
) -> State:
    """Until all that came was looked at, nothing changes that sshd uses; its lines come last.

    Raises Failure. What the token gave is kept as soon as it is used up, so that `sync` goes on
    from there.
    """
    machine.refuse_others()
    timers.refuse_script(machine)
    if with_config:
        sshd.refuse_others(machine)
    chosen = [read_key(path.absolute()) for path in keys] or _found(machine)
    with machine.prepared():
        answer, used, revoked = _proved(server, token, chosen, say, may_drop=not keys)
        welcome = told.read(answer)
        state = _kept(server, answer, welcome, used, with_config=with_config)
        state.revoked = as_kept(revoked)
        before = _certificates_of_before(machine)
        state.write(machine)
        try:
            new = certifying.certificates_for(used, answer, welcome.names, welcome.host_ca)
            _set_up(syncing.Run(machine, state, say), welcome, new)
            files.forget(machine, state, [path for path in before if path not in new])
        except Failure as failure:
            failure.args = (LATER.format(problem=failure, sync=machine.command("sync")),)
            raise
    return state


def _kept(
    server: str,
    answer: dict[str, object],
    welcome: told.Told,
    used: list[PublicKey],
    *,
    with_config: bool,
) -> State:
    return State(
        server=server,
        host_id=welcome.host_id,
        credential=_credential(answer),
        organization=welcome.organization,
        signer=welcome.krl_signer,
        krl_url=welcome.krl_url,
        keys=as_kept(used),
        names=welcome.names,
        host_ca=welcome.host_ca,
        drop_in=with_config,
    )


def _certificates_of_before(machine: Machine) -> list[Path]:
    """Those of ours, where it was enrolled before: maybe with keys that it has no more."""
    try:
        found = read_state(machine)
    except Failure:
        return []
    return [path for path in map(Path, sshd.certificates_in(found)) if files.is_kept(found, path)]


def _set_up(run: syncing.Run, welcome: told.Told, certificates: files.Files) -> None:
    run.machine.open_to_sshd()
    files.sweep(run.machine, run.state)
    syncing.install(run, welcome)
    syncing.keep(run, certificates)
    syncing.finish(run)
    run.state.fresh_at = time.time()
    run.state.write(run.machine)


def _found(machine: Machine) -> list[PublicKey]:
    """The keys that ssh-keygen -A makes, of the types that are certified."""
    paths = sorted(machine.ssh.glob("ssh_host_*_key.pub"))
    found = [key for key in map(certifying.public_key, paths) if key is not None]
    good = [key for key in found if key.type.startswith(TYPES)]
    if not good:
        raise Failure(NO_KEYS.format(folder=machine.ssh))
    return good


def _proved(
    server: str,
    token: str,
    keys: list[PublicKey],
    say: Callable[[str], None],
    *,
    may_drop: bool,
) -> tuple[dict[str, object], list[PublicKey], list[PublicKey]]:
    """What an enrolled machine gets, for which keys, and which of the others are revoked."""
    asked = post(server, "enroll", {"token": token}, by_clock=True).get("challenge")
    signed = [
        (key, proofs.signature(asked, key, server=server, purpose=proofs.ENROLMENT)) for key in keys
    ]
    revoked: list[PublicKey] = []
    while True:
        body = {
            "token": token,
            "host_public_keys": [key.text for key, _ in signed],
            "signatures": [signature for _, signature in signed],
        }
        try:
            answer = post(server, "enroll", body).get("enrolled")
        except KeyRefused as refused:
            if not may_drop or len(signed) == 1 or refused.index not in range(len(signed)):
                raise
            key, _ = signed.pop(refused.index)
            revoked += [key] if refused.is_revoked else []
            say(f"{key.path} gets no certificate: {refused}")
            continue
        if not isinstance(answer, dict):
            raise NotGood("The server does not say what this machine needs.")
        return answer, [key for key, _ in signed], revoked


def _credential(answer: dict[str, object]) -> str:
    try:
        return told.text(answer.get("credential"))
    except ValueError:
        raise NotGood("The server gave no credential.") from None
