"""The declaration of the domain of hosts."""

from gatehouse.core.domain import Domain
from gatehouse.ssh_ca.ports import ReachOfKeys
from gatehouse.ssh_certificates.ports import NamesOfHosts
from gatehouse.ssh_hosts import jobs
from gatehouse.ssh_hosts.permissions import GRANTS
from gatehouse.ssh_hosts.queries import others_with, reach_of
from gatehouse.ssh_hosts.routes import apis

domain = Domain(
    apis=apis,
    grants=GRANTS,
    ports={
        ReachOfKeys: lambda _settings: reach_of,
        NamesOfHosts: lambda _settings: others_with,
    },
    jobs=(jobs.purge_ssh_host_tokens, jobs.watch_ssh_hosts),
)
