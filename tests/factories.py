"""Rows for tests, each with the least it needs: ``make.member(org, Role.ADMIN)``. All committed."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import insert, update
from sqlalchemy.orm import make_transient_to_detached
from sqlalchemy.orm.attributes import set_committed_value

from gatehouse.accounts.models import AccountStatus, Credential, User
from gatehouse.accounts.ports import PasswordHasher
from gatehouse.accounts.rules import email_key
from gatehouse.audit.models import AuditSubject
from gatehouse.clients.models import Client
from gatehouse.core.context import Actor, Context, Origin, unit_of_work
from gatehouse.core.openssh.keys import read_blob
from gatehouse.core.roles import Role
from gatehouse.core.runtime import Runtime
from gatehouse.departments.models import Department, DepartmentMember
from gatehouse.departments.rules import name_key
from gatehouse.organizations.models import Invite, Member, Organization
from gatehouse.principals.models import Principal, PrincipalDepartment, PrincipalMember
from gatehouse.sessions.service import open_session
from gatehouse.ssh_ca.models import Authority, AuthorityKind
from gatehouse.ssh_ca.service import create_authority
from gatehouse.ssh_keys.models import SshKey

PASSWORD = "correct horse battery staple"


class Factory:
    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._hash = runtime.ports[PasswordHasher].hash(PASSWORD)
        self._shared: Context | None = None

    @contextmanager
    def together(self) -> Iterator[None]:
        """Commit once for all that is made inside: a commit takes longer than a row."""
        with self._work() as ctx:
            self._shared = ctx
            try:
                yield
            finally:
                self._shared = None

    def user(self, **fields: Any) -> User:
        """A person whose password is PASSWORD and whose address was verified."""
        email = fields.pop("email", None) or _new_email()
        with self._work() as ctx:
            return self._add_user(ctx, email, fields)

    def organization(self, **fields: Any) -> Organization:
        """An organization without members."""
        word = uuid4().hex[:12]
        return self._save(Organization(**{"name": f"Org {word}", "slug": f"org-{word}", **fields}))

    def member(self, org: Organization, role: Role = Role.MEMBER, **fields: Any) -> Member:
        """A new person's place in an organization, or that of ``user``."""
        user = fields.pop("user", None)
        with self._work() as ctx:
            user = user or self._add_user(ctx, _new_email(), {})
            return _insert(ctx, Member(org_id=org.id, user_id=user.id, role=role, **fields))

    def department(self, org: Organization, *members: Member, **fields: Any) -> Department:
        """A department with these members in it."""
        name = fields.pop("name", None) or f"Department {uuid4().hex[:12]}"
        found = self._save(Department(org_id=org.id, name=name, name_key=name_key(name), **fields))
        for member in members:
            self._save(DepartmentMember(department_id=found.id, user_id=member.user_id))
        return found

    def principal(
        self, org: Organization, *holders: Member | Department, **fields: Any
    ) -> Principal:
        """A principal that these members hold, and that is open to these departments."""
        name = fields.pop("name", None) or f"p{uuid4().hex[:12]}"
        found = self._save(Principal(org_id=org.id, name=name, **fields))
        for holder in holders:
            if isinstance(holder, Member):
                self._save(PrincipalMember(principal_id=found.id, user_id=holder.user_id))
            else:
                self._save(PrincipalDepartment(principal_id=found.id, department_id=holder.id))
        return found

    def authority(self, org: Organization, kind: AuthorityKind = AuthorityKind.USER) -> Authority:
        """A certificate authority of the organization, with a key that signs."""
        lives = {"default_seconds": 3600, "max_seconds": 86_400, "backdate_seconds": 300}
        with self._work() as ctx:
            return create_authority(
                ctx, org.id, kind=kind, key_type="ed25519", name=f"{kind.value}s", **lives
            )

    def ssh_key(self, who: User | Member, blob: bytes, **fields: Any) -> SshKey:
        """A key of theirs that is proved, by its blob."""
        user_id = who.id if isinstance(who, User) else who.user_id
        key, now = read_blob(blob), datetime.now(UTC)
        row = SshKey(user_id=user_id, type=key.type, blob=key.blob, bits=key.bits, comment="")
        row.fingerprint, row.application, row.name = key.fingerprint, key.application, key.type
        for name, value in {"verified_at": now, **fields}.items():
            setattr(row, name, value)
        return self._save(row)

    def client(self, org: Organization, **settings: Any) -> Client:
        """A client of the organization with these settings beside an address; no secret."""
        chosen = {"redirect_uris": ["https://app.example.com/callback"], **settings}
        word = uuid4().hex
        return self._save(Client(org_id=org.id, client_id=word, name="App", settings=chosen))

    def invite(self, org: Organization, role: Role = Role.MEMBER, **fields: Any) -> Invite:
        """A pending invitation of a new address, or of ``email``, by a new owner."""
        email = fields.pop("email", None) or _new_email()
        fields.setdefault("invited_by_id", self.member(org, Role.OWNER).user_id)
        with self._work() as ctx:
            row = Invite(org_id=org.id, email=email, email_key=email_key(email), role=role)
            row.nonce, row.expires_at = uuid4().hex, ctx.now + timedelta(days=7)
            for name, value in fields.items():
                setattr(row, name, value)
            return _insert(ctx, row)

    def session(self, user_id: UUID, *, signed_in_ago: timedelta = timedelta(0)) -> str:
        """Open a session and return its token."""
        with self._work() as ctx:
            token, session = open_session(ctx, user_id, amr=("pwd",))
            session.auth_time = ctx.now - signed_in_ago
        return token

    def session_id(self, user_id: UUID) -> UUID:
        """Open a session and return its id."""
        with self._work() as ctx:
            return open_session(ctx, user_id, amr=("pwd",))[1].id

    def bearer(self, who: User | Member, **options: Any) -> dict[str, str]:
        """The header of a new session of this person."""
        user_id = who.id if isinstance(who, User) else who.user_id
        return {"Authorization": f"Bearer {self.session(user_id, **options)}"}

    def change(self, row: Any, **fields: Any) -> None:
        """Change a row behind the application's back."""
        with self._work() as ctx:
            kind = type(row)
            ctx.db.execute(
                update(kind)
                .where(kind.id == row.id)
                .values(**fields)
                .execution_options(with_removed=True, synchronize_session=False)
            )
            owner = getattr(row, "user_id", row.id)
            ctx.forget(owner)

    def _add_user(self, ctx: Context, email: str, fields: dict[str, Any]) -> User:
        is_claimed = fields.get("status") is not AccountStatus.INACTIVE
        fields = {"email_verified": is_claimed, **fields}
        user = _insert(ctx, User(email=email, email_key=email_key(email), **fields))
        _insert(ctx, Credential(user_id=user.id, password_hash=self._hash, changed_at=ctx.now))
        _insert(ctx, AuditSubject(id=user.id, kind="user", label=email, name=user.full_name))
        return user

    @contextmanager
    def _work(self) -> Iterator[Context]:
        if self._shared is not None:
            yield self._shared
            self._shared.db.flush()
            return
        with unit_of_work(self._runtime, Origin("factory"), Actor(kind="job")) as ctx:
            yield ctx

    def _save(self, row: Any) -> Any:
        with self._work() as ctx:
            return _insert(ctx, row)


def _insert(ctx: Context, row: Any) -> Any:
    """Write a row past the unit of work of the ORM, which takes twice as long."""
    table = type(row).__table__
    given = {name: value for name, value in vars(row).items() if name in table.columns}
    written = ctx.db.connection().execute(insert(table), given).last_inserted_params()
    for name in table.columns.keys():  # noqa: SIM118 (what it iterates over are the columns)
        set_committed_value(row, name, written.get(name))
    make_transient_to_detached(row)
    return row


def _new_email() -> str:
    return f"user-{uuid4().hex[:12]}@example.test"
