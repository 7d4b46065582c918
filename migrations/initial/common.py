"""What the tables of several domains are made of."""

import sqlalchemy as sa
from alembic import op

TIME = sa.DateTime(timezone=True)
LIVING = sa.text("deleted_at IS NULL")
REMOVED = sa.text("deleted_at IS NOT NULL")


def belongs_to(table: str, column: str, name: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{table}.id"], name=name, ondelete="CASCADE")


def unique_among_the_living(name: str, table: str, columns: list[str]) -> None:
    op.create_index(name, table, columns, unique=True, postgresql_where=LIVING, sqlite_where=LIVING)


def found_when_removed(table: str) -> None:
    name = f"ix_{table}_deleted_at"
    op.create_index(name, table, ["deleted_at"], postgresql_where=REMOVED, sqlite_where=REMOVED)
