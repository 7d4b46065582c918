"""Sending mails, not too many of them to anybody."""

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlsplit

from gatehouse.core.context import Context, Ports
from gatehouse.core.crypto import fingerprint
from gatehouse.core.reactions import Postponed, Received
from gatehouse.mail.ports import Letter, Mailer
from gatehouse.mail.service.form import Mail, render

MOST_IN_AN_HOUR = 5  # to one address, over all kinds of mail that somebody else can cause
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


def refuse_to_flood(ctx: Context, message: Received, to_key: str) -> None:
    """Put a mail off that would be one too many to this address within an hour.

    Call it before the transaction begins. Raises Postponed.
    """
    if message.is_retry:
        return
    who = fingerprint(ctx.settings.secret_key, "mail", to_key)
    sent, left = ctx.runtime.guards.count(f"mail:{who}", HOUR)
    if sent > MOST_IN_AN_HOUR:
        raise Postponed(timedelta(seconds=left + 1))
