"""What keeps a factor from being removed."""

from gatehouse.core.context import Context
from gatehouse.mfa.errors import FactorNeeded
from gatehouse.mfa.ports import FactorDemands
from gatehouse.mfa.queries import Held


def refuse_if_needed(ctx: Context, left: Held) -> None:
    """Raise FactorNeeded if an organization demands what the caller has and would not have any
    more. Hold the account first: of two removals at once neither counts on what the other takes.
    """
    names = ctx.ports[FactorDemands](
        ctx, ctx.user_id, totp=left.totp, passkeys=left.passkeys, models=left.models
    )
    if names:
        raise FactorNeeded(organizations=list(names))
