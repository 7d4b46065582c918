"""A person types the code of a device, sees who asks for what, and answers (RFC 8628 3.3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import select, update

from gatehouse.accounts.queries import own_account
from gatehouse.audit.service import record, record_attempt
from gatehouse.clients.queries import KnownClient, find_client_by_id
from gatehouse.core.context import Context
from gatehouse.core.crypto import fingerprint, same
from gatehouse.core.errors import StepUpRequired
from gatehouse.core.headers import network_of
from gatehouse.core.rate_limit import count, parse
from gatehouse.oidc_provider import errors
from gatehouse.oidc_provider.events import (
    ClientEntryRefused,
    DeviceApproved,
    DeviceCodeRefused,
    DeviceDenied,
)
from gatehouse.oidc_provider.models import DeviceRequest, DeviceStatus
from gatehouse.oidc_provider.rules.asked import Asked
from gatehouse.oidc_provider.rules.devices import spoken, user_code_of
from gatehouse.oidc_provider.rules.strength import Lack
from gatehouse.oidc_provider.service import ciba
from gatehouse.oidc_provider.service.admission import may_enter
from gatehouse.oidc_provider.service.devices import DEVICE_GRANT, KIND, is_to_be_typed
from gatehouse.oidc_provider.service.granting import (
    SignedIn,
    give_grant,
    params_of,
    place_in_session,
    signed_in,
)
from gatehouse.oidc_provider.service.strength import demands_of, refusal_by_policy, strength_of
from gatehouse.sessions.service import device_in_words

GUESSING = timedelta(minutes=10)
MOST_WRONG = 5  # of one person in that time
MOST_SHOWN = 20
GRANT_OF = {KIND: DEVICE_GRANT, ciba.KIND: ciba.CIBA_GRANT}
MOST_WRONG_HERE = 20  # from one address, behind which there may be several


@dataclass(frozen=True, slots=True)
class DeviceTerms:
    """What a person is asked. ``mark`` names exactly these words, for this person."""

    request_id: UUID
    client: str
    organization: str | None
    user_code: str
    email: str
    scopes: Sequence[str]
    resources: Sequence[str]
    ip: str | None
    device: str
    asked_at: datetime
    mark: str
    message: str | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A device that waits, and the client that it runs. ``row`` is of DeviceRequest."""

    row: Any
    client: KnownClient

    @property
    def is_sensitive(self) -> bool:
        """Whether a link alone does not do, nor an old sign-in (ruling 32)."""
        return is_to_be_typed(self.row.params["scopes"], self.client)


def enter_code(ctx: Context, text: str, *, is_from_link: bool) -> UUID | None:
    """Take the code that a person typed, and give the name of the request: it is theirs to answer.

    A link fills in the code of whoever sent it: where that does not do, gives None, and the person
    has to type it. Raises NoSuchDevice, with one text for whatever is wrong, or TooManyRequests.
    """
    _count_guess(ctx)
    found = _find(ctx, text)
    if found is None:
        record_attempt(ctx, DeviceCodeRefused(user_id=ctx.user_id, reason="no_such_code"))
        raise errors.NoSuchDevice
    _give_back_the_guess(ctx)
    if is_from_link and found.is_sensitive:
        return None
    request_id: UUID = found.row.id
    claim = _waiting(request_id).values(user_id=ctx.user_id)
    if not ctx.execute(claim.execution_options(synchronize_session=False)):
        raise errors.NoSuchDevice
    return request_id


def find_waiting(ctx: Context, request_id: UUID, kind: str = KIND) -> Waiting:
    """A device whose code this person has typed, or a request by the back channel that is for them.

    Raises NothingWaits.
    """
    row: DeviceRequest | None = ctx.db.scalar(
        select(DeviceRequest).where(
            DeviceRequest.id == request_id,
            DeviceRequest.kind == kind,
            DeviceRequest.user_id == ctx.user_id,
            DeviceRequest.status == DeviceStatus.PENDING,
            DeviceRequest.expires_at > ctx.now,
        )
    )
    found = _with_client(ctx, row)
    if found is None:
        raise errors.NothingWaits
    return found


