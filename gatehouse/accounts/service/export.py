"""Giving a person everything that is held on them."""

from typing import Any

from gatehouse.accounts.events import AccountExported
from gatehouse.audit.service import record
from gatehouse.core.context import Context


def export_everything(ctx: Context) -> dict[str, Any]:
    """One document, a part of each domain that holds something on the caller."""
    record(ctx, AccountExported(user_id=ctx.user_id))
    parts = {part.__name__: part(ctx, ctx.user_id) for part in ctx.runtime.personal_data}
    return {"export": {"exported_at": ctx.now, **parts}}
