"""Certificates, and what the server says of them, in words."""

import time
from base64 import b64encode
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from gatehouse_cli.certificates import Certificate, fingerprint
from gatehouse_cli.durations import in_words, iso, moment
from gatehouse_cli.failures import Refused
from gatehouse_cli.output import Output

LIMITS = {
    "request": "as asked for",
    "department": "as departments allow",
    "authority": "as the authority allows",
    "key": "as long as the key counts",
}
WHY_NOT = {
    "invalid": "it is no name of a principal",
    "not_granted": "you do not have it",
    "withheld": "policies keep it out of certificates",
    "not_asked": "you did not ask for it",
    "of_a_host": "it is the name of a host, which enrols itself",
}
NO_PTY = "Without permit-pty there is no terminal: commands run, a shell has no prompt."


def described(path: Path, found: Certificate) -> dict[str, Any]:
    """A certificate, for programs."""
    return {
        "file": str(path),
        "type": found.type,
        "kind": found.kind,
        "serial": found.serial,
        "key_id": found.key_id,
        "principals": list(found.principals),
        "valid_after": iso(found.valid_after),
        "valid_before": iso(found.valid_before),
        "state": found.state(time.time()),
        "fingerprint": fingerprint(found.key_blob),
        "ca_fingerprint": fingerprint(found.ca_blob),
        "critical_options": dict(found.critical_options),
        "extensions": list(found.extensions),
    }


def show_certificate(output: Output, path: Path, found: Certificate) -> None:
    if output.as_json:
        output.data(described(path, found))
        return
    output.table(("", ""), _facts(path, found))


def show_made(output: Output, path: Path, answer: Any, made: Certificate) -> None:
    """What came of a request: the answer for programs, and for people what they may not expect."""
    if output.as_json:
        output.data({**_in_place(path, made), **answer, "file": str(path), "kept": False})
        return
    until, left = moment(made.valid_before), in_words(made.valid_before - time.time())
    limit = LIMITS.get(str(answer.get("limited_by")), "")
    output.line(f"{path}: {', '.join(made.principals)}")
    output.line(f"Until {until} ({left}{', ' if limit else ''}{limit})")
    if made.kind == "user":
        for line in _peculiarities(made.critical_options, made.extensions, answer.get("ip")):
            output.say(line)


def show_kept(output: Output, path: Path, found: Certificate) -> None:
    """What came of a request where the certificate that was there does."""
    if output.as_json:
        output.data({**_in_place(path, found), "kept": True})
    else:
        show_certificate(output, path, found)


def foresee(
    output: Output, said: Any, refusals: Iterable[str], *, is_for_host: bool = False
) -> None:
    """What would come of a request. Raises Refused if nothing would."""
    if output.as_json:
        output.data(said)
    else:
        own = [] if is_for_host else _peculiar_to(said)
        for line in (*_foreseen(said, refusals), *own):
            output.line(line)
    if not said["allowed"]:
        raise Refused("The server would not sign.")


def _in_place(path: Path, found: Certificate) -> dict[str, Any]:
    """What programs are told of the certificate that they asked for, signed now or before."""
    line = f"{found.type} {b64encode(found.blob).decode()}"
    known = {"id": found.id, "cert_id": found.id, "certificate": line, "limited_by": None}
    return described(path, found) | known


def _facts(path: Path, found: Certificate) -> list[tuple[str, str]]:
    now = time.time()
    state = found.state(now).replace("_", " ")
    left = f", {in_words(found.valid_before - now)} left" if state == "valid" else ""
    options = [f"{name} {value}".strip() for name, value in found.critical_options.items()]
    return [
        ("File", str(path)),
        ("Type", f"{found.type} ({found.kind})"),
        ("State", f"{state}{left}"),
        ("From", moment(found.valid_after)),
        ("Until", moment(found.valid_before)),
        ("Principals", ", ".join(found.principals) or "none: no machine takes it"),
        ("Only", "; ".join(options) or "no limits"),
        ("Allows", ", ".join(found.extensions) or "nothing beside commands"),
        ("Key", fingerprint(found.key_blob)),
        ("Signed by", fingerprint(found.ca_blob)),
        ("Serial", str(found.serial)),
        ("Key id", found.key_id),
    ]


def _foreseen(said: Any, refusals: Iterable[str]) -> list[str]:
    lines = ["A certificate would be signed." if said["allowed"] else "None would be signed:"]
    lines += [f"  {line}" for line in refusals]
    lines += [_principal(one) for one in said["principals"]]
    if said.get("ttl_seconds"):
        limit = LIMITS.get(str(said.get("limited_by")), "")
        longest = said.get("longest_seconds")
        most = f"; {in_words(longest)} at most" if longest else ""
        lines.append(f"For {in_words(said['ttl_seconds'])} ({limit}{most}).")
    if said.get("mfa_max_age"):
        age = in_words(said["mfa_max_age"])
        lines.append(f"The second factor must have been used within {age} before.")
    if said.get("policy"):
        lines.append(f"By the policies of: {', '.join(said['policy'])}.")
    return lines


def _peculiar_to(said: Any) -> list[str]:
    options, extensions = said.get("critical_options") or {}, said.get("extensions")
    known = extensions if extensions is not None else ["permit-pty"]
    return _peculiarities(options, known, said.get("ip"))


def _principal(one: Any) -> str:
    if not one["included"]:
        why = WHY_NOT.get(str(one["why_not"]), one["why_not"])
        by = ", ".join(map(str, one.get("withheld_by") or []))
        return f"  without {one['name']}: {why}" + (f" (by {by})" if by else "")
    givers = (["you alone"] if one.get("direct") else []) + list(one.get("departments") or [])
    return f"  with {one['name']}" + (
        f" (given to {', '.join(map(str, givers))})" if givers else ""
    )


def _peculiarities(options: Any, extensions: Any, ip: Any) -> list[str]:
    """What a certificate is not good for, which people find out late."""
    lines = []
    if source := options.get("source-address"):
        seen = f" The server sees you at {ip}." if ip else ""
        lines.append(f"Good from {source} alone.{seen}")
    if forced := options.get("force-command"):
        lines.append(f"Whatever you run, {forced!r} runs in its place.")
    if "verify-required" in options:
        lines.append("The security key asks for its PIN or finger each time.")
    if "permit-pty" not in extensions and "force-command" not in options:
        lines.append(NO_PTY)
    return lines
