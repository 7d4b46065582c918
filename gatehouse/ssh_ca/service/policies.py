"""Changing what departments and organizations demand of certificates."""

from collections.abc import Collection
from dataclasses import asdict, replace
from typing import Any
from uuid import UUID

from sqlalchemy import update

from gatehouse.audit.service import record
from gatehouse.core.context import Context
from gatehouse.core.db import insert_unless_there
from gatehouse.core.errors import Invalid
from gatehouse.ssh_ca.events import DepartmentCertPolicyChanged, OrganizationCertPolicyChanged
from gatehouse.ssh_ca.models import DepartmentCertPolicy, OrganizationCertPolicy
from gatehouse.ssh_ca.queries import policy_of_department, policy_of_organization
from gatehouse.ssh_ca.rules.policies import STANDARD, DepartmentPolicy, OrganizationPolicy


def change_department_policy(
    ctx: Context, org_id: UUID, department_id: UUID, **changes: Any
) -> DepartmentPolicy:
    """What is not said stays as it is. Raises DepartmentNotFound, Invalid."""
    before = policy_of_department(ctx, org_id, department_id)
    after = replace(before, **_with_extensions(before, changes))
    if after.default_seconds > after.max_seconds:
        raise Invalid(default_expiry_hours=["Must not be above max_expiry_hours."])
    changed = _changed(before, after)
    if not changed:
        return after
    values = {name: _plain(value) for name, value in asdict(after).items() if name != "name"}
    _write(ctx, DepartmentCertPolicy, "department_id", values)
    event = DepartmentCertPolicyChanged(org_id=org_id, department_id=department_id, fields=changed)
    record(ctx, event)
    return after


def change_organization_policy(ctx: Context, org_id: UUID, **changes: Any) -> OrganizationPolicy:
    """What is not said stays as it is."""
    before = policy_of_organization(ctx, org_id)
    after = replace(before, **changes)
    changed = _changed(before, after)
    if changed:
        _write(ctx, OrganizationCertPolicy, "org_id", {"org_id": org_id, **asdict(after)})
        record(ctx, OrganizationCertPolicyChanged(org_id=org_id, fields=changed))
    return after


def _with_extensions(before: DepartmentPolicy, changes: dict[str, Any]) -> dict[str, Any]:
    """Both kinds are one set for the rules: of the kind that is not sent, what was there stays."""
    standard = changes.pop("allowed_extensions", before.extensions & STANDARD)
    custom = changes.pop("custom_extensions", before.extensions - STANDARD)
    return {**changes, "extensions": frozenset((*standard, *custom))}


def _changed(before: Any, after: Any) -> tuple[str, ...]:
    old, new = asdict(before), asdict(after)
    return tuple(name for name in new if old[name] != new[name])


def _write(ctx: Context, model: Any, key: str, values: dict[str, Any]) -> None:
    """Insert the row, or change the one that is there."""
    stamped = {**values, "updated_at": ctx.now}
    if not insert_unless_there(ctx.db, model, {**stamped, "created_at": ctx.now}):
        ctx.execute(update(model).where(getattr(model, key) == values[key]).values(**stamped))


def _plain(value: Any) -> Any:
    """As JSON columns hold it."""
    if isinstance(value, Collection) and not isinstance(value, str):
        return sorted(map(str, value))
    return value
