"""The whole schema. Until the first release it is rewritten, and its revision with it."""

from alembic import op

from gatehouse.core.schema import initial_revision
from migrations.initial import (
    accounts,
    audit,
    clients,
    contact,
    departments,
    domains,
    grants,
    kernel,
    locks,
    login,
    mfa,
    oidc_provider,
    organizations,
    outbox,
    policies,
    principals,
    recovery,
    sessions,
    signing_keys,
    ssh_break_glass,
    ssh_ca,
    ssh_certificates,
    ssh_hosts,
    ssh_keys,
    ssh_workloads,
)

TABLES = (
    kernel,
    outbox,
    audit,
    accounts,
    sessions,
    mfa,
    organizations,
    departments,
    principals,
    domains,
    policies,
    recovery,
    locks,
    login,
    signing_keys,
    ssh_keys,
    ssh_ca,
    ssh_certificates,
    ssh_hosts,
    ssh_workloads,
    ssh_break_glass,
    clients,
    grants,
    oidc_provider,
    contact,
)


revision = initial_revision()
down_revision = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SET LOCAL lock_timeout = '5s'")
    for tables in TABLES:
        tables.create()


def downgrade() -> None:
    for tables in reversed(TABLES):
        tables.drop()
