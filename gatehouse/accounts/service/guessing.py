"""Proving a password, and the defence against guessing it or another secret of a person.

Tries are counted before the password is looked at, so that many at once cannot slip through, and
in the table rather than in Redis, so that emptying Redis forgets nothing. Devices from which the
person has signed in before have a count of their own: nobody can lock the owner out.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from hashlib import sha256
from math import ceil
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.orm import Session

from gatehouse.accounts.errors import TooManyWrongPasswords, WrongPassword
from gatehouse.accounts.events import AccountLocked
from gatehouse.accounts.ports import PasswordHasher
from gatehouse.accounts.rules import (
    LOCK_SECONDS,
    TRIES_BEFORE_LOCK,
    is_locked,
    wait_after,
)
from gatehouse.audit.service import record_attempt
from gatehouse.core.context import Context
from gatehouse.core.crypto import fingerprint
from gatehouse.core.events import Event


@dataclass(frozen=True, slots=True)
class Proof:
    """A password was right: whose, against which hash, and when that password had been set.

    The transaction that relies on it asks ``password_is_of(user_id, changed_at)`` again.
    """

    user_id: UUID
    password_hash: str
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """One try at somebody's secret, counted already. ``refused`` makes the event of a refusal.

    ``is_locked``: after so many wrong ones in a row the right one counts for nothing either.
    """

    user_id: UUID | None
    refused: Callable[..., Event]
    tries: int
    is_known_device: bool
    who: str

    @property
    def is_locked(self) -> bool:
        return is_locked(self.tries)

    def was_right(self, ctx: Context, within: Session | None = None) -> None:
        """Forget the tries: at once, or with the transaction ``within``."""
        ctx.runtime.guards.delete(f"tries:{self.who}", within)
        if wait_after(self.tries):
            ctx.runtime.guards.delete(f"wait:{self.who}", within)

    def was_wrong(self, ctx: Context, reason: str) -> None:
        """Record it, and raise TooManyWrongPasswords from the 5th on. Once the lock has fallen the
        answer is the same as to any wrong one.
        """
        record_attempt(ctx, self.refused(user_id=self.user_id, reason=reason))
        if self.is_locked:
            return
        if self.tries == TRIES_BEFORE_LOCK:
            locked = AccountLocked(
                user_id=self.user_id,
                minutes=LOCK_SECONDS // 60,
                is_known_device=self.is_known_device,
            )
            record_attempt(ctx, locked)
            return
        if wait := wait_after(self.tries):
            ctx.runtime.guards.put(f"wait:{self.who}", b"", wait)
            raise TooManyWrongPasswords(retry_after=wait)


def begin_guess(
    ctx: Context,
    *,
    user_id: UUID | None,
    account: str,
    device: str,
    refused: Callable[..., Event],
) -> Guess:
    """Count a try before anybody looks at it. Before the transaction.

    ``account`` is what is guessed at, known or not; ``device`` is empty for a device that the
    account does not know. Raises TooManyWrongPasswords.
    """
    ctx.stay_out_of_the_transaction()
    who = _who(ctx, account, device)
    tries = _count_try(ctx, who)
    if not tries:
        record_attempt(ctx, refused(user_id=user_id, reason="too_many_wrong_passwords"))
        wait = ceil(ctx.runtime.guards.seconds_left(f"wait:{who}"))
        raise TooManyWrongPasswords(retry_after=max(wait, 1))
    return Guess(
        user_id=user_id, refused=refused, tries=tries, is_known_device=bool(device), who=who
    )


def prove_password(
    ctx: Context,
    found: Row[UUID, str, str, datetime] | None,
    password: str,
    *,
    account: str,
    device: str,
    refused: Callable[..., Event],
) -> Proof:
    """Return the proof if the password is right. Before the transaction: this is slow.

    ``found`` is what ``queries.credential_...`` gave, ``account`` the normalised address, known
    or not; ``device`` is empty for a device that the account does not know. Every refusal is
    recorded as ``refused``. Raises WrongPassword, TooManyWrongPasswords, HashingBusy.
    """
    user_id = found.id if found else None
    guess = begin_guess(ctx, user_id=user_id, account=account, device=device, refused=refused)
    stored = found.password_hash if found else None
    hasher = ctx.ports[PasswordHasher]
    is_right = hasher.verify(stored, password)
    if not is_right and stored and hasher.is_outdated(stored):
        hasher.verify(None, password)  # A hash of an older cost must not tell that there is one.
    if is_right and found and not guess.is_locked:
        guess.was_right(ctx)
        return Proof(found.id, found.password_hash, found.changed_at)
    guess.was_wrong(ctx, _reason(found, is_locked=guess.is_locked))
    raise WrongPassword


def forget_guesses(ctx: Context, account: str, device: str) -> None:
    """Clear the counts of this device and of those that the account does not know.

    Once the act is committed: the counts are not part of it.
    """
    for who in (_who(ctx, account, ""), _who(ctx, account, device)):
        for kind in ("tries", "wait"):
            ctx.after_commit(partial(ctx.runtime.guards.delete, f"{kind}:{who}"))


def name_of_device(network: str, user_agent: str | None) -> str:
    """What the counts of a device that is known to an account go by: 64 characters."""
    return sha256(f"{network} {user_agent}".encode()).hexdigest()


def _who(ctx: Context, account: str, device: str) -> str:
    return fingerprint(ctx.settings.secret_key, "guess", f"{account}\n{device}")


def _count_try(ctx: Context, who: str) -> int:
    """Count this try, unless one has to wait: 0 then. The count lives on while tries come, and
    ends with the lock.
    """
    guards = ctx.runtime.guards
    tries = guards.count_unless(f"tries:{who}", LOCK_SECONDS, there=f"wait:{who}")
    if 1 < tries <= TRIES_BEFORE_LOCK:
        guards.extend(f"tries:{who}", LOCK_SECONDS)
    return tries


def _reason(found: Row[UUID, str, str, datetime] | None, *, is_locked: bool) -> str:
    if found is None:
        return "unknown_account"
    if is_locked:
        return "locked"
    return "wrong_password" if found.password_hash else "no_password"
