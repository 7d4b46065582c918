"""How well the person is known, and what a client demands of that."""

from collections.abc import Sequence
from uuid import UUID

from gatehouse.clients.queries import KnownClient
from gatehouse.core.assurance import LEVELS, acr_of
from gatehouse.core.context import Context
from gatehouse.core.errors import Forbidden, StepUpRequired
from gatehouse.mfa.queries import factors_of
from gatehouse.oidc_provider.rules.asked import Asked
from gatehouse.oidc_provider.rules.strength import Demands, Lack, Strength
from gatehouse.oidc_provider.service.admission import place_named
from gatehouse.oidc_provider.service.granting import SignedIn
from gatehouse.policies.service import bars_tokens, what_bars
from gatehouse.sessions.queries import factor_proved_at


def demands_of(client: KnownClient, asked: Asked | None = None) -> Demands:
    """What a client demands of everybody, and what this request of it asks for."""
    options = client.options
    return Demands(
        needs=(options.min_acr,),
        mfa_max_age=options.mfa_max_age,
        essential=asked.essential_acr if asked else (),
        wishes=asked.acr_values if asked else (),
    )


def strength_of(ctx: Context, person: SignedIn, demands: Demands) -> Strength:
    """What they have, and when they used it, is looked up only where it matters."""
    if not demands.are_any:
        return Strength(person.amr)
    held = factors_of(ctx, person.user_id)
    best = max(held.acr, acr_of(person.amr), key=LEVELS.index)
    return Strength(person.amr, factor_proved_at(ctx, person.user_id, person.session_id), best)


def refusal_by_policy(
    ctx: Context, client: KnownClient, place: UUID | None = None
) -> Forbidden | None:
    """What the policy of the client's organization, or of the one that it is used for, has against
    the caller. It binds every sign-in to it.
    """
    errors = (what_bars(ctx, org_id) for org_id in _who_demands(client, place))
    return next((error for error in errors if error is not None), None)


def is_barred(
    ctx: Context,
    client: KnownClient,
    user_id: UUID,
    amr: Sequence[str],
    place: str | None = None,
) -> bool:
    """The same of somebody who is not there, and signed in by these methods before: what they were
    given then is not good for more of it.
    """
    named = place_named(ctx, user_id, place) if place else None
    places = _who_demands(client, named)
    return any(bars_tokens(ctx, org_id, user_id, tuple(amr)) for org_id in places)


def _who_demands(client: KnownClient, place: UUID | None) -> list[UUID]:
    """Whose policies have to be asked: most organizations demand nothing."""
    own = client.org_id if client.org_demands else None
    return [org_id for org_id in dict.fromkeys((own, place)) if org_id is not None]


def lack_of(error: Forbidden | None) -> Lack | None:
    if error is None:
        return None
    return Lack.STEP_UP if isinstance(error, StepUpRequired) else Lack.ENROL
