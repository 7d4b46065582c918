"""Times, removed rows, and uniqueness among the living, on both databases."""

from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID, uuid4

import psycopg
import pytest
from sqlalchemy import delete, exists, func, select, text, update
from sqlalchemy.exc import IntegrityError, StatementError
from sqlalchemy.orm import aliased, selectinload

from gatehouse.accounts.models import Credential, User
from gatehouse.core.db import committing_each, in_batches, make_engine
from gatehouse.core.logging import Lines
from gatehouse.core.pagination import paginate
from gatehouse.core.roles import Role
from gatehouse.organizations.models import Member, Organization
from tests.core.test_logging import record

GONE = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def removed(make) -> User:
    user = make.user()
    make.change(user, deleted_at=GONE)
    return user


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 3, 29, 0, 59, 59, 999_999, tzinfo=UTC),
        datetime(2026, 10, 25, 2, 30, tzinfo=timezone(timedelta(hours=2))),
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime(9999, 12, 31, 12, tzinfo=timezone(timedelta(hours=-11))),
    ],
)
def test_a_time_comes_back_aware_in_utc_to_the_microsecond(db, make, moment):
    """Threat 240."""
    user = make.user(last_login_at=moment)

    found = db.get(User, user.id).last_login_at

    assert found == moment
    assert found.utcoffset() == timedelta(0)


def test_a_time_without_a_zone_is_refused(ctx):
    naive = datetime(2026, 1, 1)  # noqa: DTZ001 - that is the point

    with pytest.raises(StatementError, match="naive"):
        ctx.db.execute(update(User).where(User.id == uuid4()).values(last_login_at=naive))
    with pytest.raises(StatementError, match="naive"):
        ctx.db.execute(select(User).where(User.created_at < naive))
    ctx.db.rollback()


def test_times_are_compared_as_moments_not_as_text(db, make):
    """Threat 240."""
    early = datetime(2026, 1, 1, 12, tzinfo=timezone(timedelta(hours=5)))
    late = datetime(2026, 1, 1, 8, tzinfo=UTC)
    user = make.user(last_login_at=early)

    assert db.scalar(select(User.id).where(User.id == user.id, User.last_login_at < late))


def test_ids_are_uuids_in_the_order_of_their_making(make):
    ids = [make.organization().id for _ in range(5)]

    assert all(isinstance(one, UUID) and one.version == 7 for one in ids)
    assert ids == sorted(ids)


def test_removed_rows_are_passed_over_by_every_select(db, removed):
    is_it = User.id == removed.id
    other = aliased(User)
    subquery = select(User.id).where(is_it).subquery()

    assert db.get(User, removed.id) is None
    assert db.scalar(select(User).where(is_it)) is None
    assert db.scalar(select(User.email).where(is_it)) is None
    assert db.scalar(select(func.count()).select_from(User).where(is_it)) == 0
    assert db.scalar(select(other).where(other.id == removed.id)) is None
    assert db.scalar(select(func.count()).select_from(subquery)) == 0
    assert db.scalar(select(exists().where(is_it))) is False
    assert (
        db.scalar(select(Credential.id).where(Credential.user_id.in_(select(User.id).where(is_it))))
        is None
    )
    assert db.scalars(select(User).where(is_it).union(select(User).where(is_it))).all() == []


def test_removed_rows_are_passed_over_in_joins_and_relationships(db, make):
    org = make.organization()
    stays, goes = make.member(org), make.member(org)
    make.change(goes, deleted_at=GONE)

    rows = db.scalars(
        select(Member).where(Member.org_id == org.id).options(selectinload(Member.user))
    ).all()
    joined = db.scalars(
        select(User.id).join(Member, Member.user_id == User.id).where(Member.org_id == org.id)
    ).all()

    assert [row.id for row in rows] == [stays.id]
    assert rows[0].user.id == stays.user_id
    assert joined == [stays.user_id]


def test_removed_rows_are_not_counted_by_a_page(ctx, make):
    org = make.organization()
    make.change(make.member(org), deleted_at=GONE)
    make.member(org)

    rows = select(Member).where(Member.org_id == org.id).order_by(Member.id)

    assert paginate(ctx, rows, page=1, per_page=10).count == 1


def test_removed_rows_are_neither_updated_nor_deleted(ctx, db, removed):
    is_it = User.id == removed.id

    assert ctx.execute(update(User).where(is_it).values(full_name="Eve")) == 0
    assert ctx.execute(delete(User).where(is_it)) == 0


