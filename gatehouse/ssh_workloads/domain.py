"""The declaration of the domain of workloads."""

from gatehouse.core.domain import Domain
from gatehouse.ssh_workloads import jobs
from gatehouse.ssh_workloads.adapters import FetchedIssuers
from gatehouse.ssh_workloads.permissions import GRANTS
from gatehouse.ssh_workloads.ports import IssuerKeys
from gatehouse.ssh_workloads.routes import api, signing

domain = Domain(
    apis=(api, signing),
    grants=GRANTS,
    ports={IssuerKeys: FetchedIssuers.of},
    reactions=(
        jobs.delete_workload_rules_of_an_organization,
        jobs.end_what_jobs_have_by_a_lost_principal,
    ),
    jobs=(jobs.purge_workload_tokens,),
)
