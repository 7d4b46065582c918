"""HTTP for certificate authorities."""

from gatehouse.ssh_ca.routes import authorities, permissions, reading

apis = (authorities.api, permissions.api, permissions.by_authority, reading.api)
