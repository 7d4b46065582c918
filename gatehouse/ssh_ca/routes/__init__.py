"""HTTP for certificate authorities."""

from gatehouse.ssh_ca.routes import authorities, permissions, policies, reading

apis = (
    authorities.api,
    permissions.api,
    permissions.by_authority,
    policies.api,
    policies.of_organization,
    reading.api,
)
