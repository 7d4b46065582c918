"""How old the second factor of a program's owner is."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from gatehouse.accounts.models import User
from gatehouse.core.runtime import Runtime
from gatehouse.sessions.models import Session
from tests.factories import Factory
from tests.mfa.owners import give_app
from tests.oidc_provider.of_persons import OFFLINE, SESSION, headers_of, tokens_of
from tests.relying import Person, Rp
from tests.ssh_certificates.offices import Office


@pytest.mark.parametrize("scope", [SESSION, OFFLINE])
def test_a_password_typed_anew_makes_no_factor_younger(
    client: FlaskClient, person: Person, cli: Rp, make: Factory, user: User, runtime: Runtime, scope
):
    """Threats 127 and 214: not for certificates, and not for what matters elsewhere."""
    office = Office(client, make)
    member = make.member(office.org, user=user)
    office.key_of(member)
    ops = make.department(office.org, member)
    make.principal(office.org, ops, name="db")
    office.policy(ops, mfa_max_age=600)
    tokens_of(person, cli, scope)
    with runtime.reading() as db:
        session = db.scalar(select(Session).where(Session.user_id == user.id))

    def told_with(age: timedelta) -> tuple[int, int]:
        make.change(session, amr="pwd otp", mfa_time=session.auth_time - age)
        headers = headers_of(tokens_of(person, cli, scope)["access_token"])
        signed = office.ask(headers, organization_id=str(office.org.id))
        exported = client.get("/api/v1/users/me/export", headers=headers)
        return signed.status_code, exported.status_code

    give_app(runtime, user.id)
    assert [told_with(timedelta(minutes=age)) for age in (60, 1)] == [(401, 401), (201, 200)]
