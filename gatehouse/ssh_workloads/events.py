"""What can happen to rules for workloads, and to those who come by them."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from gatehouse.core.events import Event, OrganizationEvent


@dataclass(frozen=True, kw_only=True)
class WorkloadRuleEvent(OrganizationEvent):
    resource: ClassVar[str] = "ssh_workload"

    ssh_workload_id: UUID
    title: str


@dataclass(frozen=True, kw_only=True)
class WorkloadRuleCreated(WorkloadRuleEvent):
    name = "ssh_workload.created"
    says = "A rule was made by which jobs get SSH certificates."

    principals: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class WorkloadRuleChanged(WorkloadRuleEvent):
    """``revoked`` is how many certificates ended with it: those of a rule that was switched off."""

    name = "ssh_workload.changed"
    says = "A rule was changed by which jobs get SSH certificates."

    fields: tuple[str, ...]
    revoked: int = 0


@dataclass(frozen=True, kw_only=True)
class WorkloadRuleDeleted(WorkloadRuleEvent):
    name = "ssh_workload.deleted"
    says = "A rule was deleted by which jobs got SSH certificates. What it had signed was revoked."

    revoked: int


@dataclass(frozen=True, kw_only=True)
class WorkloadRefused(Event):
    """``reason`` is a word for what is wrong with the token, or the type of the error. ``claims``
    are the names of those that were other than a rule says: of the one rule that there was.
    """

    name = "ssh_workload.refused"
    says = "A job asked for an SSH certificate and got none."
    is_refusal = True
    resource: ClassVar[str] = "ssh_workload"

    reason: str
    ssh_workload_id: UUID | None = None
    issuer: str | None = None
    fingerprint: str | None = None
    claims: tuple[str, ...] = ()
