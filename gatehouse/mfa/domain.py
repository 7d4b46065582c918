"""The mfa domain's declaration."""

from gatehouse.core.domain import Domain
from gatehouse.mfa import jobs
from gatehouse.mfa.emails import MAILS
from gatehouse.mfa.pages import pages
from gatehouse.mfa.queries import second_factors
from gatehouse.mfa.routes import api

domain = Domain(
    apis=(api,),
    pages=(pages,),
    personal_data=(second_factors,),
    reactions=(jobs.delete_factors_of_a_deleted_account,),
    handlers=(
        jobs.tell_of_an_app,
        jobs.tell_of_a_removed_app,
        jobs.tell_of_new_codes,
        jobs.tell_of_a_used_code,
        jobs.tell_of_a_reset,
    ),
    mails=MAILS,
)
