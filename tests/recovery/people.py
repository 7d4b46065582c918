"""Somebody who has lost their factors, in an organization that has proven their domain."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from flask.testing import FlaskClient
from sqlalchemy import update

from gatehouse.accounts.models import User
from gatehouse.core.context import Actor, Origin, unit_of_work
from gatehouse.core.roles import Role
from gatehouse.core.runtime import Runtime
from gatehouse.domains.models import DomainStatus, OrganizationDomain
from gatehouse.mfa.models import Passkey, RecoveryCode, Totp
from gatehouse.mfa.queries import factors_of
from gatehouse.recovery.jobs import do_factor_resets
from gatehouse.recovery.models import FactorReset
from gatehouse.sessions.models import Session
from tests.factories import Factory
from tests.mailbox import Mailbox

REASON = {"reason": "I saw Kim and her passport."}
HOUR = timedelta(hours=1)
DAY = timedelta(hours=24)


class Lost:
    """``person`` has a factor, ``operator`` and ``admin`` may approve that it goes."""

    def __init__(
        self, http: FlaskClient, make: Factory, runtime: Runtime, mailbox: Mailbox
    ) -> None:
        self.http, self.make, self.runtime, self.mailbox = http, make, runtime, mailbox
        self.host = f"{uuid4().hex[:12]}.example"
        with make.together():
            self.org = make.organization(name="Marlowe <b>& Sons</b>")
            self.boss = make.user()
            self.admin = make.member(self.org, Role.ADMIN, user=self.boss)
            self.owner = make.member(self.org, Role.OWNER)
            self.person = self.somebody(f"kim@{self.host}")
            self.place = make.member(self.org, user=self.person)
            self.operator = make.user(is_operator=True)
            self.as_operator = make.bearer(self.operator)
            self.as_admin = make.bearer(self.admin)
        self.claim = self.prove(self.host)
        self.enrol(self.person.id)

    def somebody(self, email: str | None = None, **fields: Any) -> User:
        return self.make.user(email=email or f"{uuid4().hex[:12]}@{self.host}", **fields)

    def work(self) -> Any:
        return unit_of_work(self.runtime, Origin("tests"), Actor("job"))

    def save(self, *rows: Any) -> None:
        with self.work() as ctx:
            ctx.db.add_all(rows)

    def prove(self, domain: str, **fields: Any) -> OrganizationDomain:
        chosen = {"org_id": self.org.id, "status": DomainStatus.VERIFIED, **fields}
        claim = OrganizationDomain(domain=domain, challenge="proof", **chosen)
        self.save(claim)
        return claim

    def enrol(self, user_id: UUID) -> None:
        """An app whose secret nobody knows: enough to be there, and to go."""
        with self.work() as ctx:
            ctx.db.add(Totp(user_id=user_id, secret_sealed="secret-of-app", confirmed_at=ctx.now))
            code = RecoveryCode(user_id=user_id, code_hash=b"hash-of-code", counts_from=ctx.now)
            ctx.db.add(code)

    def add_passkey(self, user_id: UUID, name: str) -> None:
        key = Passkey(
            user_id=user_id,
            credential_id=uuid4().bytes,
            public_key=b"public-key",
            sign_count=0,
            name=name,
            model=uuid4(),
            is_attested=False,
            is_synced=True,
            is_backed_up=True,
            transports="internal",
        )
        self.save(key)

    def prove_factor(self, user_id: UUID, *, ago: timedelta = timedelta(0)) -> None:
        """As if all sessions of an account had used a factor."""
        with self.work() as ctx:
            own = update(Session).where(Session.user_id == user_id)
            ctx.db.execute(own.values(mfa_time=ctx.now - ago))

    def path(self, rest: str = "factor-resets", user_id: UUID | None = None) -> str:
        return f"/api/v1/admin/users/{user_id or self.person.id}/{rest}"

    def org_path(self, rest: str = "factor-resets", user_id: UUID | None = None) -> str:
        return f"/api/v1/organizations/{self.org.id}/users/{user_id or self.person.id}/{rest}"

    def approve(self, headers: Any = None, *, by_org: bool = False, **options: Any) -> Any:
        path = self.org_path(**options) if by_org else self.path(**options)
        chosen = headers or (self.as_admin if by_org else self.as_operator)
        return self.http.post(path, headers=chosen, json=REASON)

    def approved(self, *, by_org: bool = False) -> UUID:
        """Approve, and let the person be told. Returns the id of the reset."""
        reply = self.approve(by_org=by_org)
        assert reply.status_code == 201, reply.text
        self.mailbox.deliver()
        return UUID(reply.json["data"]["factor_reset"]["id"])

    def letters(self) -> list[str]:
        return [letter.subject for letter in self.mailbox.to(self.person.email)]

    def let_a_day_go_by(self) -> None:
        """As if what waits had been approved a day ago."""
        with self.work() as ctx:
            own = update(FactorReset).where(FactorReset.user_id == self.person.id)
            ctx.db.execute(own.values(due_at=ctx.now, created_at=ctx.now - DAY))

    def run(self) -> None:
        """The job, until nothing is left to be done."""
        while True:
            with self.work() as ctx:
                if not do_factor_resets(ctx):
                    break

    def has_factor(self) -> bool:
        with self.work() as ctx:
            return factors_of(ctx, self.person.id).is_any

    def reset(self, reset_id: UUID | str) -> FactorReset:
        with self.work() as ctx:
            found = ctx.db.get(FactorReset, UUID(str(reset_id)))
        assert found is not None
        return found
