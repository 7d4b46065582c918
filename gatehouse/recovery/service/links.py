"""The link in the mail of an approval: it cancels the reset, and can do nothing else."""

from gatehouse.core.context import Context
from gatehouse.core.crypto import same
from gatehouse.core.links import address_of_link, mint_link, row_of_link
from gatehouse.recovery.models import FactorReset, ResetStatus
from gatehouse.recovery.queries import find_reset

PREFIX = "ghf_"
PAGE = "factor-reset"


def web_address_of(ctx: Context, reset: FactorReset) -> str:
    """Where the link leads. Made while the mail is: nothing that is stored cancels anything."""
    return address_of_link(ctx.settings, PAGE, _token(ctx, reset))


def find_by_link(ctx: Context, token: str) -> FactorReset | None:
    """The reset that a link can cancel. Looking uses nothing up."""
    reset_id = row_of_link(token, PREFIX)
    reset = find_reset(ctx, reset_id) if reset_id else None
    if reset is None or not same(token, _token(ctx, reset)):
        return None
    return reset if reset.status is ResetStatus.PENDING else None


def _token(ctx: Context, reset: FactorReset) -> str:
    """No change of the account voids it: to stop a reset must stay easy."""
    return mint_link(ctx.settings, PREFIX, reset.id, reset.nonce, "")
