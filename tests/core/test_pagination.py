"""Lists: bounds, totals, and cursors that visit each row once."""

from base64 import urlsafe_b64encode
from types import SimpleNamespace
from uuid import UUID, uuid4

import pytest
from marshmallow import ValidationError
from sqlalchemy import insert, select

from gatehouse.audit.models import AuditEntry
from gatehouse.core.errors import Invalid
from gatehouse.core.pagination import (
    CursorWindow,
    Page,
    Window,
    paginate,
    paginate_newest_first,
    paginate_rows,
)
from gatehouse.organizations.models import Member


def page(**fields) -> Page:
    return Page(**{"items": [], "count": 0, "page": 1, "per_page": 50, **fields})


@pytest.mark.parametrize(
    ("count", "per_page", "pages"),
    [(0, 50, 0), (1, 50, 1), (50, 50, 1), (51, 50, 2), (10_000, 1, 10_000), (7, 200, 1)],
)
def test_a_page_tells_how_many_there_are(count, per_page, pages):
    found = page(count=count, per_page=per_page)

    assert found.counts() == {"count": count, "page": 1, "per_page": per_page, "pages": pages}
    assert found.meta() == {
        "pagination": {"total": count, "page": 1, "per_page": per_page, "pages": pages},
        "next_cursor": None,
    }


def test_a_capped_total_says_so():
    found = page(count=10_000, is_capped=True, next_cursor="c")

    assert found.counts()["count_is_capped"] is True
    assert found.meta()["next_cursor"] == "c"


def test_a_page_can_be_shown_otherwise():
    found = page(items=[1, 2], count=9).map(str)

    assert (found.items, found.count) == (["1", "2"], 9)


def test_without_a_wish_it_is_the_first_page_of_fifty():
    assert Window().load({}) == {"page": 1, "per_page": 50}
    assert CursorWindow().load({}) == {"page": 1, "per_page": 50, "cursor": None}


@pytest.mark.parametrize("per_page", ["1", "200"])
def test_the_bounds_themselves_are_fine(per_page):
    assert Window().load({"per_page": per_page})["per_page"] == int(per_page)


def forged_cursors() -> list[str]:
    good = urlsafe_b64encode(UUID(int=7).bytes).decode().rstrip("=")
    return [
        "",
        "x",
        "=",
        good[:-1],
        good + "A",
        good + "==",
        good + "=",
        good + "!",
        "!" + good,
        good[:5] + "\n" + good[5:],
        good[:5] + " " + good[5:],
        good[:-1] + "x",
        str(UUID(int=7)),
        "' OR 1=1 --",
        "é" * 22,
        "\x00" * 22,
        "A" * 100_000,
    ]


@pytest.mark.parametrize("cursor", forged_cursors(), ids=range(len(forged_cursors())))
def test_a_forged_cursor_is_refused(cursor):
    """Threats 68 and 77: a cursor has one spelling."""
    with pytest.raises(ValidationError) as refused:
        CursorWindow().load({"cursor": cursor})

    assert "cursor" in refused.value.messages


def test_a_cursor_that_was_given_is_read():
    one = uuid4()
    cursor = urlsafe_b64encode(one.bytes).decode().rstrip("=")

    assert CursorWindow().load({"cursor": cursor})["cursor"] == one


@pytest.mark.parametrize(
    ("number", "per_page", "reaches"),
    [(200, 50, True), (201, 50, False), (50, 200, True), (51, 200, False), (999_999_999, 1, False)],
)
def test_pages_reach_ten_thousand_rows_deep(ctx, number, per_page, reaches):
    rows = select(Member).order_by(Member.id)

    if reaches:
        assert paginate(ctx, rows, page=number, per_page=per_page).items == []
    else:
        with pytest.raises(Invalid) as refused:
            paginate(ctx, rows, page=number, per_page=per_page)
        assert "page" in refused.value.details


def test_pages_follow_each_other_and_visit_each_row_once(ctx, make):
    org = make.organization()
    ids = [make.member(org).id for _ in range(7)]
    rows = select(Member).where(Member.org_id == org.id).order_by(Member.id)

    pages = [paginate(ctx, rows, page=number, per_page=3) for number in (1, 2, 3, 4)]

    assert [member.id for one in pages for member in one.items] == ids
    assert [len(one.items) for one in pages] == [3, 3, 1, 0]
    assert {one.count for one in pages} == {7}


