"""The accounts domain's declaration."""

from gatehouse.accounts import jobs, queries, routes
from gatehouse.accounts.adapters import Hashers
from gatehouse.accounts.emails import MAILS
from gatehouse.accounts.pages import pages
from gatehouse.accounts.ports import PasswordHasher
from gatehouse.core.access import Operators
from gatehouse.core.domain import Domain

domain = Domain(
    apis=(routes.me, routes.recovery),
    pages=(pages,),
    ports={PasswordHasher: Hashers, Operators: lambda _settings: queries.is_operator},
    handlers=jobs.HANDLERS,
    jobs=(jobs.purge_account_links, jobs.purge_accounts),
    mails=MAILS,
    personal_data=(queries.account, queries.mailed_links),
)