def waiting_for_me(ctx: Context) -> list[Waiting]:
    """What clients ask of this person by the back channel, the newest first."""
    rows = ctx.db.scalars(
        select(DeviceRequest)
        .where(
            DeviceRequest.user_id == ctx.user_id,
            DeviceRequest.status == DeviceStatus.PENDING,
            DeviceRequest.kind == ciba.KIND,
            DeviceRequest.expires_at > ctx.now,
        )
        .order_by(DeviceRequest.id.desc())
        .limit(MOST_SHOWN)
    ).all()
    return [found for row in rows if (found := _with_client(ctx, row))]


def is_stale(ctx: Context, found: Waiting) -> bool:
    """Whether the person has to prove anew who they are: nothing was proven since it was asked."""
    proven = ctx.actor.auth_time
    return found.is_sensitive and (proven is None or proven < found.row.created_at)


def terms_of(ctx: Context, found: Waiting) -> DeviceTerms:
    """What the page shows."""
    row, client, user = found.row, found.client, own_account(ctx)
    shown = {
        "subject": str(row.id),
        "user": str(user.id),
        "client": [str(client.id), client.name, client.org_name],
        "code": row.user_code,
        "message": row.params.get("message"),
        "scopes": row.params["scopes"],
        "resources": row.params["resources"],
        "from": [row.ip, row.user_agent, row.created_at.timestamp()],
    }
    text = orjson.dumps(shown, option=orjson.OPT_SORT_KEYS).decode()
    return DeviceTerms(
        request_id=row.id,
        client=client.name,
        organization=client.org_name,
        user_code=spoken(row.user_code) if row.user_code else "",
        email=user.email,
        scopes=row.params["scopes"],
        resources=row.params["resources"],
        ip=row.ip,
        device=device_in_words(row.user_agent),
        asked_at=row.created_at,
        mark=fingerprint(ctx.settings.secret_key, "device-terms", text),
        message=row.params.get("message"),
    )


def answer_device(
    ctx: Context, request_id: UUID, *, says_yes: bool, mark: str, kind: str = KIND
) -> bool:
    """Take the person's answer. A yes to other words than those shown, or after too old a
    sign-in, does nothing: gives False, and the page is shown again.

    Raises NothingWaits, or NoEntry for whoever may not use the client.
    """
    found = find_waiting(ctx, request_id, kind)
    if not says_yes:
        _deny(ctx, found)
        return True
    person = signed_in(ctx)
    if person is None or is_stale(ctx, found) or not same(mark, terms_of(ctx, found).mark):
        return False
    refuse_who_may_not(ctx, found.client, person)
    _approve(ctx, found, person)
    return True


def refuse_who_may_not(ctx: Context, client: KnownClient, person: SignedIn) -> None:
    """The client's own rules, as at any other sign-in to it (threat 38).

    Raises NoEntry, or StepUpRequired if the person has what is missing.
    """
    reason = ""
    if not may_enter(ctx, client, person.user_id):
        reason = "no_access"
    else:
        demands = demands_of(client)
        lack = demands.lack(strength_of(ctx, person, demands), now=ctx.now)
        if lack is Lack.STEP_UP:
            raise StepUpRequired(
                acr_values=client.options.min_acr, max_age=client.options.mfa_max_age
            )
        reason = "acr_too_low" if lack else ""
        error = refusal_by_policy(ctx, client) if not reason else None
        if error is not None:
            raise error
    if reason:
        event = ClientEntryRefused(
            org_id=client.org_id, user_id=person.user_id, client_row_id=client.id, reason=reason
        )
        record_attempt(ctx, event)
        raise errors.NoEntry(reason)


