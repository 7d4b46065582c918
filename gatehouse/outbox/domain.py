"""The outbox domain's declaration."""

from gatehouse.core.domain import Domain
from gatehouse.outbox import jobs
from gatehouse.outbox.cli import commands

domain = Domain(
    commands=(commands,),
    jobs=(jobs.deliver_outbox, jobs.deliver_calls, jobs.mend_outbox, jobs.purge_outbox),
)
