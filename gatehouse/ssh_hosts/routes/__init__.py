"""HTTP for hosts."""

from gatehouse.ssh_hosts.routes import hosts, organization, published

apis = (organization.api, hosts.api, published.api)
