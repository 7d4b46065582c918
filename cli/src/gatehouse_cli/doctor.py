"""``gatehouse ssh doctor``: all that has to be right for ``ssh HOST``, one by one."""

import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from ipaddress import ip_address, ip_network
from pathlib import Path
from shlex import quote
from shutil import which
from typing import Any

from gatehouse_cli.agents import identities
from gatehouse_cli.api import Api, NotThere
from gatehouse_cli.certificates import Certificate, NoCertificate, read_certificate
from gatehouse_cli.certifying import Wish, preview, refusals_of, row_of
from gatehouse_cli.durations import in_words
from gatehouse_cli.failures import Failure
from gatehouse_cli.known_hosts import fetch, keys_in, knows
from gatehouse_cli.own_key import path_of
from gatehouse_cli.patterns import matches
from gatehouse_cli.refusals import hint
from gatehouse_cli.renewing import advice, api_of, target_of
from gatehouse_cli.setups import SetUp
from gatehouse_cli.ssh_config import elsewhere
from gatehouse_cli.ssh_keys import PublicKey, read_key
from gatehouse_cli.telling import NO_PTY
from gatehouse_cli.transport import send

OFF = 30  # seconds by which clocks may differ: certificates begin some minutes early
TRIES = 6  # keys that sshd looks at before it hangs up (MaxAuthTries)
PATIENCE = 20
SSH = "22"  # the port that is not named in known hosts


@dataclass(frozen=True, slots=True)
class Finding:
    about: str
    ok: bool
    says: str

    def as_data(self) -> dict[str, Any]:
        return {"about": self.about, "ok": self.ok, "says": self.says}


@dataclass(slots=True)
class Told:
    """What the server told, as far as it matters for what is here. ``ip`` is where it sees us."""

    ip: str = ""
    is_revoked: bool = False


def examine(setup: SetUp, host: str) -> Iterator[Finding]:
    """What is right and what is not. Nothing that is wrong keeps the rest from being looked at."""
    yield _clock(setup)
    told = Told()
    yield from _at_the_server(setup, told)
    yield from _of_the_certificate(setup, told)
    yield from _of_ssh(setup, host)


def _clock(setup: SetUp) -> Finding:
    try:
        answer = send("GET", f"{setup.server}/api/health/live")
        ahead = time.time() - parsedate_to_datetime(answer.headers["Date"]).timestamp()
    except Failure as failure:
        return Finding("server", ok=False, says=str(failure))
    except (KeyError, ValueError, TypeError):
        return Finding("clock", ok=False, says=f"{setup.server} does not say what time it is.")
    if abs(ahead) <= OFF:
        return Finding("clock", ok=True, says="The clock here is the server's.")
    which_way = "ahead of" if ahead > 0 else "behind"
    says = f"The clock here is {in_words(abs(ahead))} {which_way} the server's: set it."
    return Finding("clock", ok=False, says=says)


def _at_the_server(setup: SetUp, told: Told) -> Iterator[Finding]:
    """Who is signed in, whether their key counts, and what they would get."""
    about = "sign-in"
    try:
        api = api_of(setup)
        yield Finding(about, ok=True, says=api.get("/auth/me")["user"]["email"])
        about = "key"
        yield _key(api, setup)
        told.is_revoked = _is_revoked(api, setup)
        if told.is_revoked:
            says = f"It was revoked: gatehouse cert request --org {setup.org}"
            yield Finding("revoked", ok=False, says=says)
        about = "policy"
        said = preview(api, target_of(setup), Wish())
    except Failure as failure:
        yield Finding(about, ok=False, says=advice(setup, failure))
        return
    told.ip = str(said.get("ip") or "")
    names = ", ".join(one["name"] for one in said["principals"] if one["included"])
    refusals = " ".join(refusals_of(said, read_key(setup.public), api.server))
    yield Finding("policy", ok=said["allowed"], says=refusals or f"You get: {names}")
    if not told.is_revoked:
        yield from _lacking(setup, said)


