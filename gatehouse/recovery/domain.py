"""The recovery domain's declaration."""

from gatehouse.core.domain import Domain
from gatehouse.recovery import jobs, routes
from gatehouse.recovery.emails import MAILS
from gatehouse.recovery.pages import pages
from gatehouse.recovery.queries import factor_resets

domain = Domain(
    apis=(routes.of_operators, routes.of_members, routes.own),
    pages=(pages,),
    personal_data=(factor_resets,),
    reactions=(
        jobs.delete_resets_of_a_deleted_account,
        jobs.cancel_the_reset_of_a_suspended_account,
        jobs.cancel_the_reset_when_the_address_changes,
    ),
    handlers=(jobs.tell_of_an_approved_reset, jobs.tell_of_a_cancelled_reset),
    jobs=(jobs.do_factor_resets,),
    mails=MAILS,
)
