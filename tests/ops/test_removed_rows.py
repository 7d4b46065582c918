"""What was deleted goes for good after 90 days; what lives, or went later, stays."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, update

from gatehouse.accounts.models import User
from gatehouse.audit.models import AuditEntry
from gatehouse.core.context import Origin, unit_of_work
from gatehouse.domains.models import DomainStatus, OrganizationDomain
from gatehouse.organizations.models import Member, Organization
from gatehouse.scheduler.service import run_once
from gatehouse.sessions.models import Session


def remove(runtime, model, row_id: UUID, *, days: int) -> None:
    """As if the row had been removed so many days ago."""
    with unit_of_work(runtime, Origin()) as ctx:
        row = update(model).where(model.id == row_id).execution_options(with_removed=True)
        ctx.db.execute(row.values(deleted_at=ctx.now - timedelta(days=days)))


def is_there(runtime, model, row_id: UUID) -> bool:
    with runtime.reading() as db:
        found = select(model.id).where(model.id == row_id)
        return db.scalar(found.execution_options(with_removed=True)) is not None


def purge(runtime) -> None:
    for name in ("purge_organizations", "purge_accounts", "purge_claims"):
        run_once(runtime, runtime.jobs[name])


@pytest.mark.parametrize(("days", "stays"), [(89, True), (91, False)])
def test_what_was_deleted_long_ago_is_gone_for_good_and_nothing_else(runtime, make, days, stays):
    """Threat 244."""
    org, user, other = make.organization(), make.user(), make.user()
    theirs, left = make.member(org, user=user), make.member(org, user=other)
    make.session(user.id)
    living = make.organization()
    place = make.member(living, user=other)
    for model, row in ((Organization, org), (User, user), (Member, theirs), (Member, left)):
        remove(runtime, model, row.id, days=days)

    purge(runtime)

    for model, row in ((Organization, org), (User, user), (Member, theirs), (Member, left)):
        assert is_there(runtime, model, row.id) is stays, model
    with runtime.reading() as db:
        assert (
            db.scalar(select(Session.id).where(Session.user_id == user.id)) is None
        ) is not stays
    for model, row in ((Organization, living), (User, other), (Member, place)):
        assert is_there(runtime, model, row.id)


def test_an_organization_stays_until_its_places_are_gone(runtime, make):
    """Nothing is taken along by the thousand: its members go first, a batch at a time."""
    org = make.organization()
    place = make.member(org)
    remove(runtime, Organization, org.id, days=91)
    remove(runtime, Member, place.id, days=1)

    purge(runtime)
    assert is_there(runtime, Organization, org.id)

    remove(runtime, Member, place.id, days=91)
    purge(runtime)
    assert not is_there(runtime, Organization, org.id)


def test_the_record_of_a_deleted_account_outlasts_its_row(client, runtime, make, db):
    user = make.user()
    gone = client.delete("/api/v1/users/me", headers=make.bearer(user))
    assert gone.status_code == 200
    remove(runtime, User, user.id, days=91)

    purge(runtime)

    assert not is_there(runtime, User, user.id)
    entries = select(AuditEntry.action).where(AuditEntry.user_id == user.id)
    assert "account.deleted" in db.scalars(entries).all()


@pytest.mark.parametrize(
    ("status", "days", "stays"),
    [
        (DomainStatus.PENDING, 89, True),
        (DomainStatus.PENDING, 91, False),
        (DomainStatus.VERIFIED, 400, True),
        (DomainStatus.LOST, 400, True),
    ],
)
def test_a_claim_that_nobody_proves_is_forgotten(runtime, make, status, days, stays):
    org = make.organization()
    with unit_of_work(runtime, Origin()) as ctx:
        claim = OrganizationDomain(
            org_id=org.id,
            domain=f"{uuid4().hex}.example",
            challenge="x",
            status=status,
            created_at=ctx.now - timedelta(days=days),
        )
        ctx.db.add(claim)

    purge(runtime)

    assert is_there(runtime, OrganizationDomain, claim.id) is stays