def _key(api: Api, setup: SetUp) -> Finding:
    key = read_key(setup.public)
    row = row_of(api.get("/ssh/keys")["keys"], key)
    if row["verified"]:
        return Finding("key", ok=True, says=f"{key.fingerprint} is proved.")
    helps = hint("KEY_NOT_VERIFIED", {"why": row["state"]}, key.name)
    says = f"{key.fingerprint} is {row['state']}. {helps}"
    return Finding("key", ok=False, says=says)


def _is_revoked(api: Api, setup: SetUp) -> bool:
    """Whether the certificate that is here was, maybe from elsewhere."""
    try:
        found = read_certificate(setup.certificate)
        state = api.get(f"/ssh/certificates/{found.id}")["state"]
    except (NoCertificate, NotThere):
        return False
    return bool(state == "revoked")


def _lacking(setup: SetUp, said: Any) -> Iterator[Finding]:
    """What a new certificate would have and the one that is here has not."""
    try:
        found = read_certificate(setup.certificate)
    except NoCertificate:
        return
    names = [one["name"] for one in said["principals"] if one["included"]]
    lacks = ", ".join(name for name in names if name not in found.principals)
    if lacks and said["allowed"] and found.state(time.time()) == "valid":
        says = f"The certificate lacks {lacks}: gatehouse cert request --org {setup.org}"
        yield Finding("principals", ok=False, says=says)


def _of_the_certificate(setup: SetUp, told: Told) -> Iterator[Finding]:
    renew = f"gatehouse ssh ensure --org {setup.org}"
    try:
        found = read_certificate(setup.certificate)
        key = read_key(setup.public)
    except Failure as failure:
        yield Finding("certificate", ok=False, says=f"{failure} {renew}")
        return
    state, left = found.state(time.time()), found.valid_before - time.time()
    if found.key_blob != key.blob:
        yield Finding("certificate", ok=False, says=f"It is for another key: {renew}")
    elif state != "valid":
        yield Finding("certificate", ok=False, says=f"It is {state.replace('_', ' ')}: {renew}")
    elif not told.is_revoked:
        says = f"{', '.join(found.principals)} for {in_words(left)}"
        yield Finding("certificate", ok=bool(found.principals), says=says)
    yield from _private(setup, key)
    yield from _limits(found, told.ip)


def _private(setup: SetUp, key: PublicKey) -> Iterator[Finding]:
    """Whether anything here can sign with the key: its file, or the agent."""
    path = Path(setup.key)
    if (path != setup.public and path.exists()) or key.blob in _blobs_in_agent():
        return
    again = f"gatehouse ssh setup --org {setup.org}"
    if path == path_of(setup.org):
        says = f"{path} is not there. Make another one: {again}"
    elif path == setup.public:
        says = f"The agent does not have {path}: ssh-add, or take another key: {again} --key PATH"
    else:
        says = f"{path} is not there. Take another key: {again} --key PATH"
    yield Finding("private key", ok=False, says=says)


def _blobs_in_agent() -> set[bytes]:
    """Of keys, and of those that it has with a certificate."""
    try:
        found = identities()
    except Failure:
        return set()
    return {one.certificate.key_blob if one.certificate else one.blob for one in found}


def _limits(found: Certificate, ip: str) -> Iterator[Finding]:
    """What people meet late: a machine sees another address, and there is no terminal."""
    source = found.critical_options.get("source-address")
    if source and ip:
        is_inside = _is_in(ip, source)
        where = "as you are" if is_inside else "and you are not there"
        says = f"Good from {source} alone; the server sees you at {ip}, {where}."
        yield Finding("address", ok=is_inside, says=says)
    if "permit-pty" not in found.extensions and "force-command" not in found.critical_options:
        yield Finding("terminal", ok=False, says=NO_PTY)


def _is_in(address: str, networks: str) -> bool:
    try:
        return any(ip_address(address) in ip_network(one) for one in networks.split(","))
    except ValueError:
        return False


def _of_ssh(setup: SetUp, host: str) -> Iterator[Finding]:
    try:
        config = _config_for(host)
    except Failure as failure:
        yield Finding("ssh", ok=False, says=str(failure))
        return
    yield _pattern(setup, host, config)
    yield _agent(config)
    yield _known(setup, host, config)


