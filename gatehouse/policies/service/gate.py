"""The gate before all of an organization: members have, and have used, what it demands."""

from collections.abc import Mapping
from enum import StrEnum
from uuid import UUID

from gatehouse.core.access import ELEVATION
from gatehouse.core.context import Context
from gatehouse.core.errors import Forbidden, MfaComplianceRequired, NotFound, StepUpRequired
from gatehouse.organizations.permissions import OrganizationPermission
from gatehouse.policies.queries import (
    Standing,
    find_standing,
    find_standing_of_anybody,
    proof_of_session,
    standings_of,
)
from gatehouse.policies.rules import SHUT_OUT, Status, has_used, wanted_acr

# Nobody is kept in a place by its policy.
PASSES = OrganizationPermission.LEAVE
NO_MODELS: frozenset[UUID] = frozenset()


def refuse_unmet(ctx: Context, org_id: UUID, permission: StrEnum) -> None:
    """The Demands port. Raises NotFound if the place went a moment ago."""
    if permission == PASSES:
        return
    standing = find_standing(ctx, org_id, ctx.user_id)
    if standing is None:
        raise NotFound
    refuse_standing(ctx, standing)


def refuse_standing(ctx: Context, standing: Standing) -> None:
    """The same for whoever has read how the caller stands beside other things."""
    error = _refusal(ctx, standing)
    if error is not None:
        raise error


def barred(ctx: Context) -> Mapping[UUID, Forbidden]:
    """The Barred port."""
    standings = (standing for _, standing in standings_of(ctx, ctx.user_id))
    refusals = ((standing.org_id, _refusal(ctx, standing)) for standing in standings)
    return {org_id: error for org_id, error in refusals if error is not None}


def what_bars(ctx: Context, org_id: UUID) -> Forbidden | None:
    """What keeps the caller from the applications of an organization, member or not."""
    standing = find_standing_of_anybody(ctx, org_id, ctx.user_id)
    return _refusal(ctx, standing) if standing is not None else None


def bars_tokens(ctx: Context, org_id: UUID, user_id: UUID, amr: tuple[str, ...]) -> bool:
    """Whether somebody who signed in by these methods would be kept from the applications of an
    organization by now. Which model of key it was has been asked then.
    """
    standing = find_standing_of_anybody(ctx, org_id, user_id)
    if standing is None:
        return False
    status = standing.verdict.status
    is_unused = status is Status.COMPLIANT and not has_used(standing.needs, NO_MODELS, amr, None)
    return status in SHUT_OUT or is_unused


def _refusal(ctx: Context, standing: Standing) -> Forbidden | None:
    verdict = standing.verdict
    if verdict.status in SHUT_OUT:
        return MfaComplianceRequired(
            overall_status=verdict.status,
            organization_id=standing.org_id,
            missing_methods=list(verdict.missing),
            deadline_at=verdict.deadline,
        )
    if verdict.status is Status.COMPLIANT and not _has_used(ctx, standing):
        acr = wanted_acr(standing.needs)
        return StepUpRequired(acr_values=acr, max_age=int(ELEVATION.total_seconds()))
    return None


def _has_used(ctx: Context, standing: Standing) -> bool:
    """Which key it was, the session's row alone says."""
    models = standing.facts.policy.models
    amr, model = proof_of_session(ctx) if models else (ctx.actor.amr, None)
    return has_used(standing.needs, models, amr, model)
