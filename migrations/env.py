"""How Alembic reaches our database. Logging stays as the application has set it."""

from alembic import context
from flask import current_app

from gatehouse.core.db import Model

runtime = current_app.extensions["gatehouse"]


def migrate() -> None:
    """Run inside one transaction: the schema changes wholly or not at all."""
    with runtime.engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=Model.metadata,
            render_as_batch=connection.dialect.name == "sqlite",
            compare_type=True,
            transactional_ddl=True,
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()


if context.is_offline_mode():
    raise SystemExit("Migrations run against a database, not into a script.")
migrate()
