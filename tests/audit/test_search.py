"""What no index leads to is looked for in so many entries at a time, and found all the same."""

import pytest
from flask.testing import FlaskClient

from gatehouse.core import pagination
from tests.audit.test_routes import EVERYTHING, Office, actions, logs
from tests.factories import Factory


@pytest.fixture
def office(client: FlaskClient, make: Factory, monkeypatch) -> Office:
    monkeypatch.setattr(pagination, "SEARCHED", 2)
    return Office(client, make)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"q": "changed"}, EVERYTHING[1:]),
        ({"resource_type": "member"}, EVERYTHING[:2]),
        ({"q": "nowhere"}, []),
    ],
)
def test_cursors_lead_to_all_that_is_sought(client: FlaskClient, office: Office, query, expected):
    replies = [logs(client, office.headers, office.path, **query)]
    while cursor := replies[-1].json["meta"]["next_cursor"]:
        replies.append(logs(client, office.headers, office.path, **query, cursor=cursor))

    assert [action for reply in replies for action in actions(reply)] == expected
    assert len(replies) == 2
    is_capped = [reply.json["data"].get("count_is_capped", False) for reply in replies]
    assert is_capped == [True, False]


def test_a_full_page_of_a_search_leads_on_from_its_last_row(client: FlaskClient, office: Office):
    first = logs(client, office.headers, office.path, q="member", per_page=1)
    cursor = first.json["meta"]["next_cursor"]
    second = logs(client, office.headers, office.path, q="member", per_page=1, cursor=cursor)

    assert [actions(first), actions(second)] == [EVERYTHING[:1], EVERYTHING[1:2]]


def test_two_lists_are_searched_to_the_same_entry(client: FlaskClient, office: Office):
    """What an admin did is in their own list and in that of the organization."""
    query, seen = {"q": "changed"}, []
    while True:
        reply = logs(client, office.headers, "/api/v1/audit-logs", **query)
        seen += actions(reply)
        if not reply.json["meta"]["next_cursor"]:
            break
        query["cursor"] = reply.json["meta"]["next_cursor"]

    assert seen == EVERYTHING[1:]