def _config_for(host: str) -> Mapping[str, list[str]]:
    """What ssh goes by for this machine: names in lower case and their values."""
    program = which("ssh")
    if program is None:
        raise Failure("There is no ssh here. Install OpenSSH's client.")
    command = [program, "-G", "--", host]
    try:
        done = subprocess.run(  # noqa: S603
            command, capture_output=True, check=False, timeout=PATIENCE, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired:
        raise Failure("ssh -G does not end. What else is in ~/.ssh/config?") from None
    if done.returncode != 0:
        raise Failure(done.stderr.decode(errors="replace").strip())
    found: dict[str, list[str]] = {}
    for line in done.stdout.decode(errors="replace").splitlines():
        name, _, value = line.partition(" ")
        found.setdefault(name, []).append(value)
    return found


def _pattern(setup: SetUp, host: str, config: Mapping[str, list[str]]) -> Finding:
    """Whether our lines are read, and are for this machine: they go by the name that is typed."""
    again = f"gatehouse ssh setup --org {setup.org}"
    patterns = " ".join(setup.patterns)
    if str(setup.certificate) in config.get("certificatefile", []):
        return Finding("host", ok=True, says=f"{host} is one of {patterns}")
    if matches(host, setup.patterns):
        says = f"ssh does not read what we wrote: {again} {elsewhere()}".rstrip()
        return Finding("host", ok=False, says=says)
    for name in config.get("hostname", []):
        if matches(name, setup.patterns):
            says = f"ssh goes by the name that is typed, and you typed another: ssh {name}"
            return Finding("host", ok=False, says=says)
    hosts = " ".join(f"--host {quote(one)}" for one in (*setup.patterns, host))
    return Finding("host", ok=False, says=f"{host} is none of {patterns}: {again} {hosts}")


def looked_up(host: str, config: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """The names by which ssh looks for a machine in its known hosts, one after the other: not the
    one that is typed, but what stands behind HostKeyAlias or HostName (sshconnect.c).
    """
    if alias := config.get("hostkeyalias"):
        return (alias[0],)
    name = (config.get("hostname") or [host])[0]
    port = (config.get("port") or [SSH])[0]
    return (name,) if port == SSH else (f"[{name}]:{port}", name)


def _agent(config: Mapping[str, list[str]]) -> Finding:
    if config.get("identitiesonly") == ["yes"]:
        return Finding("agent", ok=True, says="ssh offers no other keys of the agent.")
    try:
        count = len(identities())
    except Failure:
        count = 0
    says = f"ssh offers {count} keys of the agent first, and machines hang up after {TRIES}."
    return Finding("agent", ok=count < TRIES, says=says if count else "The agent has no keys.")


def _known(setup: SetUp, host: str, config: Mapping[str, list[str]]) -> Finding:
    """Whether ssh knows the machine by an authority, and does not ask about its key."""
    again = f"gatehouse ssh known-hosts --org {setup.org}"
    if str(setup.known_hosts) not in " ".join(config.get("userknownhostsfile", [])):
        is_ours = str(setup.certificate) in config.get("certificatefile", [])
        why = " A UserKnownHostsFile above our lines takes its place." if is_ours else ""
        says = f"ssh does not read {setup.known_hosts}.{why}"
        return Finding("known hosts", ok=False, says=says)
    try:
        text = setup.known_hosts.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return Finding("known hosts", ok=False, says=f"{setup.known_hosts} is not read: {again}")
    names = looked_up(host, config)
    name = names[-1]
    if any(knows(text, one) for one in names):
        if _is_of_before(setup, text):
            says = f"The organization's machines are known by other keys now: {again}"
            return Finding("known hosts", ok=False, says=says)
        return Finding("known hosts", ok=True, says=f"An authority speaks for {name}.")
    says = f"No authority speaks for {name}: {again}"
    if name != host.lower() and knows(text, host):
        says = (
            f"ssh looks for {name}, and authorities speak for names such as {host}. In"
            f" ~/.ssh/config, below its HostName: HostKeyAlias {host}"
        )
    return Finding("known hosts", ok=False, says=says)


def _is_of_before(setup: SetUp, text: str) -> bool:
    """Whether the server tells other authorities than these by now."""
    try:
        now = fetch(setup)
    except Failure:
        return False
    return now is not None and keys_in(now) != keys_in(text)
