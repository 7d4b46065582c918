"""Rules for workloads: made, changed and deleted by the admins of an organization."""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError

from gatehouse.audit.service import record
from gatehouse.core.access import may
from gatehouse.core.context import Context
from gatehouse.core.errors import Invalid
from gatehouse.core.roles import Role
from gatehouse.locks.queries import refuse_locked
from gatehouse.organizations.service import hold_as
from gatehouse.principals.errors import RootIsForOwners
from gatehouse.principals.permissions import PrincipalPermission
from gatehouse.principals.queries import names_of
from gatehouse.principals.rules import is_for_owners
from gatehouse.ssh_ca.rules.key_ids import Holder
from gatehouse.ssh_certificates.models import Certificate
from gatehouse.ssh_certificates.queries import has_principal
from gatehouse.ssh_certificates.service import find_list, revoke_where
from gatehouse.ssh_workloads.errors import TooManyWorkloadRules, WorkloadNameTaken
from gatehouse.ssh_workloads.events import (
    WorkloadRuleChanged,
    WorkloadRuleCreated,
    WorkloadRuleDeleted,
)
from gatehouse.ssh_workloads.models import WorkloadRule
from gatehouse.ssh_workloads.permissions import WorkloadPermission
from gatehouse.ssh_workloads.queries import count_rules, get_rule, rules_of
from gatehouse.ssh_workloads.rules.claims import claims_problem
from gatehouse.ssh_workloads.rules.issuers import issuer_problem

MOST_RULES = 200
SWITCHED_OFF = {"is_active": False}
CHECKED = ("issuer", "claims", "principals")


def create_rule(ctx: Context, org_id: UUID, **fields: Any) -> WorkloadRule:
    """Raises UserLocked, Invalid, RootIsForOwners, WorkloadNameTaken, TooManyWorkloadRules."""
    role = hold_as(ctx, org_id, WorkloadPermission.MANAGE)
    refuse_locked(ctx, org_id)
    if count_rules(ctx, org_id) >= MOST_RULES:
        raise TooManyWorkloadRules
    _refuse_root(ctx, role, fields["principals"])
    _refuse_wrong(ctx, org_id, fields)
    rule = WorkloadRule(org_id=org_id, created_at=ctx.now, updated_at=ctx.now, **fields)
    ctx.db.add(rule)
    _flush(ctx)
    event = WorkloadRuleCreated(
        org_id=org_id,
        ssh_workload_id=rule.id,
        title=rule.name,
        principals=tuple(rule.principals),
    )
    record(ctx, event)
    return rule


def change_rule(ctx: Context, org_id: UUID, rule_id: UUID, **changes: Any) -> WorkloadRule:
    """What is not said stays. With a rule that is switched off ends what it has signed.

    Raises WorkloadRuleNotFound, UserLocked, Invalid, RootIsForOwners, WorkloadNameTaken.
    """
    role = hold_as(ctx, org_id, WorkloadPermission.MANAGE)
    rule = get_rule(ctx, org_id, rule_id)
    changed = {name: one for name, one in changes.items() if getattr(rule, name) != one}
    if not changed:
        return rule
    if changed != SWITCHED_OFF:
        refuse_locked(ctx, org_id)
        # Who may not give root may not say either who gets it.
        _refuse_root(ctx, role, (*rule.principals, *changed.get("principals", ())))
        _refuse_wrong(ctx, org_id, {n: changed.get(n, getattr(rule, n)) for n in CHECKED})
    ends = "is_active" in changed and rule.is_active
    if ends:
        _let_nobody_sign(ctx, org_id)
    for name, value in changed.items():
        setattr(rule, name, value)
    rule.updated_at = ctx.now
    _flush(ctx)
    event = WorkloadRuleChanged(
        org_id=org_id,
        ssh_workload_id=rule.id,
        title=rule.name,
        fields=tuple(changed),
        revoked=_revoke(ctx, rule, WorkloadRuleChanged.name) if ends else 0,
    )
    record(ctx, event)
    return rule


