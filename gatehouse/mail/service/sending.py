"""Sending mails, not too many of them to anybody."""

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlsplit

from gatehouse.core.context import Context, Ports
from gatehouse.core.crypto import fingerprint
from gatehouse.core.reactions import Postponed, Received
from gatehouse.mail.ports import Letter, Mailer
from gatehouse.mail.service.form import Mail, render

MOST_IN_AN_HOUR = 5  # to one address, of each kind: links, invitations, places, changes, notices
HOUR = 3600


def sending(
    ctx: Context,
    message: Received,
    mail: Mail,
    *,
    to: str,
    reply_to: str | None = None,
    part: str = "mail",
) -> list[Callable[[Ports], None]]:
    """What a handler returns to have ``mail`` sent once its transaction is over.

    ``part`` tells the mails of one message apart.
    """
    subject, text, html = render(mail, ctx.settings.service_name, ctx.settings.app_url)
    host = urlsplit(ctx.settings.app_url).hostname
    letter = Letter(to, subject, text, html, f"<{message.id}.{part}@{host}>", reply_to)
    return [lambda ports: ports[Mailer].send(letter)]


def refuse_to_flood(ctx: Context, message: Received, to_key: str, *, of: str = "links") -> None:
    """Put a mail off that would be one too many ``of`` its kind to this address within an hour.

    Call it before the transaction begins, for a mail that would be sent. Raises Postponed.
    """
    left = _seconds_over(ctx, message, to_key, of)
    if left is not None:
        raise Postponed(timedelta(seconds=left + 1))


def is_too_many(ctx: Context, message: Received, to_key: str, *, of: str = "links") -> bool:
    """The same for a mail that is better dropped: it would be of no use later."""
    return _seconds_over(ctx, message, to_key, of) is not None


def _seconds_over(ctx: Context, message: Received, to_key: str, of: str) -> float | None:
    """How long nothing more may be sent; None if this mail may. Each kind has its own count:
    whoever causes many of one keeps none of another waiting.
    """
    if message.is_retry:
        return None
    ctx.stay_out_of_the_transaction()
    who = fingerprint(ctx.settings.secret_key, "mail", to_key)
    sent, left = ctx.runtime.guards.count(f"mail:{of}:{who}", HOUR)
    return left if sent > MOST_IN_AN_HOUR else None
