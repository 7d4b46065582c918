"""Whether a factor was used just now, by whoever has one."""

from gatehouse.core.context import Context
from gatehouse.mfa.queries import factors_of
from gatehouse.sessions.service import refuse_without_a_fresh_factor


def refuse_without_own_factor(ctx: Context) -> None:
    """Raise StepUpRequired if the caller has a factor, and has not used one within the last 10
    minutes. The FreshFactor port.
    """
    if factors_of(ctx, ctx.user_id).is_any:
        refuse_without_a_fresh_factor(ctx)
