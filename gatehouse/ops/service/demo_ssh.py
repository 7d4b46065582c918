"""The certificate authorities of the demo data, and a machine that is still to be enrolled."""

from typing import Any

from gatehouse.core.context import Actor, Context, Origin, unit_of_work
from gatehouse.core.runtime import Runtime
from gatehouse.organizations.models import Organization
from gatehouse.organizations.queries import find_organization
from gatehouse.ssh_ca.models import AuthorityKind
from gatehouse.ssh_ca.queries import find_authority
from gatehouse.ssh_ca.service import change_organization_policy, create_authority
from gatehouse.ssh_hosts.queries import others_with
from gatehouse.ssh_hosts.service import create_host

DAY = 86_400
AUTHORITIES: dict[AuthorityKind, dict[str, Any]] = {
    AuthorityKind.USER: {
        "name": "Acme people",
        "default_seconds": DAY // 3,
        "max_seconds": 7 * DAY,
    },
    AuthorityKind.HOST: {
        "name": "Acme machines",
        "default_seconds": 30 * DAY,
        "max_seconds": 90 * DAY,
    },
}
NAME = "web1.acme-corp.example"
HOST: dict[str, Any] = {
    "names": [NAME],
    "accounts": {"deploy": ["deploy"], "postgres": ["dba"]},
    "life_seconds": 30 * DAY,
    "description": "The web server of the demo",
}


def seed_ssh(runtime: Runtime, slug: str) -> int:
    """Make what is missing of it. Returns how many rows were new."""
    with unit_of_work(runtime, Origin("demo"), Actor(kind="job")) as ctx:
        organization = find_organization(ctx, slug)
        if organization is None:
            raise RuntimeError(f"{slug} should have been seeded before.")
        return _seed_authorities(ctx, organization) + _seed_host(ctx, organization)


def _seed_authorities(ctx: Context, organization: Organization) -> int:
    added = 0
    for kind, fields in AUTHORITIES.items():
        if find_authority(ctx, organization.id, kind) is None:
            create_authority(
                ctx,
                organization.id,
                kind=kind,
                key_type="ed25519",
                backdate_seconds=300,
                **fields,
            )
            added += 1
    return added


def _seed_host(ctx: Context, organization: Organization) -> int:
    if others_with(ctx, organization.id, [NAME]):
        return 0
    change_organization_policy(ctx, organization.id, host_patterns=("*.acme-corp.example",))
    create_host(ctx, organization.id, **HOST)
    return 1
