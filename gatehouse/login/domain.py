"""The login domain's declaration."""

from gatehouse.core.domain import Domain
from gatehouse.login import jobs
from gatehouse.login.emails import MAILS
from gatehouse.login.pages import pages
from gatehouse.login.routes import api, invites

domain = Domain(
    apis=(api, invites),
    pages=(pages,),
    handlers=(jobs.tell_of_a_new_device,),
    mails=MAILS,
)
