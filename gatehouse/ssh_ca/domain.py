"""The declaration of the domain of certificate authorities."""

from gatehouse.core.domain import Domain
from gatehouse.ssh_ca import jobs
from gatehouse.ssh_ca.permissions import GRANTS
from gatehouse.ssh_ca.queries import ssh_permissions
from gatehouse.ssh_ca.routes import apis

domain = Domain(
    apis=apis,
    grants=GRANTS,
    reactions=(
        jobs.end_ssh_permissions_of_who_is_out,
        jobs.end_ssh_permissions_of_a_deleted_account,
        jobs.delete_authorities_of_a_deleted_organization,
    ),
    jobs=(jobs.advance_ssh_keys,),
    personal_data=(ssh_permissions,),
)
