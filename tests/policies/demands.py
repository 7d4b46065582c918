"""An organization that demands something, made past the API: nobody is shut out by making it."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from gatehouse.core.context import Origin, unit_of_work
from gatehouse.core.roles import Role
from gatehouse.core.runtime import Runtime
from gatehouse.organizations.models import Member, Organization
from gatehouse.policies.models import Compliance, OrganizationPolicy, PersonalPolicy
from gatehouse.policies.rules import Mode
from tests.factories import Factory
from tests.mfa.owners import give_app, give_passkey

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
SHUT_OUT = (403, "MFA_COMPLIANCE_REQUIRED")


class Demanding:
    """``mode`` has been demanded since ``since``; whoever joins has done so before."""

    def __init__(self, make: Factory, runtime: Runtime, mode: Mode, **fields: Any) -> None:
        self.make, self.runtime = make, runtime
        self.org: Organization = make.organization()
        policy = {"mode": mode, "grace_days": 14, "notify_days": 7, "version": 1}
        began = {"demands_since": LONG_AGO, "updated_at": LONG_AGO, "allowed_aaguids": []}
        self.policy = OrganizationPolicy(org_id=self.org.id, **(policy | began | fields))
        self.add(self.policy)

    def add(self, *rows: Any) -> None:
        with unit_of_work(self.runtime, Origin()) as ctx:
            ctx.db.add_all(rows)

    def join(self, role: Role = Role.MEMBER, **fields: Any) -> Member:
        return self.make.member(self.org, role, **{"created_at": LONG_AGO, **fields})

    def give_app(self, user_id: UUID) -> None:
        give_app(self.runtime, user_id)

    def give_passkey(self, user_id: UUID, **fields: Any) -> None:
        give_passkey(self.runtime, user_id, **fields)

    def suspend(self, user_id: UUID) -> None:
        """As the job does."""
        now = datetime.now(UTC)
        self.add(Compliance(org_id=self.org.id, user_id=user_id, suspended_at=now))

    def override(self, user_id: UUID, **fields: Any) -> None:
        row = {"org_id": self.org.id, "user_id": user_id, "updated_at": LONG_AGO}
        self.add(PersonalPolicy(**row, **fields))

    def path(self, rest: str = "") -> str:
        return f"/api/v1/organizations/{self.org.id}{rest}"


def ago(**span: float) -> datetime:
    return datetime.now(UTC) - timedelta(**span)


def told(reply: Any) -> tuple[int, str]:
    return reply.status_code, reply.json["error"]["type"]
