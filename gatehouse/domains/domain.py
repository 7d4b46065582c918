"""The domains domain's declaration."""

from gatehouse.core.domain import Domain
from gatehouse.domains import jobs
from gatehouse.domains.adapters import DnsResolver
from gatehouse.domains.permissions import GRANTS
from gatehouse.domains.ports import Resolver
from gatehouse.domains.routes import api

domain = Domain(
    apis=(api,),
    grants=GRANTS,
    ports={Resolver: lambda settings: DnsResolver(settings.dns_resolvers)},
    reactions=(jobs.free_domains_of_a_deleted_organization,),
    jobs=(jobs.recheck_domains, jobs.purge_claims),
)
