"""Refusals in words for people at a terminal: what is the matter, and the one thing that helps.

The server's own words are for programs where they name a path of its API or a field.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from gatehouse_cli.durations import in_words

TOO_MANY, UNAVAILABLE = 429, 503
ANEW = "Sign in anew: gatehouse login --step-up"
STEP_UP = {
    "STEP_UP_REQUIRED": "The server wants your second factor, used a moment ago.",
    "REAUTHENTICATION_REQUIRED": "You signed in too long ago for this.",
    "MFA_COMPLIANCE_REQUIRED": "This organization demands a second factor that you do not have.",
}
SAYS_IT_ITSELF = "SERVICE_UNAVAILABLE"
NO_AUTHORITY = "CA_NOT_CONFIGURED"
UNCHANGED, LATER = "Nothing was changed.", "Try again in a moment."
PROVE = "Prove it: gatehouse key verify {key}"
PROOFS = {
    "without_pin": "Prove it with its PIN or finger: gatehouse key verify {key}",
    "expired": "Register it anew: gatehouse key rm {key}; gatehouse key add {key}",
    "revoked": "The organization has revoked it. Register another one: gatehouse key add",
}
AT_MOST = "{longest} at most: ask for less by --ttl, or for the longest by --ttl with --clamp."

# Commands of which it matters whom they ask.
COMMANDS = re.compile(r"gatehouse (?:login|key)\b[^;\n]*")


def asking(text: str, profile: str, server: str) -> str:
    """The same, with commands that ask this server: by themselves they ask the last one."""
    named = f" --profile {profile} --server {server}"
    return COMMANDS.sub(lambda found: found[0].rstrip() + named, text)


def hint(error_type: str, details: Mapping[str, Any], key: str) -> str:
    """What helps against a refusal to sign; nothing where its message says it. ``key`` names the
    key that was to be signed, as ``gatehouse key`` takes it.
    """
    match error_type:
        case "KEY_NOT_VERIFIED":
            return PROOFS.get(str(details.get("why")), PROVE).format(key=key)
        case "TTL_TOO_LONG" if isinstance(details.get("max_seconds"), int):
            return AT_MOST.format(longest=in_words(details["max_seconds"]))
    return ""


def stronger(error_type: str, origin: str) -> str:
    """That a fresher or a stronger sign-in is wanted, and how it is had."""
    is_lacking = error_type == "MFA_COMPLIANCE_REQUIRED"
    return f"{STEP_UP[error_type]}\n{f'Set it up: {origin}/security' if is_lacking else ANEW}"


def in_lines(foreseen: Mapping[str, Any], key: str, origin: str) -> list[str]:
    """One of the refusals of a preview."""
    error_type = str(foreseen.get("error_type"))
    if error_type in STEP_UP:
        return stronger(error_type, origin).splitlines()
    helps = hint(error_type, foreseen.get("details") or {}, key)
    return [line for line in (str(foreseen["message"]), helps) if line]


def away(origin: str, status: int, error_type: str = "", message: str = "", wait: str = "") -> str:
    """That the server cannot do it now. It says itself whether a part of it was away."""
    if error_type == NO_AUTHORITY:
        return f"{message} {UNCHANGED} An admin of the organization makes one."
    if status == TOO_MANY:
        return f"{origin} was asked too often. Try again in {wait or 'a few'} seconds."
    what = message or f"it answers with HTTP {status}."
    if error_type == SAYS_IT_ITSELF:
        return f"{origin} cannot do it now: {what}"
    unchanged = f" {UNCHANGED}" if status == UNAVAILABLE else ""
    return f"{origin} cannot do it now: {what}{unchanged} {LATER}"


def not_in(named: str, mine: Sequence[str]) -> str:
    """That somebody is not in the organization that they named, and which they may have meant."""
    from difflib import get_close_matches

    near = get_close_matches(named, mine, n=1)
    guess = f" Did you mean {near[0]}?" if near else ""
    where = f" You are in {', '.join(sorted(mine))}." if mine else " You are in none."
    return f"You are not in the organization {named}.{guess}{where}"
