"""Issuers of tokens: how they are written, and where they describe themselves. Pure."""

import re
from collections.abc import Sequence
from typing import TypeGuard

from gatehouse.clients.rules.addresses import called_problem

DISCOVERY = "/.well-known/openid-configuration"
LONGEST = 255
# What stands in a token letter by letter, without anything that is not seen.
VISIBLE = r"[!-~]+\Z"


def issuer_problem(issuer: str, allowed: Sequence[str], *, may_be_here: bool) -> str:
    """What keeps this from being an issuer that we ask (OpenID Connect Core 2, "iss").

    ``allowed`` is what an operator lets us call; ``may_be_here``: by http on this machine, too.
    """
    if "?" in issuer:
        return "Must have no query."
    return called_problem(issuer, allowed, may_be_here=may_be_here)


def may_be_issuer(said: object) -> TypeGuard[str]:
    """Whether a rule could name this."""
    return isinstance(said, str) and len(said) <= LONGEST and bool(re.match(VISIBLE, said))


def discovery_of(issuer: str) -> str:
    """Where it describes itself (OpenID Connect Discovery 4)."""
    return issuer.removesuffix("/") + DISCOVERY
