"""What can happen to SSH keys."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from gatehouse.core.events import AccountEvent


@dataclass(frozen=True, kw_only=True)
class SshKeyEvent(AccountEvent):
    resource: ClassVar[str] = "ssh_key"

    ssh_key_id: UUID
    fingerprint: str


@dataclass(frozen=True, kw_only=True)
class SshKeyAdded(SshKeyEvent):
    name = "ssh_key.added"
    says = "A person added an SSH key. It does not count before they prove it."


@dataclass(frozen=True, kw_only=True)
class SshKeyVerified(SshKeyEvent):
    name = "ssh_key.verified"
    says = "A person proved that an SSH key is theirs."


@dataclass(frozen=True, kw_only=True)
class SshKeyRefused(AccountEvent):
    name = "ssh_key.refused"
    says = "An SSH key, or the proof of one, was refused."
    is_refusal = True

    reason: str
    fingerprint: str | None = None


@dataclass(frozen=True, kw_only=True)
class SshKeyChanged(SshKeyEvent):
    name = "ssh_key.changed"
    says = "A person changed the name, the description or the end of an SSH key."

    fields: tuple[str, ...]
    expires_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class SshKeyDeleted(SshKeyEvent):
    name = "ssh_key.deleted"
    says = "A person deleted an SSH key."
