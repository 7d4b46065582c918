"""Who may call a route: @public, @signed_in_or_not, @signed_in, @requires(permission) or
@operators_only; and @elevated on top.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol, TypeVar
from uuid import UUID

from gatehouse.core.context import Actor, Context
from gatehouse.core.errors import (
    Forbidden,
    InvalidToken,
    NotFound,
    ProofTooOld,
    ReauthenticationRequired,
)
from gatehouse.core.events import Event
from gatehouse.core.rate_limit import Limit, Tally
from gatehouse.core.roles import Role
from gatehouse.core.runtime import Runtime

View = TypeVar("View", bound=Callable[..., Any])

ELEVATION = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Recognised:
    """A token that holds: whose it is, where they stand with the general limit, and what the
    cache had ready. ``version`` is what a new ready answer must be filled under; ``limited`` where
    they stand with the limit of the route, if that was counted as well.
    """

    actor: Actor
    tally: Tally | None = None
    answer: bytes | None = None
    version: str | None = None
    limited: Tally | None = None


@dataclass(frozen=True, kw_only=True)
class AccessRefused(Event):
    """A signed-in caller was refused with 403. ``reason`` is the error's type."""

    name = "access.refused"
    says = "Somebody tried what they may not do."
    is_refusal = True

    reason: str
    route: str


class Authenticator(Protocol):
    """Turns a bearer token into an actor, or None. ``limit`` is the name of what is counted for
    this person beside the general limit, and its rules. Provided by ``sessions``.
    """

    def __call__(
        self,
        runtime: Runtime,
        token: str,
        now: datetime,
        *,
        answer: str = "",
        limit: Limit | None = None,
    ) -> Recognised | None: ...


class SessionRenewal(Protocol):
    """Gives the caller's session another token; the old one is refused from then on. Returns the
    token, and until when a browser should keep it, if that is longer than it is open. Provided by
    ``sessions``.
    """

    def __call__(self, ctx: Context) -> tuple[str, datetime | None]: ...


class OpenSessions(Protocol):
    """Whether the caller's account is active and the session that they came with still open, as the
    database says now. Provided by ``sessions``.
    """

    def __call__(self, ctx: Context) -> bool: ...


class TokenAuthenticator(Protocol):
    """Turns an access token of an application that may use this API into the actor for whom it
    calls. ``scheme`` is that of the header; what a bound token needs beside it is in ``environ``.
    Provided by ``oidc_provider``.

    Raises InvalidToken with the challenge of RFC 6750 or RFC 9449.
    """

    def __call__(self, ctx: Context, environ: dict[str, Any], scheme: str, token: str) -> Actor: ...


class OpenTokens(Protocol):
    """The same as OpenSessions, for who came with an access token. Provided by ``grants``."""

    def __call__(self, ctx: Context) -> bool: ...


class Memberships(Protocol):
    """The role a user holds in an organization, or None. Provided by ``organizations``.

    Raises MembershipSuspended.
    """

    def __call__(self, ctx: Context, user_id: UUID, org_id: UUID) -> Role | None: ...


class Demands(Protocol):
    """Refuses members who do not meet what their organization demands, or whose session has not
    used it. Provided by ``policies``.

    Raises MfaComplianceRequired, StepUpRequired.
    """

    def __call__(self, ctx: Context, org_id: UUID, permission: StrEnum) -> None: ...


class Barred(Protocol):
    """Those of the caller's organizations that would refuse them so, and how: for what reaches over
    several. Provided by ``policies``.
    """

    def __call__(self, ctx: Context) -> Mapping[UUID, Forbidden]: ...


class FreshFactor(Protocol):
    """Raises StepUpRequired if the caller has a second factor, and has not used one within the last
    10 minutes: their password alone changes nothing that matters. Provided by ``mfa``.
    """

    def __call__(self, ctx: Context) -> None: ...


class FactorOfToken(Protocol):
    """When the owner of the caller's access token had last proved more than a password, when they
    let the program in; None if they had not. Provided by ``grants``.
    """

    def __call__(self, ctx: Context) -> datetime | None: ...


class Operators(Protocol):
    """Whether an account is active and an operator of this instance, as the database says now.

    Provided by ``accounts``.
    """

    def __call__(self, ctx: Context, user_id: UUID) -> bool: ...