def delete_rule(ctx: Context, org_id: UUID, rule_id: UUID) -> None:
    """What it has signed ends with it. Raises WorkloadRuleNotFound."""
    hold_as(ctx, org_id, WorkloadPermission.MANAGE)
    rule = get_rule(ctx, org_id, rule_id)
    _let_nobody_sign(ctx, org_id)
    ctx.execute(delete(WorkloadRule).where(WorkloadRule.id == rule.id))
    event = WorkloadRuleDeleted(
        org_id=org_id,
        ssh_workload_id=rule.id,
        title=rule.name,
        revoked=_revoke(ctx, rule, WorkloadRuleDeleted.name),
    )
    record(ctx, event)


def delete_rules(ctx: Context, org_id: UUID) -> int:
    """Those of an organization that goes; its authorities go too, with what they have signed."""
    return ctx.execute(delete(WorkloadRule).where(WorkloadRule.org_id == org_id))


def end_with_principal(ctx: Context, org_id: UUID, name: str, *, reason: str) -> tuple[int, int]:
    """Switch off the rules that name a principal that there is no more, and revoke what jobs have
    got with it: whoever makes one of that name later arms no rule of before. Returns how many
    rules, and how many certificates.
    """
    _let_nobody_sign(ctx, org_id)
    active = ctx.db.scalars(rules_of(org_id).where(WorkloadRule.is_active)).all()
    ended = [rule for rule in active if name in rule.principals]
    revoked = sum(_switch_off(ctx, rule, reason) for rule in ended)
    # Certificates of rules that named it once.
    of_jobs = Certificate.holder == Holder.WORKLOAD, has_principal(name)
    return len(ended), revoked + revoke_where(ctx, org_id, *of_jobs, reason=reason).count


def _switch_off(ctx: Context, rule: WorkloadRule, reason: str) -> int:
    rule.is_active = False
    rule.updated_at = ctx.now
    revoked = _revoke(ctx, rule, reason)
    event = WorkloadRuleChanged(
        org_id=rule.org_id,
        ssh_workload_id=rule.id,
        title=rule.name,
        fields=tuple(SWITCHED_OFF),
        revoked=revoked,
    )
    record(ctx, event)
    return revoked


def _revoke(ctx: Context, rule: WorkloadRule, reason: str) -> int:
    of_rule = Certificate.holder == Holder.WORKLOAD, Certificate.holder_id == rule.id
    return revoke_where(ctx, rule.org_id, *of_rule, reason=reason).count


def _let_nobody_sign(ctx: Context, org_id: UUID) -> None:
    """Wait for those who sign, and let others wait until this act is over: they hold the list, too,
    before they look what they may sign.
    """
    find_list(ctx, org_id)


def _refuse_wrong(ctx: Context, org_id: UUID, fields: Mapping[str, Any]) -> None:
    """What no field shows by itself. Raises Invalid."""
    settings, issuer = ctx.settings, fields["issuer"]
    allowed, may_be_here = settings.outbound_allow, not settings.in_production
    if wrong := issuer_problem(issuer, allowed, may_be_here=may_be_here):
        raise Invalid(issuer=[wrong])
    if wrong := claims_problem(issuer, fields["claims"]):
        raise Invalid(claims=[wrong])
    unknown = sorted(set(fields["principals"]).difference(names_of(ctx, org_id)))
    if unknown:
        raise Invalid(principals=[f"The organization has no principal {', '.join(unknown)}."])


def _refuse_root(ctx: Context, role: Role, names: Collection[str]) -> None:
    if any(map(is_for_owners, names)) and not may(ctx, role, PrincipalPermission.MAKE_ROOT):
        raise RootIsForOwners


def _flush(ctx: Context) -> None:
    """Of several at once one gets the name."""
    try:
        ctx.db.flush()
    except IntegrityError:
        raise WorkloadNameTaken from None
