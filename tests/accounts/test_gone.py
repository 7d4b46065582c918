"""Accounts and links that are no more by the time somebody acts on them, or mails about them."""

from uuid import uuid4

import pytest

from gatehouse.accounts.errors import AccountNotFound
from gatehouse.accounts.events import (
    AccountCreatedFor,
    AccountDisowned,
    AccountRegistered,
    EmailChangeAsked,
    EmailChanged,
    EmailChangeUndone,
    PasswordChanged,
)
from gatehouse.accounts.queries import get_account, own_account
from gatehouse.accounts.service import (
    Proof,
    change_profile,
    confirm_password,
    delete_account,
    hold_confirmed_account,
    suspend_account,
)
from gatehouse.core.context import Actor, Origin, unit_of_work
from gatehouse.core.errors import InvalidToken
from gatehouse.organizations.service import create_organization
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


ACTS = {
    "a profile": lambda ctx: change_profile(ctx, full_name="Kim"),
    "a look at it": own_account,
    "a password": lambda ctx: confirm_password(ctx, "any"),
    "a proof": lambda ctx: hold_confirmed_account(ctx, Proof(ctx.user_id, "", ctx.now)),
    "an organization": lambda ctx: create_organization(ctx, name="Late"),
}


@pytest.mark.parametrize("act", ACTS)
def test_who_was_deleted_a_moment_ago_is_signed_out(runtime, act):
    """Threat 87: the session was recognised before the deletion was committed."""
    with (
        pytest.raises(InvalidToken),
        unit_of_work(runtime, Origin("gone"), Actor("user", GONE, session_id=GONE)) as ctx,
    ):
        ACTS[act](ctx)


@pytest.mark.parametrize("act", [delete_account, suspend_account, get_account])
def test_nobody_can_be_operated_on_who_is_gone(runtime, act):
    with pytest.raises(AccountNotFound), unit_of_work(runtime, Origin("gone")) as ctx:
        act(ctx, GONE)