@dataclass(frozen=True, slots=True)
class Access:
    """What a view declared. ``permission`` is asked in the organization of the path."""

    is_public: bool
    permission: StrEnum | None = None
    knows_callers: bool = True
    is_for_operators: bool = False

    def check(self, ctx: Context, path: dict[str, Any]) -> None:
        if self.permission is not None:
            check_permission(ctx, path["org_id"], self.permission)
        if self.is_for_operators:
            act_as_operator(ctx)


def public(view: View) -> View:
    """Anyone may call this route; a token that is sent is not looked at."""
    return _declare(view, Access(is_public=True, knows_callers=False))


def signed_in_or_not(view: View) -> View:
    """Anyone may call this route; a token that is sent must hold, and tells who calls."""
    return _declare(view, Access(is_public=True))


def signed_in(view: View) -> View:
    """Any signed-in account may call this route."""
    return _declare(view, Access(is_public=False))


def requires(permission: StrEnum) -> Callable[[View], View]:
    """The actor's role in the organization of the path must grant ``permission``."""
    return lambda view: _declare(view, Access(is_public=False, permission=permission))


def operators_only(view: View) -> View:
    """Only an operator of this instance may call this route, and acts as one."""
    return _declare(view, Access(is_public=False, is_for_operators=True))


def elevated(view: View) -> View:
    """The caller must have proved who they are within the last 10 minutes, by a factor if they have
    one.
    """
    view.elevated = True  # type: ignore[attr-defined]
    return view


def access_of(view: Callable[..., Any]) -> Access:
    """What a view declared. A view without a declaration cannot be mounted."""
    try:
        return view.access  # type: ignore[attr-defined,no-any-return]
    except AttributeError:
        name = getattr(view, "__name__", repr(view))
        raise TypeError(f"{view.__module__}.{name} declares no access") from None


def check_permission(ctx: Context, org_id: UUID, permission: StrEnum) -> Role:
    """The caller's role in the organization, if it grants ``permission``.

    Refuses a stranger with 404, so that the existence of an organization does not leak; a member
    who does not meet its policy, or is without the permission, with 403. Services ask again once
    they hold what they will change.
    """
    role = ctx.ports[Memberships](ctx, ctx.user_id, org_id)
    if role is None:
        raise NotFound
    ctx.ports[Demands](ctx, org_id, permission)
    refuse_role(ctx, role, permission)
    return role


def refuse_role(ctx: Context, role: Role, permission: StrEnum) -> None:
    """Raise Forbidden unless the role grants the permission."""
    if not may(ctx, role, permission):
        raise Forbidden(needs=permission)


def may(ctx: Context, role: Role, permission: StrEnum) -> bool:
    return (role, permission) in ctx.runtime.grants


def is_operator(ctx: Context) -> bool:
    """Whether the caller is an operator at this moment: asked anew each time."""
    user_id = ctx.actor.user_id
    return user_id is not None and ctx.ports[Operators](ctx, user_id)


def act_as_operator(ctx: Context) -> None:
    """From here on the caller acts as an operator, and the record says so. Raises Forbidden."""
    if not is_operator(ctx):
        raise Forbidden("Only an operator of this instance may do this.")
    ctx.actor = replace(ctx.actor, kind="operator")


def refuse_ended(ctx: Context) -> None:
    """Raise InvalidToken if what the caller came with, or their account, ended since the request
    began.
    """
    came_with: type[OpenSessions | OpenTokens] = (
        OpenTokens if ctx.actor.client_row_id else OpenSessions
    )
    if not ctx.ports[came_with](ctx):
        raise InvalidToken


def refuse_stale(ctx: Context) -> None:
    """Raise ReauthenticationRequired unless the caller proved themselves in the last 10 minutes;
    ProofTooOld if a program calls for them; StepUpRequired if that was by their password, and they
    have more.
    """
    if ctx.actor.auth_time is None or ctx.now - ctx.actor.auth_time > ELEVATION:
        error = ReauthenticationRequired if ctx.actor.client_row_id is None else ProofTooOld
        raise error(max_age=int(ELEVATION.total_seconds()))
    ctx.ports[FreshFactor](ctx)


def _declare(view: View, access: Access) -> View:
    view.access = access  # type: ignore[attr-defined]
    return view
