"""Who runs this instance is said on the command line, and nowhere else."""

from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import select

from gatehouse.accounts.models import AccountStatus, Credential, User
from gatehouse.audit.models import AuditEntry
from tests.factories import Factory


def run(app: Flask, *arguments: str):
    return app.test_cli_runner().invoke(args=list(arguments))


def found(db, email: str) -> User:
    db.rollback()
    return db.scalars(select(User).where(User.email_key == email.lower())).one()


def actions_on(db, user_id) -> list[tuple[str, str, object]]:
    entries = select(AuditEntry).where(AuditEntry.user_id == user_id).order_by(AuditEntry.id)
    return [(entry.action, entry.actor_kind, entry.actor_id) for entry in db.scalars(entries)]


def test_an_account_that_is_there_is_promoted(app: Flask, make: Factory, db):
    user = make.user()

    result = run(app, "create-operator", user.email.upper())

    assert (result.exit_code, result.output) == (0, f"{user.email} is an operator now.\n")
    now = found(db, user.email)
    assert (now.is_operator, now.status, now.id) == (True, AccountStatus.ACTIVE, user.id)
    assert actions_on(db, user.id) == [("account.made_operator", "operator", None)]


def test_where_there_is_none_an_inactive_one_is_made(app: Flask, db):
    email = f"{uuid4().hex}@example.test"

    result = run(app, "create-operator", email, "--name", "Kim Doe")

    assert result.exit_code == 0
    said = f"{email} is an operator as soon as the account is claimed.\n"
    assert result.output.startswith(said)
    made = found(db, email)
    assert (made.is_operator, made.status) == (True, AccountStatus.INACTIVE)
    assert (made.full_name, made.email_verified) == ("Kim Doe", False)
    assert db.scalar(select(Credential).where(Credential.user_id == made.id)) is None
    assert [action for action, *_ in actions_on(db, made.id)] == [
        "account.created_for",
        "account.made_operator",
    ]


def test_an_unclaimed_operator_has_no_way_in(app: Flask, client):
    email = f"{uuid4().hex}@example.test"
    run(app, "create-operator", email)

    reply = client.post("/api/v1/auth/login", json={"email": email, "password": "anything at all"})

    assert reply.status_code == 401


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("create-operator", "nobody"), "e-mail address"),
        (("create-operator", "a@b.test", "--name", "x" * 256), "255"),
        (("remove-operator", "nobody"), "e-mail address"),
        (("remove-operator", "nobody-at-all@example.test"), "no such account"),
    ],
)
def test_what_cannot_be_is_said_in_a_line(app: Flask, arguments, says):
    result = run(app, *arguments)

    assert result.exit_code != 0
    assert says in result.output
    assert "Traceback" not in result.output


def test_an_operator_is_removed_and_the_account_stays(app: Flask, make: Factory, db):
    user = make.user(is_operator=True)

    result, again = (run(app, "remove-operator", user.email) for _ in range(2))

    assert (result.exit_code, again.exit_code) == (0, 1)
    assert f"{user.email} is no operator any more." in result.output
    assert "not an operator" in again.output
    assert found(db, user.email).is_operator is False
    assert actions_on(db, user.id) == [("account.operator_removed", "operator", None)]


def test_nobody_is_promoted_twice_or_while_suspended(app: Flask, make: Factory, db):
    one = make.user(is_operator=True)
    other = make.user(status=AccountStatus.SUSPENDED)

    results = [run(app, "create-operator", user.email) for user in (one, other)]

    assert [result.exit_code for result in results] == [1, 1]
    assert found(db, other.email).is_operator is False


def test_operators_are_listed_with_their_state(app: Flask, make: Factory):
    active = make.user(is_operator=True, full_name="Kim Doe")
    unclaimed = make.user(is_operator=True, status=AccountStatus.INACTIVE)
    other = make.user()

    lines = run(app, "operators", "list").output.splitlines()

    assert f"active     {active.email}  Kim Doe" in lines
    assert f"inactive   {unclaimed.email}" in lines
    assert not any(other.email in line for line in lines)
