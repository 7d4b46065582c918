"""Whether a factor was used just now, by whoever has one."""

from gatehouse.core.access import ELEVATION, FactorOfToken
from gatehouse.core.assurance import MFA, acr_of, reaches
from gatehouse.core.context import Context
from gatehouse.core.errors import FactorMissing
from gatehouse.mfa.queries import factors_of
from gatehouse.sessions.service import refuse_without_a_fresh_factor


def refuse_without_own_factor(ctx: Context) -> None:
    """Raise StepUpRequired if the caller has a factor, and has not used one within the last 10
    minutes; FactorMissing if a program calls for them. The FreshFactor port.
    """
    if not factors_of(ctx, ctx.user_id).is_any:
        return
    if ctx.actor.client_row_id is None:
        refuse_without_a_fresh_factor(ctx)
    elif not _is_token_fresh(ctx):
        raise FactorMissing(acr_values=MFA, max_age=int(ELEVATION.total_seconds()))


def _is_token_fresh(ctx: Context) -> bool:
    """A password that was typed anew makes no factor younger."""
    if not reaches(acr_of(ctx.actor.amr), MFA):
        return False
    proved = ctx.ports[FactorOfToken](ctx)
    return proved is not None and ctx.now - proved <= ELEVATION
