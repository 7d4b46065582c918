"""What a client may be told to be, and how it proves who it is. Pure."""

from gatehouse.clients.rules.built_in import (
    API_SCOPE,
    COMMAND_LINE,
    api_of,
    options_of_built_in,
)
from gatehouse.clients.rules.certificates import Certificate, is_named, read_certificate
from gatehouse.clients.rules.options import Options, options_of
from gatehouse.clients.rules.published import keys_of_set
from gatehouse.clients.rules.redirects import redirect_matches, redirect_problem
from gatehouse.clients.rules.secrets import holds, sha256_of, slow_hash

__all__ = [
    "API_SCOPE",
    "COMMAND_LINE",
    "Certificate",
    "Options",
    "api_of",
    "holds",
    "is_named",
    "keys_of_set",
    "options_of",
    "options_of_built_in",
    "read_certificate",
    "redirect_matches",
    "redirect_problem",
    "sha256_of",
    "slow_hash",
]
