"""Work that only reads: it begins no transaction on PostgreSQL, and changes nothing anywhere."""

from uuid import uuid4

import pytest
from sqlalchemy import delete, func, insert, select, update

from gatehouse.accounts.models import User
from gatehouse.audit.service import record
from gatehouse.core.context import Origin, unit_of_work
from gatehouse.login.events import SignInRefused


def work(runtime, *, reads_only: bool):
    return unit_of_work(runtime, Origin("test"), reads_only=reads_only)


@pytest.mark.only_on("postgresql")
@pytest.mark.parametrize(("reads_only", "status"), [(True, "IDLE"), (False, "INTRANS")])
def test_only_what_writes_begins_a_transaction(runtime, reads_only, status):
    with work(runtime, reads_only=reads_only) as ctx:
        ctx.db.scalar(select(func.count(User.id)))
        driver = ctx.db.connection().connection.driver_connection
        assert driver.info.transaction_status.name == status


NEW = uuid4()
CHANGES = {
    "an object": lambda db: db.add(User(id=NEW, email="a@b.test", email_key="a@b.test")),
    "insert": lambda db: db.execute(insert(User).values(id=NEW, email="a", email_key="a")),
    "update": lambda db: db.execute(update(User).values(full_name="x")),
    "delete": lambda db: db.execute(delete(User)),
}


@pytest.mark.only_on("postgresql")
def test_what_only_reads_writes_no_record(runtime):
    event = SignInRefused(user_id=uuid4(), reason="x")
    with pytest.raises(RuntimeError, match="only reads"), work(runtime, reads_only=True) as ctx:
        record(ctx, event)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_only_reads_changes_nothing(runtime, make, change):
    user = make.user()
    with pytest.raises(RuntimeError, match="only reads"), work(runtime, reads_only=True) as ctx:
        change(ctx.db)
    with runtime.reading() as db:
        assert db.get(User, NEW) is None
        assert db.get(User, user.id).full_name == user.full_name
