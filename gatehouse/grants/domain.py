"""The grants domain's declaration."""

from gatehouse.core.access import FactorOfToken, OpenTokens
from gatehouse.core.domain import Domain
from gatehouse.grants import jobs
from gatehouse.grants.pages import pages
from gatehouse.grants.queries import consents, factor_proved_for, is_token_open
from gatehouse.grants.routes import api, organization_api

domain = Domain(
    apis=(api, organization_api),
    pages=(pages,),
    ports={
        OpenTokens: lambda _settings: is_token_open,
        FactorOfToken: lambda _settings: factor_proved_for,
    },
    reactions=(
        jobs.end_tokens_of_an_account,
        jobs.end_grants_of_a_deleted_account,
        jobs.tell_applications_at_once,
        jobs.end_grants_in_an_organization,
        jobs.end_grants_of_a_client,
        jobs.end_grants_of_a_deleted_organization,
        jobs.end_tokens_of_other_sessions,
    ),
    jobs=(jobs.purge_grants,),
    personal_data=(consents,),
)
