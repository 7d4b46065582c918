"""What happens to signing keys by itself."""

from datetime import timedelta

from gatehouse.core.context import Context
from gatehouse.core.reactions import every
from gatehouse.signing_keys import service


@every(timedelta(hours=1))
def rotate_signing_keys(ctx: Context) -> int:
    """Publish, activate and retire signing keys, each when it is due."""
    return service.advance(ctx)
