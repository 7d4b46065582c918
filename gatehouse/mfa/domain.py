"""The mfa domain's declaration."""

from gatehouse.core.domain import Domain
from gatehouse.mfa import jobs, routes
from gatehouse.mfa.emails import MAILS
from gatehouse.mfa.pages import pages
from gatehouse.mfa.queries import second_factors

domain = Domain(
    apis=(routes.totp, routes.passkeys),
    endpoints=(routes.related,),
    pages=(pages,),
    personal_data=(second_factors,),
    reactions=(jobs.delete_factors_of_a_deleted_account,),
    handlers=jobs.HANDLERS,
    mails=MAILS,
)
