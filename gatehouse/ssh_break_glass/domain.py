"""The declaration of the domain of the certificate for emergencies."""

from gatehouse.core.domain import Domain
from gatehouse.ssh_break_glass import emails, jobs
from gatehouse.ssh_break_glass.routes import api

domain = Domain(
    apis=(api,),
    reactions=(jobs.forget_what_is_sealed,),
    handlers=jobs.HANDLERS,
    mails=(
        emails.break_glass_sealed_mail,
        emails.break_glass_revoked_mail,
        emails.break_glass_expiring_mail,
    ),
    jobs=(jobs.watch_ssh_break_glass,),
)
