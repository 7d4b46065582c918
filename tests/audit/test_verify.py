"""Verifying: whatever is done to the record, the first bad row or block is named (threat 209)."""

import json
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete, insert, text, update

from gatehouse.audit.models import BLOCK_ENTRIES, AuditBlock, AuditEntry
from gatehouse.audit.rules.hashing import entry_hash
from tests.audit.ledger import LINKS, Ledger, cut_off_the_tail, heads_of, id_of


def first(ledger: Ledger, **options):
    """The first finding: what, in which block, which row, what it says it did."""
    finding = ledger.findings(**options)[0]
    return finding.kind, finding.block, finding.entry_id, finding.action


def test_what_was_counted_is_told(sealed: Ledger):
    check, found = sealed.verify()

    assert (check.blocks, check.entries, check.unsealed, found) == (3, 13, 1, [])
    assert check.newest.hash == sealed.blocks()[2].hash


COLUMNS = [
    ("action", "test.other"),
    ("org_id", UUID(int=7)),
    ("actor_kind", "user"),
    ("actor_id", UUID(int=7)),
    ("user_id", UUID(int=7)),
    ("resource_type", "x"),
    ("resource_id", UUID(int=7)),
    ("ip", "192.0.2.1"),
    ("user_agent", "x"),
    ("request_id", "x"),
    ("success", False),
    ("details", {"n": 5, "text": "e"}),
    ("created_at", datetime.now(UTC)),
]


@pytest.mark.parametrize(("column", "value"), COLUMNS, ids=[name for name, _ in COLUMNS])
def test_an_edit_of_any_column_is_named(sealed: Ledger, column, value):
    victim = sealed.entries()[5]

    sealed.tamper(update(AuditEntry).where(AuditEntry.id == victim.id).values({column: value}))

    [finding] = sealed.findings()
    assert (finding.kind, finding.block, finding.entry_id) == ("changed", 2, victim.id)
    assert finding.action == ("test.other" if column == "action" else victim.action)


def setting(change: str, entry_id: str) -> str:
    """A statement as somebody would type it, which need not fit the column."""
    return f"UPDATE audit_entries SET {change} WHERE id = '{entry_id}'"  # noqa: S608


@pytest.mark.parametrize(
    "change",
    [
        "details = '{'",
        "details = '[1'",
        "created_at = 'nonsense'",
        "created_at = 17",
        "success = 7",
        "ip = x'ff'",
        "org_id = 'x'",
        "org_id = '{00000000-0000-0000-0000-000000000007}'",
        "actor_id = 5",
        "action = x'fffe'",
    ],
)
@pytest.mark.only_on("sqlite")  # PostgreSQL's types refuse it.
def test_a_spoilt_row_is_named_and_the_walk_goes_on(sealed: Ledger, change):
    victim, other = sealed.entries()[5].id, sealed.entries()[10].id

    sealed.tamper(
        setting(change, victim.hex), update(AuditEntry).where(AuditEntry.id == other).values(ip="x")
    )

    assert [finding.entry_id for finding in sealed.findings()] == [victim, other]


@pytest.mark.parametrize(
    "change",
    [
        "created_at = 'infinity'",
        "created_at = '-infinity'",
        "created_at = '4713-01-01 BC'",
        f"details = '{{\"n\": {'9' * 5000}}}'",
        "details = '\"\\ud800\"'",
    ],
    ids=lambda change: change[:30],
)
@pytest.mark.only_on("postgresql")
def test_values_that_only_postgresql_has_are_named_too(sealed: Ledger, change):
    victim = sealed.entries()[5].id

    with sealed.runtime.engine.begin() as db:
        sealed.disarm()
        db.exec_driver_sql(setting(change, str(victim)))

    assert [finding.entry_id for finding in sealed.findings()] == [victim]


def test_a_changed_id_is_one_removed_and_one_added(sealed: Ledger):
    victim = sealed.entries()[5]
    forged = id_of(victim.created_at)

    sealed.tamper(update(AuditEntry).where(AuditEntry.id == victim.id).values(id=forged))

    assert [(f.kind, f.block, f.entry_id) for f in sealed.findings()] == [
        ("removed", 2, victim.id),
        ("added", None, forged),
    ]


def test_a_deletion_is_named(sealed: Ledger):
    victim = sealed.entries()[5].id

    sealed.tamper(delete(AuditEntry).where(AuditEntry.id == victim))

    assert first(sealed) == ("removed", 2, victim, None)


