"""The triggers of the record: neither we nor anybody with our password edits it unseen.

Entries, blocks, the lists of blocks and the list of purged blocks refuse UPDATE and DELETE. The one
way out is retention: adding a row to audit_retention deletes the entries of that block and its
list, in the same statement, so that a listed block never has rows, and none may join it.
"""

from alembic import op

TABLES = ("audit_entries", "audit_blocks", "audit_block_entries", "audit_retention")
KEPT_FOR_GOOD = ("audit_blocks", "audit_retention")

IS_PURGED = {
    "audit_entries": "SELECT 1 FROM audit_block_entries b JOIN audit_retention r"
    " ON r.block_number = b.block_number WHERE b.entry_id = OLD.id",
    "audit_block_entries": "SELECT 1 FROM audit_retention r"
    " WHERE r.block_number = OLD.block_number",
}
MAY_NOT_JOIN = (
    "NEW.block_number <> coalesce((SELECT max(number) FROM audit_blocks), 0)"
    " OR EXISTS (SELECT 1 FROM audit_retention r WHERE r.block_number = NEW.block_number)"
)
HAS_NO_BLOCK = "NOT EXISTS (SELECT 1 FROM audit_blocks WHERE number = NEW.block_number)"
# Neither before its days are over, nor at a time to come: the clocks of two servers may differ by
# an hour. SQLite counts days in floating point, hence the seconds.
NOT_DUE_ON_SQLITE = (
    "NEW.retention_days < 1"
    " OR coalesce(julianday(NEW.created_at) - julianday('now') > 1.0 / 24, 1)"
    " OR coalesce((SELECT julianday(NEW.created_at) - julianday(sealed_until)"
    " < NEW.retention_days - 0.0001 FROM audit_blocks WHERE number = NEW.block_number), 1)"
)
NOT_DUE_ON_POSTGRESQL = (
    "NEW.retention_days < 1"
    " OR NEW.created_at > clock_timestamp() + interval '1 hour'"
    " OR EXISTS (SELECT 1 FROM audit_blocks WHERE number = NEW.block_number"
    " AND sealed_until > NEW.created_at - make_interval(hours => 24 * NEW.retention_days))"
)
PURGE = (
    "DELETE FROM audit_entries WHERE id IN"
    " (SELECT entry_id FROM audit_block_entries WHERE block_number = NEW.block_number);"
    " DELETE FROM audit_block_entries WHERE block_number = NEW.block_number;"
)
REFUSAL = "'the record cannot be changed'"
NO_BLOCK = "'there is no such block'"
NOT_DUE = "'the retention of the block is not over'"
CLOSED = "'the block is closed'"


def create() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _create_on_sqlite()
    else:
        _create_on_postgresql()


def drop() -> None:
    """On PostgreSQL the functions outlive their tables."""
    if op.get_bind().dialect.name == "postgresql":
        for name in ("refuse", "refuse_entry", "refuse_listed", "refuse_joining", "purge"):
            op.execute(f"DROP FUNCTION audit_{name}()")


def _create_on_sqlite() -> None:
    for table in TABLES:
        _refuse_on_sqlite(table, "UPDATE")
        _refuse_on_sqlite(table, "DELETE", IS_PURGED.get(table))
    op.execute(
        "CREATE TRIGGER audit_block_entries_refuse_insert BEFORE INSERT ON audit_block_entries"
        f" WHEN {MAY_NOT_JOIN} BEGIN SELECT RAISE(ABORT, {CLOSED}); END"
    )
    op.execute(
        "CREATE TRIGGER audit_retention_purge AFTER INSERT ON audit_retention BEGIN"
        f" SELECT RAISE(ABORT, {NO_BLOCK}) WHERE {HAS_NO_BLOCK};"
        f" SELECT RAISE(ABORT, {NOT_DUE}) WHERE {NOT_DUE_ON_SQLITE}; {PURGE} END"
    )


def _refuse_on_sqlite(table: str, verb: str, unless: str | None = None) -> None:
    condition = f"WHEN NOT EXISTS ({unless})" if unless else ""
    op.execute(
        f"CREATE TRIGGER {table}_refuse_{verb.lower()} BEFORE {verb} ON {table} {condition}"
        f" BEGIN SELECT RAISE(ABORT, {REFUSAL}); END"
    )


def _create_on_postgresql() -> None:
    _function("audit_refuse", f"RAISE EXCEPTION {REFUSAL};")
    for name, table in (("refuse_entry", "audit_entries"), ("refuse_listed", TABLES[2])):
        unless = f"IF EXISTS ({IS_PURGED[table]}) THEN RETURN OLD; END IF;"
        _function(f"audit_{name}", f"{unless} RAISE EXCEPTION {REFUSAL};")
        _trigger(f"{table}_refuse_delete", "BEFORE DELETE", table, f"audit_{name}")
    closed = f"IF {MAY_NOT_JOIN} THEN RAISE EXCEPTION {CLOSED}; END IF; RETURN NEW;"
    _function("audit_refuse_joining", closed)
    _trigger(
        "audit_block_entries_refuse_insert", "BEFORE INSERT", TABLES[2], "audit_refuse_joining"
    )
    no_block = f"IF {HAS_NO_BLOCK} THEN RAISE EXCEPTION {NO_BLOCK}; END IF;"
    not_due = f"IF {NOT_DUE_ON_POSTGRESQL} THEN RAISE EXCEPTION {NOT_DUE}; END IF;"
    _function("audit_purge", f"{no_block} {not_due} {PURGE} RETURN NULL;")
    _trigger("audit_retention_purge", "AFTER INSERT", "audit_retention", "audit_purge")
    for table in TABLES:
        _trigger(f"{table}_refuse_update", "BEFORE UPDATE", table, "audit_refuse")
        _trigger(f"{table}_refuse_truncate", "BEFORE TRUNCATE", table, "audit_refuse", "STATEMENT")
    for table in KEPT_FOR_GOOD:
        _trigger(f"{table}_refuse_delete", "BEFORE DELETE", table, "audit_refuse")


def _function(name: str, body: str) -> None:
    """A trigger's function. It looks into our schema first: a temporary table of the same name,
    which anybody may create, does not deceive it.
    """
    schema = op.get_bind().exec_driver_sql("SELECT quote_ident(current_schema())").scalar()
    op.execute(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql"
        f" SET search_path = {schema}, pg_temp AS $$ BEGIN {body} END $$"
    )


def _trigger(name: str, when: str, table: str, function: str, each: str = "ROW") -> None:
    op.execute(
        f"CREATE TRIGGER {name} {when} ON {table} FOR EACH {each} EXECUTE FUNCTION {function}()"
    )
