"""Sending mails, not too many of them to anybody."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from urllib.parse import urlsplit

from gatehouse.core.context import Context
from gatehouse.core.crypto import fingerprint
from gatehouse.core.outside import Ports
from gatehouse.core.reactions import Postponed, Received
from gatehouse.mail.ports import Letter, Mailer
from gatehouse.mail.service.form import Mail, render

MOST_IN_AN_HOUR = 5  # to one address, of each kind: links, invitations, places, changes, notices
MOST_FIRST_ONES = 10  # an hour, of those whom the address has not heard of for a day
HOUR = 3600
DAY = 86_400


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


def refuse_to_flood(
    ctx: Context,
    message: Received,
    to_key: str,
    *,
    of: str = "links",
    most: int = MOST_IN_AN_HOUR,
) -> None:
    """Put a mail off that would be one too many ``of`` its kind to this address within an hour.

    Call it before the transaction begins, for a mail that would be sent. Raises Postponed.
    """
    left = _seconds_over(ctx, message, to_key, of, most=most)
    if left is not None:
        raise Postponed(timedelta(seconds=left + 1))


def is_too_many(ctx: Context, message: Received, to_key: str, *, of: str = "links") -> bool:
    """The same for a mail that is better dropped: it would be of no use later."""
    return _seconds_over(ctx, message, to_key, of) is not None


def is_told_today(ctx: Context, message: Received, to_key: str, *, of: str) -> bool:
    """The same for what strangers bring about as often as they like: one of its kind in a day."""
    return _seconds_over(ctx, message, to_key, of, most=1, within=DAY) is not None


def is_too_many_by(
    ctx: Context, message: Received, to_key: str, *, by: Sequence[object], of: str
) -> bool:
    """Whether one of those who cause this mail has caused too many to this address: drop it.

    Raises Postponed if all together have. The first of somebody in a day has a budget that mails of
    the others use nothing of: whoever causes many keeps no newcomer waiting.
    """
    if message.is_retry:
        return False
    senders = [f"{to_key}\n{each}" for each in by]
    if any(is_too_many(ctx, message, sender, of=f"{of} by") for sender in senders):
        return True
    guards = ctx.runtime.guards
    marks = [_name(ctx, sender, f"{of} known") for sender in senders]
    is_first = all(guards.get(mark) is None for mark in marks)
    if is_first:
        refuse_to_flood(ctx, message, to_key, of=f"first {of}", most=MOST_FIRST_ONES)
    else:
        refuse_to_flood(ctx, message, to_key, of=of)
    for mark in marks:
        guards.put(mark, b"", DAY)
    return False


def _seconds_over(
    ctx: Context,
    message: Received,
    to_key: str,
    of: str,
    *,
    most: int = MOST_IN_AN_HOUR,
    within: int = HOUR,
) -> float | None:
    """How long nothing more may be sent; None if this mail may. Each kind has its own count:
    whoever causes many of one keeps none of another waiting.
    """
    if message.is_retry:
        return None
    ctx.stay_out_of_the_transaction()
    sent, left = ctx.runtime.guards.count(_name(ctx, to_key, of), within)
    return left if sent > most else None


def _name(ctx: Context, to_key: str, of: str) -> str:
    return f"mail:{of}:{fingerprint(ctx.settings.secret_key, 'mail', to_key)}"
