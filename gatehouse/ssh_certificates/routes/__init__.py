"""HTTP for SSH certificates."""

from gatehouse.ssh_certificates.routes import organization, own, published, signing

apis = (signing.api, own.api, organization.api, organization.keys, published.api)
lane = (*published.lane, *signing.lane)
