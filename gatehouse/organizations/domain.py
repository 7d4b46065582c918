"""The organizations domain's declaration."""

from gatehouse.audit.ports import ReadableRecords
from gatehouse.core.access import Memberships
from gatehouse.core.domain import Domain
from gatehouse.organizations import jobs, routes
from gatehouse.organizations.permissions import GRANTS
from gatehouse.organizations.queries import readable_records, role_of

domain = Domain(
    apis=(routes.organizations, routes.members, routes.own),
    grants=GRANTS,
    ports={
        Memberships: lambda _settings: role_of,
        ReadableRecords: lambda _settings: readable_records,
    },
    reactions=(jobs.end_memberships_of_a_deleted_account,),
)
