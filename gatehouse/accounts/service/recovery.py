"""Getting back in: forgotten passwords, unverified addresses, accounts that wait for their owner.

Who asks gives an address, and nothing is looked up then: known or unknown, the answer and its
time are the same. The worker looks it up, and mails the address that the account has.
"""

from uuid import UUID

from gatehouse.accounts.errors import AccountSuspended, LinkInvalid
from gatehouse.accounts.events import (
    AccountActivated,
    EmailVerified,
    LinkAsked,
    LinkMadeOnHost,
    LinkPurpose,
    PasswordReset,
)
from gatehouse.accounts.models import AccountLink, AccountStatus, User
from gatehouse.accounts.ports import PasswordHasher
from gatehouse.accounts.queries import hold_known_account, is_proven
from gatehouse.accounts.service.guessing import forget_guesses, name_of_device
from gatehouse.accounts.service.links import look_at_link, refuse_others, renew_link, take_link
from gatehouse.accounts.service.passwords import set_password
from gatehouse.accounts.service.strength import refuse_weak_password
from gatehouse.audit.service import record
from gatehouse.core.context import Actor, Context
from gatehouse.core.headers import network_of
from gatehouse.outbox.models import Message
from gatehouse.outbox.queries import waiting_messages
from gatehouse.outbox.service import publish

SUSPENDED = "This account is suspended. Let another operator give it back first."
SEALED_FOR = "account.link_asked"


def ask_for_link(ctx: Context, *, email: str, purpose: LinkPurpose) -> None:
    """Let the worker find out whether the address is anybody's, and mail a link if it is."""
    sealed = ctx.runtime.keyring.seal(email.encode(), SEALED_FOR)
    publish(ctx, LinkAsked(purpose=purpose, sealed=sealed))


def asked_address(ctx: Context, asked: LinkAsked) -> str:
    return ctx.runtime.keyring.open(asked.sealed, SEALED_FOR).decode()


def sealed_addresses(ctx: Context, *, limit: int) -> list[tuple[str, str]]:
    """The newest of those that somebody waits for a link at, each with what it was sealed for."""
    asked = waiting_messages(LinkAsked.name).order_by(Message.id.desc()).limit(limit)
    return [(message.payload["sealed"], SEALED_FOR) for message in ctx.db.scalars(asked)]


def purpose_for(user: User | None, asked: LinkPurpose) -> LinkPurpose | None:
    """Which link an account gets when one is asked for; None if none would be right."""
    if user is None or user.status is AccountStatus.SUSPENDED:
        return None
    if user.status is AccountStatus.INACTIVE:
        return None if asked is LinkPurpose.VERIFY else LinkPurpose.ACTIVATE
    if asked is LinkPurpose.VERIFY:
        return None if user.email_verified else LinkPurpose.VERIFY
    return LinkPurpose.RESET if asked is LinkPurpose.RESET else None


def make_link_on_host(ctx: Context, user_id: UUID) -> AccountLink:
    """A link to set a password, for somebody whom no mail reaches; older ones are void.

    It does what a mailed one does and no more. Raises AccountNotFound, AccountSuspended.
    """
    user = hold_known_account(ctx, user_id)
    purpose = purpose_for(user, LinkPurpose.RESET)
    if purpose is None:
        raise AccountSuspended(SUSPENDED)
    record(ctx, LinkMadeOnHost(user_id=user.id, purpose=purpose))
    return renew_link(ctx, user, purpose)


def reset_password(ctx: Context, *, token: str, password: str) -> None:
    """Set a new password with a mailed link. All sessions end, and nobody is signed in.

    Raises LinkInvalid, PasswordTooWeak.
    """
    password_hash = _hash_for_link(ctx, token, LinkPurpose.RESET, password)
    user, _ = take_link(ctx, token, LinkPurpose.RESET)
    if user.status is not AccountStatus.ACTIVE:
        raise LinkInvalid
    ctx.actor = Actor("user", user.id)
    set_password(ctx, user, password_hash)
    device = name_of_device(network_of(ctx.origin.ip), ctx.origin.user_agent)
    forget_guesses(ctx, user.email_key, device)
    is_first_proof = not is_proven(ctx, user)
    user.email_verified = True  # Whoever has the mail has the address.
    ctx.forget(user.id)
    record(ctx, PasswordReset(user_id=user.id, is_first_proof=is_first_proof))


def verify_email(ctx: Context, *, token: str, only_own: bool = False) -> User:
    """Note that the address is its owner's; with ``only_own`` for who is signed in to the account.

    Raises LinkInvalid, LinkNeedsItsAccount, LinkForSomebodyElse.
    """
    user, _ = take_link(ctx, token, LinkPurpose.VERIFY)
    if only_own:
        refuse_others(ctx, user)
    ctx.actor = Actor("user", user.id)
    user.email_verified, user.updated_at = True, ctx.now
    ctx.forget(user.id)
    record(ctx, EmailVerified(user_id=user.id))
    return user


def activate_account(ctx: Context, *, token: str, password: str) -> User:
    """Let somebody claim the account made for them. Raises LinkInvalid, PasswordTooWeak."""
    password_hash = _hash_for_link(ctx, token, LinkPurpose.ACTIVATE, password)
    user, _ = take_link(ctx, token, LinkPurpose.ACTIVATE)
    ctx.actor = Actor("user", user.id)
    user.status, user.email_verified = AccountStatus.ACTIVE, True
    set_password(ctx, user, password_hash)
    ctx.forget(user.id)
    record(ctx, AccountActivated(user_id=user.id))
    return user


def _hash_for_link(ctx: Context, token: str, purpose: LinkPurpose, password: str) -> str:
    """Judge and hash before the transaction, and only for a link that holds."""
    row = look_at_link(ctx, token, purpose)
    refuse_weak_password(password, email=row.email, full_name=row.full_name)
    return ctx.ports[PasswordHasher].hash(password)