def _approve(ctx: Context, found: Waiting, person: SignedIn) -> None:
    row, client = found.row, found.client
    asked = _asked(row.params["scopes"], row.params["resources"])
    grant = give_grant(ctx, client, person, asked, agrees=True)
    said = {**row.params, **params_of(asked, person), "agreed_at": ctx.now.timestamp()}
    _settle(
        ctx,
        row.id,
        status=DeviceStatus.APPROVED,
        grant_id=grant.id,
        sid=place_in_session(ctx, client, person.session_id),
        auth_time=person.auth_time,
        params=said,
    )
    event = DeviceApproved(
        org_id=client.org_id,
        user_id=person.user_id,
        client_row_id=client.id,
        session_id=person.session_id,
        scopes=tuple(row.params["scopes"]),
        ip=row.ip,
    )
    record(ctx, event)


def _deny(ctx: Context, found: Waiting) -> None:
    client = found.client
    _settle(ctx, found.row.id, status=DeviceStatus.DENIED)
    event = DeviceDenied(org_id=client.org_id, user_id=ctx.user_id, client_row_id=client.id)
    record(ctx, event)


def _settle(ctx: Context, row_id: UUID, **values: Any) -> None:
    """One statement decides between two answers. Raises NothingWaits for the later."""
    mine = _waiting(row_id).where(
        DeviceRequest.user_id == ctx.user_id, DeviceRequest.expires_at > ctx.now
    )
    statement = mine.values(**values)
    if not ctx.execute(statement.execution_options(synchronize_session=False)):
        raise errors.NothingWaits


def _waiting(row_id: UUID) -> Any:
    return update(DeviceRequest).where(
        DeviceRequest.id == row_id, DeviceRequest.status == DeviceStatus.PENDING
    )


def _find(ctx: Context, text: str) -> Waiting | None:
    code = user_code_of(text)
    if code is None:
        return None
    row = ctx.glance(
        select(
            DeviceRequest.id, DeviceRequest.kind, DeviceRequest.client_row_id, DeviceRequest.params
        ).where(
            DeviceRequest.user_code == code,
            DeviceRequest.kind == KIND,
            DeviceRequest.status == DeviceStatus.PENDING,
            DeviceRequest.expires_at > ctx.now,
        )
    )
    return _with_client(ctx, row)


def _with_client(ctx: Context, row: Any) -> Waiting | None:
    client = find_client_by_id(ctx.runtime, row.client_row_id) if row is not None else None
    if row is None or client is None or not client.is_usable:
        return None
    return Waiting(row, client) if GRANT_OF[row.kind] in client.options.grant_types else None


def _asked(scopes: Sequence[str], resources: Sequence[str]) -> Asked:
    return Asked(
        redirect_uri="", response_mode="", scopes=tuple(scopes), resources=tuple(resources)
    )


def _who(ctx: Context) -> tuple[tuple[str, int], ...]:
    here = network_of(ctx.origin.ip)
    return (f"person:{ctx.user_id}", MOST_WRONG), (f"address:{here}", MOST_WRONG_HERE)


def _count_guess(ctx: Context) -> None:
    """Before any look-up, so that of many guesses at once no more than these are looked up: five
    wrong ones in ten minutes, and then not even a right one (RFC 8628 5.1). Raises TooManyRequests,
    or TooManyCodes, which is one.
    """
    if not ctx.settings.ratelimit_enabled:
        return
    ctx.stay_out_of_the_transaction()
    store, now = ctx.runtime.store, ctx.now.timestamp()
    rules = parse(ctx.settings.ratelimits["device"])
    count(store, f"device-person:{ctx.user_id}", rules, now).refuse_if_over()
    for who, most in _who(ctx):
        guesses, left = store.count(f"device-guesses:{who}", GUESSING.total_seconds())
        if guesses > most:
            raise errors.TooManyCodes(retry_after=int(left) + 1)


def _give_back_the_guess(ctx: Context) -> None:
    """It was none."""
    if ctx.settings.ratelimit_enabled:
        for who, _ in _who(ctx):
            ctx.runtime.store.count(f"device-guesses:{who}", GUESSING.total_seconds(), by=-1)
