"""The sessions domain's declaration."""

from gatehouse.core.access import Authenticator, OpenSessions, SessionRenewal
from gatehouse.core.domain import Domain
from gatehouse.sessions import jobs
from gatehouse.sessions.pages import pages
from gatehouse.sessions.queries import is_open, sessions
from gatehouse.sessions.routes import api
from gatehouse.sessions.service import recognise, renew_token

domain = Domain(
    apis=(api,),
    pages=(pages,),
    ports={
        Authenticator: lambda _settings: recognise,
        SessionRenewal: lambda _settings: renew_token,
        OpenSessions: lambda _settings: is_open,
    },
    reactions=(
        jobs.end_sessions_of_a_deleted_account,
        jobs.end_sessions_of_a_disowned_account,
        jobs.end_sessions_of_a_suspended_account,
        jobs.end_other_sessions_after_a_password_change,
        jobs.end_all_sessions_after_a_reset,
        jobs.end_all_sessions_after_an_undone_change,
    ),
    jobs=(jobs.cleanup_sessions, jobs.purge_sessions),
    personal_data=(sessions,),
)
