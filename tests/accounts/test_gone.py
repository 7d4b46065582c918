"""Mails about accounts and links that are no more by the time their turn comes."""

from uuid import uuid4

import pytest

from gatehouse.accounts.events import (
    AccountCreatedFor,
    AccountDisowned,
    AccountRegistered,
    EmailChangeAsked,
    EmailChanged,
    EmailChangeUndone,
    PasswordChanged,
)
from gatehouse.core.context import Origin, unit_of_work
from gatehouse.outbox.service import publish

GONE = uuid4()


@pytest.mark.parametrize(
    "event",
    [
        AccountRegistered(user_id=GONE),
        AccountCreatedFor(user_id=GONE),
        AccountDisowned(user_id=GONE),
        PasswordChanged(user_id=GONE),
        EmailChangeAsked(user_id=GONE, link_id=GONE, way_back_id=None),
        EmailChanged(user_id=GONE, link_id=GONE),
        EmailChanged(user_id=GONE, link_id=None),
        EmailChangeUndone(user_id=GONE, link_id=GONE),
    ],
    ids=lambda event: type(event).__name__,
)
def test_nobody_is_mailed_about_what_is_gone(mailbox, runtime, event):
    with unit_of_work(runtime, Origin("gone", "192.0.2.9")) as ctx:
        publish(ctx, event)

    assert mailbox.deliver() == []
    assert mailbox.left() == 0
