"""The mfa domain's declaration."""

from gatehouse.core.access import FreshFactor
from gatehouse.core.domain import Domain
from gatehouse.mfa import jobs, routes
from gatehouse.mfa.emails import MAILS
from gatehouse.mfa.pages import pages
from gatehouse.mfa.queries import second_factors
from gatehouse.mfa.service import refuse_without_own_factor

domain = Domain(
    apis=(routes.totp, routes.passkeys),
    endpoints=(routes.related,),
    pages=(pages,),
    ports={FreshFactor: lambda _settings: refuse_without_own_factor},
    personal_data=(second_factors,),
    reactions=(
        jobs.delete_factors_of_an_account_that_goes,
        jobs.delete_factors_of_whoever_was_here_before,
    ),
    handlers=jobs.HANDLERS,
    mails=MAILS,
)
