"""What is sealed or purged cannot be taken back: it takes two clocks that agree."""

from datetime import timedelta

from gatehouse.audit.errors import ClocksApart
from gatehouse.audit.queries.seals import database_clock
from gatehouse.core.context import Context

APART = timedelta(minutes=1)


def refuse_wrong_clocks(ctx: Context) -> None:
    """Raises ClocksApart. SQLite has no clock but ours."""
    theirs = database_clock(ctx)
    if theirs is not None and abs(ctx.now - theirs) > APART:
        raise ClocksApart(seconds=round((ctx.now - theirs).total_seconds()))
