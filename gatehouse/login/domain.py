"""The login domain's declaration."""

from gatehouse.core.domain import Domain
from gatehouse.login import jobs
from gatehouse.login.emails import MAILS
from gatehouse.login.pages import pages
from gatehouse.login.queries import pending_logins
from gatehouse.login.routes import api, invites, lane

domain = Domain(
    apis=(api, invites),
    lane=lane,
    pages=(pages,),
    reactions=(jobs.end_pending_logins_of_a_deleted_account,),
    handlers=(jobs.tell_of_a_new_device,),
    jobs=(jobs.purge_pending_logins,),
    personal_data=(pending_logins,),
    mails=MAILS,
)
