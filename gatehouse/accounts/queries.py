"""Reading accounts."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Uuid, bindparam, exists, func, select

from gatehouse.accounts.errors import AccountNotFound, AddressReserved, EmailTaken
from gatehouse.accounts.events import LinkPurpose
from gatehouse.accounts.models import AccountLink, AccountStatus, Credential, User
from gatehouse.accounts.rules import email_key
from gatehouse.core.context import Context
from gatehouse.core.db import TZDateTime
from gatehouse.core.errors import InvalidToken

# What many requests ask, and each of a thousand mails: to make a statement takes longer than to run
# it.
ACCOUNT = select(User).where(User.id == bindparam("user"))
HELD_ACCOUNT = ACCOUNT.with_for_update(key_share=True)
CREDENTIALS = Credential.metadata.tables[Credential.__tablename__]
CHANGED_AT = select(CREDENTIALS.c.changed_at).where(CREDENTIALS.c.user_id == bindparam("user_id"))
HELD_BY_EMAIL = (
    select(User).where(User.email_key == bindparam("email_key")).with_for_update(key_share=True)
)
NEWEST = select(AccountLink).where(
    AccountLink.user_id == bindparam("user_id"), AccountLink.purpose == bindparam("purpose")
)


def password_was_set(user_id: Any, then: Any) -> ColumnElement[bool]:
    """Whether a password was set then and still holds. A better hash of it is no new password."""
    return exists().where(CREDENTIALS.c.user_id == user_id, CREDENTIALS.c.changed_at == then)


PASSWORD_IS_OF = select(
    password_was_set(bindparam("user", type_=Uuid()), bindparam("then", type_=TZDateTime()))
)


def get_account(ctx: Context, user_id: UUID) -> User:
    found = find_account(ctx, user_id)
    if found is None:
        raise AccountNotFound
    return found


def own_account(ctx: Context) -> User:
    """The caller's account. Raises InvalidToken: it went since the session was recognised."""
    found = find_account(ctx, ctx.user_id)
    if found is None:
        raise InvalidToken
    return found


def find_account(ctx: Context, user_id: UUID) -> User | None:
    found: User | None = ctx.db.scalar(ACCOUNT, {"user": user_id})
    return found


def hold_account(ctx: Context, user_id: UUID) -> User | None:
    """The account, held until the end of the act: a sign-in, a suspension, a new password and a
    deletion of one account come one after the other. Rows that refer to it may still be added.
    """
    found: User | None = ctx.db.scalar(HELD_ACCOUNT, {"user": user_id})
    return found


def hold_known_account(ctx: Context, user_id: UUID) -> User:
    """The same. Raises AccountNotFound."""
    found = hold_account(ctx, user_id)
    if found is None:
        raise AccountNotFound
    return found


def hold_own_account(ctx: Context) -> User:
    """The caller's account, held. Raises InvalidToken: it went since the session was recognised."""
    found = hold_account(ctx, ctx.user_id)
    if found is None:
        raise InvalidToken
    return found


def hold_account_by_email(ctx: Context, email: str) -> User | None:
    """The same by address."""
    found: User | None = ctx.db.scalar(HELD_BY_EMAIL, {"email_key": email_key(email)})
    return found


def hold_accounts(ctx: Context, *user_ids: UUID) -> None:
    """Hold several accounts, always in the same order, so that nobody waits for each other."""
    rows = select(User).where(User.id.in_(user_ids)).order_by(User.id)
    ctx.db.execute(rows.with_for_update(key_share=True)).all()


def is_proven(ctx: Context, account: Any) -> bool:
    """Whether ``account``, or its mailbox, may be taken for the owner of its address.

    Whoever registered an address may be a stranger to it. Where the operator asks
    nobody to verify it, they are believed.
    """
    return bool(account.email_verified) or not ctx.settings.require_verified_email


def is_operator(ctx: Context, user_id: UUID) -> bool:
    """The Operators port."""
    statement = select(User.id).where(
        User.id == user_id, User.is_operator, User.status == AccountStatus.ACTIVE
    )
    return ctx.db.scalar(statement) is not None


def operators() -> Select[Any]:
    """Accounts that are operators', the oldest first."""
    return select(User).where(User.is_operator).order_by(User.id)


def find_account_by_email(ctx: Context, email: str) -> User | None:
    found: User | None = ctx.db.scalar(select(User).where(User.email_key == email_key(email)))
    return found


def refuse_taken_address(ctx: Context, email: str, *, but: UUID | None = None) -> None:
    """Raise EmailTaken if somebody else has this address, AddressReserved if they may come back.

    Asked in this order no moment is missed: who gives an address up gets the way back in the same
    act, and whoever still saw the address taken is refused already.
    """
    holder = find_account_by_email(ctx, email)
    if holder is not None:
        if holder.id != but:
            raise EmailTaken
        return
    until = select(func.max(AccountLink.expires_at)).where(*ways_back(ctx, email))
    if but is not None:
        until = until.where(AccountLink.user_id != but)
    reserved_until = ctx.db.scalar(until)
    if reserved_until is not None:
        raise AddressReserved(reserved_until)