def test_a_deletion_with_its_place_in_the_block_is_named_by_the_row_that_follows(sealed: Ledger):
    victim, follower = sealed.entries()[5].id, sealed.entries()[6]

    sealed.tamper(
        delete(AuditEntry).where(AuditEntry.id == victim),
        delete(BLOCK_ENTRIES).where(LINKS.entry_id == victim),
    )

    assert first(sealed) == ("removed", 2, follower.id, follower.action)


def test_an_entry_whose_place_in_the_block_was_removed_is_in_none(sealed: Ledger):
    victim = sealed.entries()[5].id

    sealed.tamper(delete(BLOCK_ENTRIES).where(LINKS.entry_id == victim))

    found = [(finding.kind, finding.block, finding.entry_id) for finding in sealed.findings()]
    assert found == [("removed", 2, sealed.entries()[6].id), ("added", None, victim)]


def copy_of(entry: AuditEntry, **fields):
    names = [column.key for column in AuditEntry.__table__.columns]
    return insert(AuditEntry).values({name: getattr(entry, name) for name in names} | fields)


@pytest.mark.parametrize("made_of", [id_of, lambda _: uuid4(), lambda _: UUID(int=0)])
def test_an_entry_inserted_among_old_ones_is_named(sealed: Ledger, made_of):
    model = sealed.entries()[5]
    forged = made_of(model.created_at)

    sealed.execute(copy_of(model, id=forged))

    assert first(sealed) == ("added", None, forged, model.action)
    sealed.seal()
    assert first(sealed) == ("added", None, forged, model.action)


def test_an_entry_inserted_today_about_yesterday_is_named(sealed: Ledger):
    model, forged = sealed.entries()[5], id_of(datetime.now(UTC) - timedelta(minutes=2))

    sealed.execute(copy_of(model, id=forged))
    sealed.seal()

    assert first(sealed) == ("added", None, forged, model.action)


def test_an_entry_put_into_the_middle_of_a_block_is_named(sealed: Ledger):
    model = sealed.entries()[5]
    forged = id_of(model.created_at)
    link = {"entry_id": forged, "block_number": 2, "hash": bytes(32)}

    sealed.tamper(
        copy_of(model, id=forged),
        update(BLOCK_ENTRIES)
        .where(LINKS.block_number == 2, LINKS.position >= 2)
        .values(position=LINKS.position + 100),
        update(BLOCK_ENTRIES)
        .where(LINKS.block_number == 2, LINKS.position >= 100)
        .values(position=LINKS.position - 99),
        insert(BLOCK_ENTRIES).values(position=2, **link),
    )

    assert first(sealed)[:3] == ("changed", 2, forged)


def test_a_forged_entry_with_a_fitting_seal_in_a_block_is_named(sealed: Ledger):
    model = sealed.entries()[5]
    forged = id_of(model.created_at)
    sealed.tamper(copy_of(model, id=forged))
    values = {column.key: getattr(model, column.key) for column in AuditEntry.__table__.columns}
    own = entry_hash({**values, "id": forged, "details": json.dumps(model.details)})
    link = {"entry_id": forged, "block_number": 2, "position": 4, "hash": own}

    sealed.execute(insert(BLOCK_ENTRIES).values(link))

    assert first(sealed) == ("added", 2, forged, model.action)


def test_swapped_places_are_named(sealed: Ledger):
    one, two = sealed.sealed_ids(2)[1:3]

    sealed.tamper(
        update(BLOCK_ENTRIES).where(LINKS.entry_id == one).values(position=50),
        update(BLOCK_ENTRIES).where(LINKS.entry_id == two).values(position=1),
        update(BLOCK_ENTRIES).where(LINKS.entry_id == one).values(position=2),
    )

    assert first(sealed)[:3] == ("changed", 2, one)


def test_swapped_contents_are_named(sealed: Ledger):
    one, two = sealed.entries()[5:7]

    sealed.tamper(
        update(AuditEntry).where(AuditEntry.id == one.id).values(action=two.action),
        update(AuditEntry).where(AuditEntry.id == two.id).values(action=one.action),
    )

    assert [finding.entry_id for finding in sealed.findings()] == [one.id, two.id]


def numbered(old: int, new: int):
    return update(AuditBlock).where(AuditBlock.number == old).values(number=new)


def test_swapped_blocks_are_named(sealed: Ledger):
    sealed.tamper(numbered(1, 99), numbered(2, 1), numbered(99, 2))

    assert first(sealed)[:2] == ("changed", 1)


def test_a_renumbered_block_is_named(sealed: Ledger):
    sealed.tamper(
        numbered(3, 4),
        update(BLOCK_ENTRIES).where(LINKS.block_number == 3).values(block_number=4),
    )

    found = [(finding.kind, finding.block) for finding in sealed.findings()]
    assert found[:2] == [("removed", 3), ("changed", 4)]


