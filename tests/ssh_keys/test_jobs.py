"""Keys that nobody proves, those of an account that goes, and who hears of one."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from gatehouse.core.runtime import Runtime
from gatehouse.scheduler.service import run_once
from gatehouse.ssh_keys.jobs import UNPROVED_FOR
from gatehouse.ssh_keys.models import SshKey
from tests.audit.record import entry_of
from tests.factories import PASSWORD, Factory
from tests.ssh_keys.owners import KeyOwner


def keys_left(runtime: Runtime, owner: KeyOwner) -> list[str]:
    with runtime.reading() as db:
        rows = db.scalars(select(SshKey).where(SshKey.user_id == owner.user.id).order_by(SshKey.id))
        return [row.fingerprint for row in rows]


def test_a_key_that_nobody_proves_for_a_week_is_deleted(
    owner: KeyOwner, runtime: Runtime, make: Factory, clock: Any
):
    proved, left, young = owner.key(), owner.key(), owner.key()
    owner.verified(proved)
    owner.add(left)
    clock.shift(UNPROVED_FOR - timedelta(seconds=1))
    owner.headers = make.bearer(owner.user)
    owner.add(young)
    run_once(runtime, runtime.jobs["purge_ssh_keys"])
    assert keys_left(runtime, owner) == [key.fingerprint for key in (proved, left, young)]

    clock.shift(1)
    run_once(runtime, runtime.jobs["purge_ssh_keys"])

    assert keys_left(runtime, owner) == [key.fingerprint for key in (proved, young)]


def test_the_keys_of_an_account_go_with_it(owner: KeyOwner, runtime: Runtime):
    """Threat 124."""
    owner.verified()
    owner.add(owner.key())

    gone = owner.http.delete("/api/v1/users/me", json={"password": PASSWORD}, headers=owner.headers)

    assert gone.status_code == 200, gone.text
    assert keys_left(runtime, owner) == []
    assert entry_of(owner.http, gone).details["ssh_keys_deleted"] == 2


def test_the_owner_hears_of_a_key_once_it_counts(owner: KeyOwner, mailbox: Any):
    mailbox.empty()
    key = owner.key(comment="<b>ann</b>@laptop")
    added = owner.add(key).json["data"]
    mailbox.deliver()
    assert mailbox.to(owner.user.email) == []

    owner.prove(key, added["challenge"])
    mailbox.deliver()

    [letter] = mailbox.to(owner.user.email)
    assert letter.subject == "An SSH key was added to your account"
    assert key.fingerprint in letter.text
    assert "<b>" not in letter.html


def test_an_export_has_the_keys(owner: KeyOwner):
    key = owner.key()
    owner.verified(key)

    told = owner.http.get("/api/v1/users/me/export", headers=owner.headers)

    [shown] = told.json["data"]["export"]["ssh_keys"]
    assert (shown["fingerprint"], shown["type"]) == (key.fingerprint, "ssh-ed25519")
