"""HTTP for hosts."""

from gatehouse.ssh_hosts.routes import organization

apis = (organization.api,)