def test_whoever_says_so_sees_removed_rows(ctx, removed):
    shown = {"with_removed": True}
    is_it = User.id == removed.id

    assert ctx.db.get(User, removed.id, execution_options=shown).id == removed.id
    assert ctx.db.scalar(select(User).where(is_it), execution_options=shown).deleted_at == GONE
    rename = update(User).where(is_it).values(full_name="Eve")
    assert ctx.execute(rename.execution_options(with_removed=True)) == 1


def test_rows_that_cannot_be_removed_are_left_alone(db, removed):
    found = db.scalar(select(Credential).where(Credential.user_id == removed.id))

    assert found is not None


def test_what_is_unique_is_unique_among_the_living_only(ctx, make):
    first = make.organization(slug=f"slug-{uuid4().hex}")
    make.change(first, deleted_at=GONE)

    second = make.organization(slug=first.slug)

    with pytest.raises(IntegrityError):
        make.organization(slug=first.slug)
    assert second.id != first.id
    make.change(second, deleted_at=GONE)
    make.organization(slug=first.slug)


def test_a_person_has_one_place_in_an_organization(make):
    org, user = make.organization(), make.user()
    first = make.member(org, user=user)

    with pytest.raises(IntegrityError):
        make.member(org, Role.ADMIN, user=user)

    make.change(first, deleted_at=GONE)
    make.member(org, Role.ADMIN, user=user)


def test_foreign_keys_hold(ctx):
    with pytest.raises(IntegrityError):
        ctx.db.execute(
            Credential.__table__.insert().values(
                id=uuid4(),
                created_at=GONE,
                user_id=uuid4(),
                password_hash="x",
                changed_at=GONE,
            )
        )
        ctx.db.commit()
    ctx.db.rollback()


def test_a_statement_that_fails_is_logged_without_its_values(ctx, make):
    """Threat 75: the values hold hashes of passwords and tokens."""
    user = make.user()
    stored = ctx.db.scalar(select(Credential.password_hash).where(Credential.user_id == user.id))

    with pytest.raises(IntegrityError) as failed:
        ctx.db.execute(
            Credential.__table__.insert().values(
                id=uuid4(),
                created_at=GONE,
                user_id=user.id,
                password_hash=stored,
                changed_at=GONE,
            )
        )
    ctx.db.rollback()

    line = Lines(as_json=True).format(record("Unexpected error", error=failed.value))
    assert "credentials" in line
    assert stored not in line
    assert stored[-20:] not in line


def test_a_word_is_kept_as_text(ctx, db, make):
    member = make.member(make.organization(), Role.GUEST)

    statement = text("SELECT role FROM members WHERE user_id = :user_id")
    is_text = ctx.db.bind.dialect.name == "sqlite"
    user_id = member.user_id.hex if is_text else member.user_id

    assert db.execute(statement, {"user_id": user_id}).scalar() == "guest"
    assert db.get(Member, member.id).role is Role.GUEST


def test_an_organization_has_settings_as_json(db, make):
    organization = make.organization(settings={"a": [1, None, {"ü": "\u2028"}]})

    assert db.get(Organization, organization.id).settings == {"a": [1, None, {"ü": "\u2028"}]}


@pytest.mark.parametrize(
    ("amount", "sizes"), [(0, []), (1, [1]), (3, [3]), (4, [3, 1]), (7, [3, 3, 1])]
)
def test_ids_are_cut_into_batches(amount, sizes):
    ids = [uuid4() for _ in range(amount)]

    batches = list(in_batches(iter(ids), 3))

    assert [len(batch) for batch in batches] == sizes
    assert [one for batch in batches for one in batch] == ids


def test_no_connection_is_left_waiting_for_a_commit(shared_servers):
    """A level of isolation that SQLAlchemy sets would leave it so, for whoever has it next."""
    engine = make_engine(shared_servers.postgres.url("postgres"))
    try:
        other = engine.execution_options(isolation_level="SERIALIZABLE")
        with pytest.raises(psycopg.NotSupportedError, match="SET TRANSACTION"), other.connect():
            pass

        with engine.begin() as db:
            db.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
            assert db.scalar(text("SHOW transaction_isolation")) == "repeatable read"
        with committing_each(engine).connect() as db:
            assert db.scalar(text("SHOW transaction_isolation")) == "read committed"
            assert db.connection.driver_connection.autocommit
    finally:
        engine.dispose()


def test_what_commits_each_statement_has_committed_it(ctx, make):
    """Whatever is done with the connection afterwards."""
    user = make.user()
    with committing_each(ctx.runtime.engine).connect() as db:
        db.execute(update(User).where(User.id == user.id).values(full_name="Ada"))
        db.rollback()

    assert ctx.db.scalar(select(User.full_name).where(User.id == user.id)) == "Ada"
