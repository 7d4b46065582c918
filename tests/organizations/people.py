"""An organization with somebody of every kind around it."""

from datetime import UTC, datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from gatehouse.core.roles import Role
from gatehouse.organizations.models import Member, Organization
from tests.factories import Factory

# Of each kind: what they get where members may read, admins may write, owners may decide.
KINDS = ("owner", "admin", "member", "guest", "stranger", "anonymous", "suspended", "invalid")
READERS = dict(zip(KINDS, (200, 200, 200, 200, 404, 401, 403, 401), strict=True))
MANAGERS = READERS | {"member": 403, "guest": 403}
OWNERS = MANAGERS | {"admin": 403}
ERRORS = {
    "member": "AUTHORIZATION_ERROR",
    "guest": "AUTHORIZATION_ERROR",
    "admin": "AUTHORIZATION_ERROR",
    "stranger": "NOT_FOUND",
    "anonymous": "AUTH_REQUIRED",
    "suspended": "MEMBERSHIP_SUSPENDED",
    "invalid": "INVALID_TOKEN",
}


class Circle:
    """An organization with two owners, and headers for whoever calls."""

    def __init__(self, make: Factory) -> None:
        self._make = make
        with make.together():
            self.org: Organization = make.organization()
            self.owner: Member = make.member(self.org, Role.OWNER)
            self.other_owner: Member = make.member(self.org, Role.OWNER)
        self.caller: Member | None = None

    def path(self, rest: str = "") -> str:
        return f"/api/v1/organizations/{self.org.id}{rest}"

    def headers(self, kind: str) -> dict[str, str]:
        """The header of a new person of this kind."""
        if kind == "anonymous":
            return {}
        if kind == "invalid":
            return {"Authorization": "Bearer ghs_nonsense"}
        with self._make.together():
            return self._bearer_of(kind)

    def _bearer_of(self, kind: str) -> dict[str, str]:
        if kind == "stranger":
            elsewhere = self._make.member(self._make.organization(), Role.OWNER)
            return self._make.bearer(elsewhere)
        fields: dict[str, Any] = {}
        if kind == "suspended":
            fields["suspended_at"] = datetime.now(UTC)
        role = Role.ADMIN if kind == "suspended" else Role(kind)
        self.caller = self._make.member(self.org, role, **fields)
        return self._make.bearer(self.caller)

    def join(self, role: Role = Role.MEMBER) -> Member:
        return self._make.member(self.org, role)

    @cached_property
    def as_owner(self) -> dict[str, str]:
        return self._make.bearer(self.owner)


def owners_of(client: Any, path: str, headers: dict[str, str]) -> set[UUID]:
    """Who owns it, as the list of members tells."""
    listed = client.get(f"{path}/members?per_page=200", headers=headers).json["data"]["members"]
    return {UUID(entry["user_id"]) for entry in listed if entry["role"] == "owner"}