def test_rows_of_several_columns_come_in_pages_too(ctx, make):
    org = make.organization()
    member = make.member(org)
    rows = select(Member.id, Member.role).where(Member.org_id == org.id).order_by(Member.id)

    found = paginate_rows(ctx, rows, page=1, per_page=10)

    assert [tuple(row) for row in found.items] == [(member.id, member.role)]
    assert found.count == 1


@pytest.fixture
def entries(ctx):
    """Write entries of one organization of its own, and return the SELECT for them."""

    def write(amount: int):
        org_id = uuid4()
        row = {
            "action": "test.done",
            "org_id": org_id,
            "actor_kind": "job",
            "resource_type": "",
            "request_id": "test",
            "success": True,
            "details": {},
        }
        if amount:
            ctx.db.execute(insert(AuditEntry), [dict(row) for _ in range(amount)])
            ctx.db.commit()
        return select(AuditEntry).where(AuditEntry.org_id == org_id)

    return write


def newest_first(ctx, rows, **window):
    window = {"page": 1, "per_page": 3, "cursor": None, **window}
    return paginate_newest_first(ctx, [rows], AuditEntry.id, **window)


def follow(ctx, rows, per_page: int):
    """Walk by cursor from the newest to the end."""
    cursor = None
    while True:
        found = newest_first(ctx, rows, per_page=per_page, cursor=cursor)
        yield from found.items
        if found.next_cursor is None:
            return
        cursor = CursorWindow().load({"cursor": found.next_cursor})["cursor"]


@pytest.mark.parametrize(
    ("amount", "per_page"), [(0, 3), (1, 3), (3, 3), (4, 3), (7, 3), (5, 1), (6, 200)]
)
def test_a_walk_by_cursor_visits_each_row_once(ctx, entries, amount, per_page):
    rows = entries(amount)
    ids = sorted(ctx.db.scalars(rows.with_only_columns(AuditEntry.id)), reverse=True)

    seen = [entry.id for entry in follow(ctx, rows, per_page)]

    assert len(ids) == amount
    assert seen == ids


def test_what_is_written_during_a_walk_neither_repeats_nor_hides_a_row(ctx, entries):
    rows = entries(5)
    ids = sorted(ctx.db.scalars(rows.with_only_columns(AuditEntry.id)), reverse=True)
    walk = follow(ctx, rows, 2)
    seen = [next(walk).id, next(walk).id]
    newer = ctx.db.scalar(rows.limit(1))
    copied = {
        column.key: getattr(newer, column.key)
        for column in AuditEntry.__mapper__.column_attrs
        if column.key not in ("id", "created_at")
    }
    ctx.db.execute(insert(AuditEntry), [copied])
    ctx.db.commit()

    seen += [entry.id for entry in walk]

    assert seen == ids


def test_pages_work_beside_cursors(ctx, entries):
    rows = entries(5)

    first, second = newest_first(ctx, rows), newest_first(ctx, rows, page=2)

    assert [len(first.items), len(second.items)] == [3, 2]
    assert first.next_cursor is not None
    assert second.next_cursor is None
    assert (first.count, first.is_capped) == (5, False)
    with pytest.raises(Invalid):
        newest_first(ctx, rows, page=10_000)


def test_totals_past_ten_thousand_are_capped(ctx, entries):
    rows = entries(10_001)

    found = newest_first(ctx, rows)

    assert (found.count, found.is_capped) == (10_000, True)
    assert found.counts()["count_is_capped"] is True
    assert found.counts()["pages"] == 3334


def test_the_last_cursor_leads_to_nothing_more(ctx, entries):
    rows = entries(1)
    only = ctx.db.scalar(rows)

    found = newest_first(ctx, rows, cursor=only.id)

    assert (found.items, found.next_cursor) == ([], None)
    assert newest_first(ctx, rows, cursor=UUID(int=0)).items == []
    assert len(newest_first(ctx, rows, cursor=UUID(int=2**128 - 1)).items) == 1


def test_a_list_over_http_has_its_window_in_data_and_in_meta(client, make):
    org = make.organization()
    members = [make.member(org) for _ in range(3)]
    headers = make.bearer(members[0])

    answer = client.get(
        f"/api/v1/organizations/{org.id}/members?page=2&per_page=2&unknown=1", headers=headers
    )

    data = SimpleNamespace(**answer.json["data"])
    assert len(data.members) == 1
    assert (data.count, data.page, data.per_page, data.pages) == (3, 2, 2, 2)
    assert answer.json["meta"] == {
        "pagination": {"page": 2, "per_page": 2, "total": 3, "pages": 2},
        "next_cursor": None,
    }
