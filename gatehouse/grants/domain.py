"""The grants domain's declaration."""

from gatehouse.core.domain import Domain
from gatehouse.grants import jobs
from gatehouse.grants.queries import consents

domain = Domain(
    reactions=(
        jobs.end_tokens_of_an_account,
        jobs.end_grants_of_a_deleted_account,
        jobs.end_grants_in_an_organization,
        jobs.end_grants_of_a_client,
    ),
    jobs=(jobs.purge_grants,),
    personal_data=(consents,),
)
