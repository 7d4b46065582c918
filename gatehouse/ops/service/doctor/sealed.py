"""Whether ENCRYPTION_KEY opens what lies sealed in the database and is still needed."""

from collections.abc import Iterator

from gatehouse.accounts.service import sealed_addresses
from gatehouse.core.context import Context
from gatehouse.core.crypto import CannotOpen, key_named_in
from gatehouse.core.idempotency import sealed_answers
from gatehouse.ops.service.doctor.finding import Finding, fail, ok

TRIED = 50  # of each kind, the newest
REMEDY = (
    "Put the key that is missing behind the present one: ENCRYPTION_KEY=present,missing. If nobody"
    " has it any more, what it sealed is lost: whoever waits for it must ask again."
)


def sealed(ctx: Context) -> Iterator[Finding]:
    """A key that was lost or changed is heard of here, not when somebody needs what it sealed."""
    found = [*sealed_answers(ctx, limit=TRIED), *sealed_addresses(ctx, limit=TRIED)]
    shut = [text for text, purpose in found if not _opens(ctx, text, purpose)]
    if not found:
        yield ok("sealed", "nothing is sealed that is still needed")
    elif shut:
        names = ", ".join(sorted({key_named_in(text) for text in shut}))
        says = f"{len(shut)} of {len(found)} sealed rows do not open; their key was {names}"
        yield fail("sealed", says, REMEDY)
    else:
        yield ok("sealed", f"{len(found)} sealed rows were tried, and open")


def _opens(ctx: Context, text: str, purpose: str) -> bool:
    try:
        ctx.runtime.keyring.open(text, purpose)
    except CannotOpen:
        return False
    return True
