"""The clients domain's declaration."""

from gatehouse.clients import jobs
from gatehouse.clients.adapters import FetchedKeys
from gatehouse.clients.cli import registration_token
from gatehouse.clients.permissions import GRANTS
from gatehouse.clients.ports import PublishedKeys
from gatehouse.clients.routes import api
from gatehouse.clients.service import Uses
from gatehouse.core.domain import Domain
from gatehouse.signing_keys.cli import oidc

# The command is the group's that signing_keys declares.
oidc.add_command(registration_token)

domain = Domain(
    apis=(api,),
    grants=GRANTS,
    ports={PublishedKeys: FetchedKeys.of, Uses: lambda _settings: Uses()},
    reactions=(
        jobs.let_go_of_a_deleted_organization,
        jobs.end_tokens_of_who_manages_no_more,
        jobs.end_registration_tokens_of_an_account,
    ),
    jobs=(jobs.purge_clients,),
)
