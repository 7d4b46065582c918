"""Reading rules for workloads. Every query is bound to one organization."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select

from gatehouse.core.context import Context
from gatehouse.core.identifiers import CANONICAL
from gatehouse.organizations.models import Organization
from gatehouse.organizations.rules import SLUG
from gatehouse.ssh_workloads.errors import WorkloadRuleNotFound
from gatehouse.ssh_workloads.models import WorkloadRule


@dataclass(frozen=True, slots=True)
class Place:
    """The organization that a job names."""

    id: UUID
    slug: str


def find_place(ctx: Context, name: str) -> Place | None:
    """A living organization by its slug, or by its id."""
    if CANONICAL.fullmatch(name):
        meant = Organization.id == UUID(name)
    elif re.fullmatch(SLUG, name):
        meant = Organization.slug == name
    else:
        return None
    found = ctx.db.scalar(select(Organization).where(meant, Organization.is_active))
    return None if found is None else Place(found.id, found.slug)


def rules_of(org_id: UUID) -> Select[Any]:
    """In the order of their names."""
    own = select(WorkloadRule).where(WorkloadRule.org_id == org_id)
    return own.order_by(WorkloadRule.name, WorkloadRule.id)


def get_rule(ctx: Context, org_id: UUID, rule_id: UUID) -> WorkloadRule:
    """Raises WorkloadRuleNotFound."""
    found: WorkloadRule | None = ctx.db.scalar(rules_of(org_id).where(WorkloadRule.id == rule_id))
    if found is None:
        raise WorkloadRuleNotFound
    return found


def rules_of_issuer(
    ctx: Context, org_id: UUID, issuer: str, rule_id: UUID | None
) -> Sequence[WorkloadRule]:
    """The active rules for tokens of an issuer, or the one that is named among them."""
    rows = rules_of(org_id).where(WorkloadRule.issuer == issuer, WorkloadRule.is_active)
    if rule_id is not None:
        rows = rows.where(WorkloadRule.id == rule_id)
    found: Sequence[WorkloadRule] = ctx.db.scalars(rows).all()
    return found


def count_rules(ctx: Context, org_id: UUID) -> int:
    own = rules_of(org_id).order_by(None).with_only_columns(func.count())
    return ctx.db.scalar(own) or 0
