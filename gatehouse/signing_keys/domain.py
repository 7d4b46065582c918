"""The signing_keys domain's declaration."""

from gatehouse.core.domain import Domain
from gatehouse.signing_keys import jobs
from gatehouse.signing_keys.cli import oidc
from gatehouse.signing_keys.queries import KnownKeys

domain = Domain(
    commands=(oidc,),
    ports={KnownKeys: lambda _settings: KnownKeys()},
    jobs=(jobs.rotate_signing_keys,),
)
