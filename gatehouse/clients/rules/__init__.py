"""What a client may be told to be, and how it proves who it is. Pure."""

from gatehouse.clients.rules.built_in import (
    API_SCOPE,
    COMMAND_LINE,
    api_of,
    options_of_built_in,
)
from gatehouse.clients.rules.certificates import Certificate, is_named, read_certificate
from gatehouse.clients.rules.checks import Scene
from gatehouse.clients.rules.options import NAMES, Options, options_of
from gatehouse.clients.rules.published import keys_of_set
from gatehouse.clients.rules.redirects import redirect_matches, redirect_problem
from gatehouse.clients.rules.resources import origin_of
from gatehouse.clients.rules.secrets import holds, sha256_of, slow_hash
from gatehouse.clients.rules.validation import (
    Problems,
    plain,
    problems_of,
    sector_needs_document,
    with_defaults,
)
from gatehouse.clients.rules.words import BY_SECRET

__all__ = [
    "API_SCOPE",
    "BY_SECRET",
    "COMMAND_LINE",
    "NAMES",
    "Certificate",
    "Options",
    "Problems",
    "Scene",
    "api_of",
    "holds",
    "is_named",
    "keys_of_set",
    "options_of",
    "options_of_built_in",
    "origin_of",
    "plain",
    "problems_of",
    "read_certificate",
    "redirect_matches",
    "redirect_problem",
    "sector_needs_document",
    "sha256_of",
    "slow_hash",
    "with_defaults",
]
