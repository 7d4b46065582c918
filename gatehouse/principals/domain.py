"""The principals domain's declaration."""

from gatehouse.core.domain import Domain
from gatehouse.departments.ports import PrincipalCounts
from gatehouse.principals import jobs, routes
from gatehouse.principals.permissions import GRANTS
from gatehouse.principals.queries import principal_counts, principals

domain = Domain(
    apis=(routes.principals, routes.holders, routes.own),
    grants=GRANTS,
    personal_data=(principals,),
    ports={PrincipalCounts: lambda _settings: principal_counts},
    reactions=(
        jobs.end_principals_of_who_is_out,
        jobs.end_principals_of_a_new_guest,
        jobs.refuse_root_through_a_department,
        jobs.refuse_root_with_a_membership,
        jobs.end_principals_of_a_deleted_account,
        jobs.remove_principals_of_a_deleted_organization,
    ),
)
