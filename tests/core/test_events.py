"""What an event always says, it cannot be made without."""

from uuid import uuid4

import pytest

from gatehouse.accounts.events import AccountDeleted
from gatehouse.login.events import SignInRefused
from gatehouse.organizations.events import MemberLeft, OrganizationDeleted

ORG, USER, MEMBER = uuid4(), uuid4(), uuid4()


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        (AccountDeleted, {}),
        (OrganizationDeleted, {}),
        (MemberLeft, {"member_id": MEMBER, "user_id": USER}),
        (MemberLeft, {"member_id": MEMBER, "org_id": ORG}),
    ],
)
def test_an_event_is_not_made_without_the_ids_that_it_always_has(kind, given):
    with pytest.raises(TypeError, match="missing 1 required keyword-only argument"):
        kind(**given)


def test_an_id_that_may_be_missing_is_none():
    refused = SignInRefused(reason="unknown_account")

    assert (refused.org_id, refused.user_id, refused.resource_id) == (None, None, None)
