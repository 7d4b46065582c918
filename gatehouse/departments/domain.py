"""The departments domain's declaration."""

from gatehouse.core.domain import Domain
from gatehouse.departments import jobs
from gatehouse.departments.permissions import GRANTS
from gatehouse.departments.queries import departments
from gatehouse.departments.routes import api

domain = Domain(
    apis=(api,),
    grants=GRANTS,
    personal_data=(departments,),
    reactions=(
        jobs.end_places_of_who_is_out,
        jobs.end_places_of_a_new_guest,
        jobs.end_places_of_a_deleted_account,
        jobs.remove_departments_of_a_deleted_organization,
    ),
)