def is_reserved(ctx: Context, email: str) -> bool:
    """Whether an account has left this address, which nobody has now, and may come back to it."""
    way = select(AccountLink.id).where(*ways_back(ctx, email)).limit(1)
    return find_account_by_email(ctx, email) is None and ctx.db.scalar(way) is not None


def ways_back(ctx: Context, email: str) -> tuple[ColumnElement[bool], ...]:
    """What is true of a link with which a living account can have this address again."""
    living = select(User.id).where(User.deleted_at.is_(None))
    return (
        AccountLink.address_key == email_key(email),
        AccountLink.purpose == LinkPurpose.UNDO,
        AccountLink.used_at.is_(None),
        AccountLink.expires_at > ctx.now,
        AccountLink.user_id.in_(living),
    )


def is_first_account(ctx: Context) -> bool:
    """Whether nobody has ever registered here. Gives no power to anybody."""
    everybody = select(User.id).execution_options(with_removed=True)
    return ctx.db.scalar(everybody.limit(1)) is None


def credential_by_email(email: str) -> Select[UUID, str, str, datetime]:
    """The account's id and password hash, for a glance before the transaction."""
    return (
        select(User.id, Credential.password_hash, User.email_key, Credential.changed_at)
        .join(Credential, Credential.user_id == User.id, isouter=True)
        .where(User.email_key == email_key(email), User.deleted_at.is_(None))
    )


def credential_of(user_id: UUID) -> Select[UUID, str, str, datetime]:
    return (
        select(User.id, Credential.password_hash, User.email_key, Credential.changed_at)
        .join(Credential, Credential.user_id == User.id, isouter=True)
        .where(User.id == user_id, User.deleted_at.is_(None))
    )


def mailbox_of(user_id: UUID) -> Any:
    """Where an account is mailed, for a glance."""
    return _mailboxes().where(User.id == user_id)


def mailbox_by_email(email: str) -> Any:
    """The same by address."""
    return _mailboxes().where(User.email_key == email_key(email))


def _mailboxes() -> Any:
    columns = (User.id, User.email, User.email_key, User.email_verified, User.status)
    return select(*columns).where(User.deleted_at.is_(None))


def link_row(link_id: UUID) -> Any:
    """A link with what its account looks like now, unless that has been deleted."""
    return (
        select(
            AccountLink.id,
            AccountLink.user_id,
            AccountLink.purpose,
            AccountLink.nonce,
            AccountLink.address,
            AccountLink.created_at,
            AccountLink.expires_at,
            AccountLink.used_at,
            User.email,
            User.full_name,
            User.email_key,
            User.status,
            Credential.changed_at,
        )
        .join(User, User.id == AccountLink.user_id)
        .join(Credential, Credential.user_id == User.id, isouter=True)
        .where(AccountLink.id == link_id, User.deleted_at.is_(None))
    )


def link_to_keep(ctx: Context, user_id: UUID, purpose: LinkPurpose) -> AccountLink | None:
    """The row of the newest link of this purpose, used or not."""
    found: AccountLink | None = ctx.db.scalar(NEWEST, {"user_id": user_id, "purpose": purpose})
    return found


def password_changed_at(ctx: Context, user_id: UUID) -> datetime | None:
    """When the password was set, if there is one."""
    return ctx.db.connection().execute(CHANGED_AT, {"user_id": user_id}).scalar()


def password_is_of(ctx: Context, user_id: UUID, changed_at: datetime) -> bool:
    """Whether the password is still the one that was set then."""
    return bool(ctx.db.scalar(PASSWORD_IS_OF, {"user": user_id, "then": changed_at}))


def account(ctx: Context, user_id: UUID) -> dict[str, Any]:
    """What an export tells of the account itself."""
    user = get_account(ctx, user_id)
    names = ("id", "email", "email_verified", "full_name", "avatar_url", "status", "is_operator")
    times = ("last_login_at", "created_at", "updated_at")
    told = {name: getattr(user, name) for name in (*names, *times)}
    return told | {"password_changed_at": password_changed_at(ctx, user_id)}


def mailed_links(ctx: Context, user_id: UUID) -> list[dict[str, Any]]:
    """What an export tells of the links that were mailed, and of the addresses they are about."""
    rows = ctx.db.scalars(
        select(AccountLink).where(AccountLink.user_id == user_id).order_by(AccountLink.id)
    )
    names = ("purpose", "address", "created_at", "expires_at", "used_at")
    return [{name: getattr(row, name) for name in names} for row in rows]
