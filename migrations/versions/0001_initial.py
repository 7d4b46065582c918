"""The whole schema. Until the first release it is rewritten, and its revision with it."""

from hashlib import sha256
from pathlib import Path

from alembic import op

from migrations import initial
from migrations.initial import (
    accounts,
    audit,
    contact,
    departments,
    domains,
    kernel,
    organizations,
    outbox,
    principals,
    sessions,
)

TABLES = (
    kernel,
    outbox,
    audit,
    accounts,
    sessions,
    organizations,
    departments,
    principals,
    domains,
    contact,
)


def _fingerprint() -> str:
    """A name for just these tables, so that a database of other ones is known as such."""
    sources = sorted(Path(initial.__file__).parent.glob("*.py"))
    return sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()[:12]


revision = f"initial_{_fingerprint()}"
down_revision = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SET LOCAL lock_timeout = '5s'")
    for tables in TABLES:
        tables.create()


def downgrade() -> None:
    for tables in reversed(TABLES):
        tables.drop()
