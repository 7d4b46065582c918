"""What follows acts on factors, and what becomes of the factors of an account that goes."""

from collections.abc import Callable
from uuid import UUID

from gatehouse.accounts.events import AccountDeleted, AccountDisowned, PasswordReset
from gatehouse.accounts.queries import is_proven, mailbox_of
from gatehouse.core.context import Context
from gatehouse.core.events import AccountEvent
from gatehouse.core.outside import Ports
from gatehouse.core.reactions import Received, during, on
from gatehouse.mail.service import Mail, refuse_to_flood, sending
from gatehouse.mfa.emails import (
    app_removed_mail,
    app_set_up_mail,
    code_used_mail,
    codes_made_mail,
    factors_reset_mail,
    passkey_deleted_mail,
    passkey_registered_mail,
)
from gatehouse.mfa.events import (
    FactorsReset,
    PasskeyDeleted,
    PasskeyRegistered,
    RecoveryCodesMade,
    RecoveryCodeUsed,
    TotpEnrolled,
    TotpRemoved,
)
from gatehouse.mfa.queries import name_of_passkey
from gatehouse.mfa.service import forget_factors

Mails = list[Callable[[Ports], None]]


@during(AccountDeleted, AccountDisowned)
def delete_factors_of_an_account_that_goes(
    ctx: Context, event: AccountDeleted | AccountDisowned
) -> dict[str, int]:
    """Also of one that somebody else claims: a passkey signs in alone."""
    return _forgotten(ctx, event.user_id)


@during(PasswordReset)
def delete_factors_of_whoever_was_here_before(ctx: Context, event: PasswordReset) -> dict[str, int]:
    """A password by mail removes no factor (threat 103), but those of who never had the address
    (threat 142).
    """
    return _forgotten(ctx, event.user_id) if event.is_first_proof else {}


def _forgotten(ctx: Context, user_id: UUID) -> dict[str, int]:
    gone = forget_factors(ctx, user_id)
    return {"factors_deleted": gone} if gone else {}


@on(TotpEnrolled)
def tell_of_an_app(ctx: Context, event: TotpEnrolled, message: Received) -> Mails:
    return _tell(ctx, message, event, app_set_up_mail(ip=ctx.origin.ip))


@on(TotpRemoved)
def tell_of_a_removed_app(ctx: Context, event: TotpRemoved, message: Received) -> Mails:
    return _tell(ctx, message, event, app_removed_mail(ip=ctx.origin.ip))


@on(PasskeyRegistered)
def tell_of_a_passkey(ctx: Context, event: PasskeyRegistered, message: Received) -> Mails:
    row = ctx.glance(name_of_passkey(event.passkey_id))
    name = row.name if row is not None else "deleted again since"
    return _tell(ctx, message, event, passkey_registered_mail(passkey=name, ip=ctx.origin.ip))


@on(PasskeyDeleted)
def tell_of_a_deleted_passkey(ctx: Context, event: PasskeyDeleted, message: Received) -> Mails:
    return _tell(ctx, message, event, passkey_deleted_mail(ip=ctx.origin.ip))


@on(RecoveryCodesMade)
def tell_of_new_codes(ctx: Context, event: RecoveryCodesMade, message: Received) -> Mails:
    return _tell(ctx, message, event, codes_made_mail(ip=ctx.origin.ip))


@on(RecoveryCodeUsed)
def tell_of_a_used_code(ctx: Context, event: RecoveryCodeUsed, message: Received) -> Mails:
    mail = code_used_mail(left=event.left, ip=ctx.origin.ip)
    return _tell(ctx, message, event, mail)


@on(FactorsReset)
def tell_of_a_reset(ctx: Context, event: FactorsReset, message: Received) -> Mails:
    return _tell(ctx, message, event, factors_reset_mail())


def _tell(ctx: Context, message: Received, event: AccountEvent, mail: Mail) -> Mails:
    box = ctx.glance(mailbox_of(event.user_id))
    if box is None or not is_proven(ctx, box):
        return []
    # Each act by itself: whoever does one again and again keeps the news of no other waiting.
    refuse_to_flood(ctx, message, box.email_key, of=f"notices of {event.name}")
    return sending(ctx, message, mail, to=box.email)


HANDLERS = (
    tell_of_an_app,
    tell_of_a_removed_app,
    tell_of_a_passkey,
    tell_of_a_deleted_passkey,
    tell_of_new_codes,
    tell_of_a_used_code,
    tell_of_a_reset,
)