@pytest.mark.parametrize("number", [1, 2])
def test_a_removed_block_is_named_and_so_are_its_rows(sealed: Ledger, number):
    ids = sealed.sealed_ids(number)

    sealed.tamper(
        delete(AuditBlock).where(AuditBlock.number == number),
        delete(BLOCK_ENTRIES).where(LINKS.block_number == number),
    )

    found = [(finding.kind, finding.block, finding.entry_id) for finding in sealed.findings()]
    assert found[0] == ("removed", number, None)
    assert [row for kind, _, row in found if kind == "added"] == ids


@pytest.mark.parametrize("number", [1, 3])
def test_a_block_removed_from_above_its_list_is_named(sealed: Ledger, number):
    sealed.tamper(delete(AuditBlock).where(AuditBlock.number == number))

    found = [(finding.kind, finding.block, finding.entry_id) for finding in sealed.findings()]
    assert ("removed", number, sealed.sealed_ids(number)[0]) in found


@pytest.mark.parametrize(
    "change",
    [
        {"hash": bytes(32)},
        {"previous_hash": bytes(32)},
        {"created_at": datetime(2020, 1, 1, tzinfo=UTC)},
        {"sealed_until": datetime(2020, 1, 1, tzinfo=UTC)},
        {"newest_id": UUID(int=1)},
        {"entry_count": 3},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_changed_block_is_named(sealed: Ledger, change):
    sealed.tamper(update(AuditBlock).where(AuditBlock.number == 2).values(change))

    assert first(sealed)[:2] == ("changed", 2)


def test_a_row_changed_with_its_seal_breaks_its_block(sealed: Ledger):
    victim = sealed.entries()[5]
    values = {column.key: getattr(victim, column.key) for column in AuditEntry.__table__.columns}
    own = entry_hash({**values, "ip": "x", "details": json.dumps(victim.details)})

    sealed.tamper(
        update(AuditEntry).where(AuditEntry.id == victim.id).values(ip="x"),
        update(BLOCK_ENTRIES).where(LINKS.entry_id == victim.id).values(hash=own),
    )

    assert first(sealed)[:2] == ("changed", 2)


def test_a_tail_that_was_cut_off_is_named_by_the_heads_kept_outside(sealed: Ledger):
    heads = heads_of(sealed)
    last = cut_off_the_tail(sealed)

    assert sealed.findings() == []
    assert first(sealed, heads=heads)[:3] == ("removed", 3, str(last))


def test_a_tail_that_was_sealed_anew_is_named_by_the_heads(sealed: Ledger):
    """Who owns the database can compute every hash again; not those that lie elsewhere."""
    heads = heads_of(sealed)
    cut_off_the_tail(sealed)
    sealed.fill(4, timedelta(hours=2, minutes=30))
    sealed.seal()

    assert sealed.findings() == []
    assert first(sealed, heads=heads)[:2] == ("changed", 3)


def test_a_chain_forged_from_its_first_block_on_is_named_by_the_heads(sealed: Ledger):
    heads = heads_of(sealed)
    victim = sealed.entries()[1].id
    sealed.tamper(
        delete(BLOCK_ENTRIES),
        delete(AuditBlock),
        update(AuditEntry).where(AuditEntry.id == victim).values(ip="x"),
    )
    sealed.seal()

    assert sealed.findings() == []
    assert [finding.block for finding in sealed.findings(heads)] == [1, 2, 3]


def test_entries_that_nobody_seals_are_told_at_once(sealed: Ledger):
    ids = sealed.fill(3, timedelta(hours=2))

    [finding] = sealed.findings()

    assert (finding.kind, finding.entry_id) == ("unsealed", ids[0])
    assert "seal_audit must run" in finding.says


def test_nothing_is_wrong_with_nothing(ledger: Ledger):
    assert ledger.findings() == []


def test_a_purged_block_that_is_not_there_is_named(sealed: Ledger):
    now = datetime.now(UTC)
    values = {"id": uuid4(), "purge_id": uuid4(), "at": now, "hash": bytes(32)}
    if sealed.is_sqlite:
        values |= {"id": values["id"].hex, "purge_id": values["purge_id"].hex, "at": str(now)[:26]}
    sealed.disarm()
    with sealed.runtime.engine.begin() as db:
        db.execute(
            text(
                "INSERT INTO audit_retention (id, purge_id, created_at, block_hash, block_number,"
                " retention_days) VALUES (:id, :purge_id, :at, :hash, 77, 1)"
            ),
            values,
        )

    assert first(sealed)[:2] == ("removed", 77)
