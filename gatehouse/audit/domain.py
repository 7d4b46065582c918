"""The audit domain's declaration."""

from gatehouse.audit import cli, jobs
from gatehouse.audit.permissions import GRANTS
from gatehouse.audit.queries import audit_entries
from gatehouse.audit.routes import api
from gatehouse.audit.service import write_attempts
from gatehouse.core.context import AttemptLog
from gatehouse.core.domain import Domain

domain = Domain(
    apis=(api,),
    grants=GRANTS,
    ports={AttemptLog: lambda _settings: write_attempts},
    commands=(cli.audit,),
    jobs=(jobs.seal_audit, jobs.purge_audit),
    personal_data=(audit_entries,),
)
