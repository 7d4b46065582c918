"""The oidc_provider domain's declaration."""

from gatehouse.core.access import TokenAuthenticator
from gatehouse.core.domain import Domain
from gatehouse.core.showing import Destinations
from gatehouse.oidc_provider import jobs
from gatehouse.oidc_provider.emails import MAILS
from gatehouse.oidc_provider.pages import pages
from gatehouse.oidc_provider.queries import sign_ins_of_applications
from gatehouse.oidc_provider.routes import api, endpoints, lane
from gatehouse.oidc_provider.service.callers import caller_of
from gatehouse.oidc_provider.service.destinations import destination
from gatehouse.oidc_provider.service.ended import sessions_ended
from gatehouse.sessions.ports import EndedSessions

domain = Domain(
    apis=(api,),
    pages=pages,
    endpoints=endpoints,
    lane=lane,
    ports={
        Destinations: lambda _settings: destination,
        EndedSessions: lambda _settings: sessions_ended,
        TokenAuthenticator: lambda _settings: caller_of,
    },
    reactions=(
        jobs.end_grants_of_whoever_lost_a_place,
        jobs.end_grants_of_a_former_owner,
        jobs.end_grants_of_a_deleted_department,
        jobs.end_requests_that_were_approved_there,
        jobs.end_grants_outside_a_new_policy,
    ),
    jobs=(jobs.end_outside_grants, jobs.purge_requests),
    handlers=(jobs.tell_of_the_end_of_a_session, jobs.mail_what_an_application_asks),
    mails=MAILS,
    personal_data=(sign_ins_of_applications,),
)
