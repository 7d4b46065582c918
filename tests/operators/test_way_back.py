"""Nobody is locked out for good: a link from the host, which does what a mailed one does."""

from uuid import uuid4

import pytest
from sqlalchemy import select

from gatehouse.accounts.models import AccountStatus
from gatehouse.audit.models import AuditEntry

NEW = "eleven quiet lanterns"


def link_for(app, email: str) -> str:
    result = app.test_cli_runner().invoke(args=["reset-password", email])
    assert result.exit_code == 0, result.output
    return result.output.split()[-1]


def use(client, link: str):
    token, both = link.rpartition("/")[2], {"password": NEW, "password_confirm": NEW}
    return client.post("/api/v1/auth/reset-password", json={"token": token, **both})


def test_a_link_from_the_host_sets_a_password_once_and_ends_all_sessions(app, client, make, db):
    user = make.user(is_operator=True)
    before = make.bearer(user)

    link = link_for(app, user.email.upper())
    first, second = use(client, link), use(client, link)

    assert (first.status_code, second.status_code) == (200, 400)
    assert client.get("/api/v1/users/me", headers=before).status_code == 401
    signed_in = client.post("/api/v1/auth/login", json={"email": user.email, "password": NEW})
    assert signed_in.status_code == 200
    entries = select(AuditEntry).where(
        AuditEntry.user_id == user.id, AuditEntry.action == "account.link_made_on_host"
    )
    entry = db.scalars(entries).one()
    assert (entry.actor_kind, entry.actor_id) == ("operator", None)
    assert link.rpartition("/")[2] not in str(entry.details)


def test_nothing_changes_until_the_link_is_used(app, client, make):
    user = make.user()
    headers = make.bearer(user)

    older, newer = link_for(app, user.email), link_for(app, user.email)

    assert client.get("/api/v1/users/me", headers=headers).status_code == 200
    assert use(client, older).status_code == 400
    assert use(client, newer).status_code == 200


def test_who_has_not_claimed_the_account_gets_a_link_to_claim_it(app, make):
    user = make.user(status=AccountStatus.INACTIVE)

    assert "/activate/gha_" in link_for(app, user.email)


@pytest.mark.parametrize(
    ("status", "says"),
    [(AccountStatus.SUSPENDED, "another operator"), (None, "no such account")],
)
def test_it_lifts_no_suspension_and_makes_no_account(app, make, status, says):
    email = make.user(status=status).email if status else f"{uuid4().hex}@example.test"

    result = app.test_cli_runner().invoke(args=["reset-password", email])

    assert result.exit_code == 1
    assert says in result.output
    assert "http" not in result.output
