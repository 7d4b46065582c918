"""The organizations domain's declaration."""

from gatehouse.audit.ports import PresentMembers, ReadableRecords
from gatehouse.core.access import Memberships
from gatehouse.core.domain import Domain
from gatehouse.organizations import jobs, routes
from gatehouse.organizations.emails import MAILS
from gatehouse.organizations.permissions import GRANTS
from gatehouse.organizations.queries import (
    memberships,
    present_members,
    readable_records,
    role_of,
)
from gatehouse.organizations.service import invitations

domain = Domain(
    apis=(
        routes.organizations,
        routes.members,
        routes.own,
        routes.invites,
        routes.offers,
    ),
    grants=GRANTS,
    ports={
        Memberships: lambda _settings: role_of,
        ReadableRecords: lambda _settings: readable_records,
        PresentMembers: lambda _settings: present_members,
    },
    reactions=(jobs.end_memberships_of_a_deleted_account,),
    handlers=jobs.HANDLERS,
    jobs=(jobs.purge_invites, jobs.purge_organizations),
    mails=MAILS,
    personal_data=(memberships, invitations),
)
