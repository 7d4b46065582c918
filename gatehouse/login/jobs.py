"""What follows a sign-in."""

from collections.abc import Callable

from gatehouse.accounts.queries import find_account
from gatehouse.core.context import Context, Ports
from gatehouse.core.reactions import Received, on
from gatehouse.login.emails import new_device_mail
from gatehouse.login.events import SignedIn
from gatehouse.mail.service import sending
from gatehouse.sessions.service import device_in_words


@on(SignedIn)
def tell_of_a_new_device(
    ctx: Context, event: SignedIn, message: Received
) -> list[Callable[[Ports], None]]:
    user = find_account(ctx, event.user_id) if event.is_new_device and event.user_id else None
    if user is None:
        return []
    mail = new_device_mail(
        device=device_in_words(ctx.origin.user_agent),
        ip=ctx.origin.ip,
        when=message.happened_at,
    )
    return sending(ctx, message, mail, to=user.email)
