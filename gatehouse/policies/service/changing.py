"""Changing what an organization demands. Each act first takes hold of the organization."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from gatehouse.audit.service import record
from gatehouse.core.context import Context
from gatehouse.core.errors import Invalid
from gatehouse.core.settings import Settings
from gatehouse.organizations.queries import get_member
from gatehouse.organizations.rules import may_touch
from gatehouse.organizations.service import hold_as
from gatehouse.policies import queries
from gatehouse.policies.errors import OnlyStricterForYourself, PersonAbove
from gatehouse.policies.events import OverrideChanged, PolicyChanged
from gatehouse.policies.models import OrganizationPolicy, PersonalPolicy
from gatehouse.policies.permissions import PolicyPermission
from gatehouse.policies.rules import (
    Personal,
    Policy,
    begins_anew,
    demanded,
    demands_since,
    is_stricter,
    models_since,
    since,
)

NO_ROOTS = (
    "This service cannot tell models of passkeys: whoever operates it sets"
    " WEBAUTHN_ATTESTATION_ROOTS."
)


def change_policy(ctx: Context, org_id: UUID, **changes: Any) -> OrganizationPolicy:
    """Change what is named. Raises Invalid."""
    hold_as(ctx, org_id, PolicyPermission.MANAGE)
    policy = queries.policy_of(ctx, org_id)
    changed, planned = _planned(ctx, policy, changes)
    if not changed:
        return policy
    old = {name: getattr(policy, name) for name in changed}
    for name, value in planned.items():
        setattr(policy, name, value)
    policy.updated_at = ctx.now
    ctx.db.add(policy)
    ctx.db.flush()
    ctx.outwait_leases()
    event = PolicyChanged(org_id=org_id, version=policy.version, **_told(old, policy))
    record(ctx, event)
    return policy


def preview_policy(
    ctx: Context, org_id: UUID, **changes: Any
) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """The policy as it would be, and whom that would meet. Changes nothing. Raises Invalid."""
    policy = queries.policy_of(ctx, org_id)
    _, planned = _planned(ctx, policy, changes)
    return {"org_id": org_id, **planned}, queries.preview(ctx, org_id, planned)


def change_override(ctx: Context, org_id: UUID, user_id: UUID, **changes: Any) -> PersonalPolicy:
    """Change what is demanded of one member. Grace begins anew with what was not demanded before.

    Raises PersonAbove, OnlyStricterForYourself.
    """
    acting = hold_as(ctx, org_id, PolicyPermission.MANAGE)
    member = get_member(ctx, org_id, user_id)
    row = queries.override_of(ctx, org_id, user_id)
    before = Personal(row.override, row.force_totp, row.force_webauthn, row.since)
    after = replace(before, **changes)
    if not may_touch(acting, member.role):
        raise PersonAbove
    if user_id == ctx.user_id and not is_stricter(before, after):
        raise OnlyStricterForYourself
    old = {name: getattr(row, name) for name in changes if getattr(row, name) != changes[name]}
    if not old:
        return row
    row.since = _since(ctx, org_id, user_id, after)
    for name in old:
        setattr(row, name, changes[name])
    row.updated_at = ctx.now
    ctx.db.add(row)
    ctx.db.flush()
    ctx.outwait_leases()
    event = OverrideChanged(org_id=org_id, user_id=user_id, **_told(old, row))
    record(ctx, event)
    return row


def may_list_models(settings: Settings) -> bool:
    """Whether keys can be told apart by their makers' word."""
    return settings.webauthn.attestation_roots is not None


def _planned(
    ctx: Context, policy: OrganizationPolicy, changes: Mapping[str, Any]
) -> tuple[Iterable[str], dict[str, Any]]:
    """What would change, and all values then."""
    names = ("mode", "grace_days", "notify_days", "allowed_aaguids")
    now = {name: getattr(policy, name) for name in names}
    then = now | dict(changes)
    changed = [name for name in names if then[name] != now[name]]
    models = then["allowed_aaguids"]
    if "allowed_aaguids" in changed and models and not may_list_models(ctx.settings):
        raise Invalid.fields({"allowed_aaguids": [NO_ROOTS]})
    before = Policy(
        policy.mode,
        demands_since=policy.demands_since,
        models_since=policy.models_since,
        models=_ids(policy.allowed_aaguids),
    )
    began = {
        "demands_since": demands_since(before, then["mode"], ctx.now),
        "models_since": models_since(before, _ids(models), ctx.now),
        "version": policy.version + bool(changed),
    }
    return changed, then | began


def _since(ctx: Context, org_id: UUID, user_id: UUID, after: Personal) -> datetime | None:
    """When the grace of a member begins with another override: now, or when it did."""
    standing = queries.find_standing(ctx, org_id, user_id)
    if standing is None:  # The organization is held: nobody has left it.
        return None
    needs = demanded(standing.facts.policy.mode, after)
    if begins_anew(standing.needs, needs):
        return ctx.now
    return since(standing.facts) if needs else None


def _ids(texts: Iterable[str]) -> frozenset[UUID]:
    return frozenset(map(UUID, texts))


def _told(old: Mapping[str, Any], row: Any) -> dict[str, Any]:
    """For the record: names, and both values of each."""
    return {
        "fields": tuple(old),
        "old": tuple(map(_text, old.values())),
        "new": tuple(_text(getattr(row, name)) for name in old),
    }


def _text(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list) else str(value)
