"""The grant types device_code (RFC 8628 3.4) and ciba: polled until a person has answered."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import select, update

from gatehouse.clients.queries import KnownClient
from gatehouse.core.assurance import reaches
from gatehouse.core.context import Context
from gatehouse.core.protocol import Call
from gatehouse.core.tokens import hash_token, is_well_formed
from gatehouse.grants.errors import InvalidGrant
from gatehouse.grants.models import Grant, RefreshFamily
from gatehouse.grants.service import open_family
from gatehouse.oidc_provider.errors import (
    AccessDenied,
    AuthorizationPending,
    ExpiredToken,
    SlowDown,
)
from gatehouse.oidc_provider.models import DeviceRequest, DeviceStatus
from gatehouse.oidc_provider.rules.details import refuse_details
from gatehouse.oidc_provider.rules.devices import Poll, interval_after, poll_of
from gatehouse.oidc_provider.service import ciba
from gatehouse.oidc_provider.service.answers import (
    Answer,
    audience_of,
    of_the_person,
    refuse_who_is_out,
    token_answer,
)
from gatehouse.oidc_provider.service.devices import DEVICE, KIND
from gatehouse.oidc_provider.service.subjects import sub_of
from gatehouse.oidc_provider.service.tokens import OFFLINE, Issue


def redeem_device(ctx: Context, call: Call, client: KnownClient, binding: str | None) -> Answer:
    """Tokens for a device, once, when a person has said yes."""
    return _redeem(ctx, call, client, binding, _row(ctx, call.need("device_code"), DEVICE, KIND))


def redeem_ciba(ctx: Context, call: Call, client: KnownClient, binding: str | None) -> Answer:
    """The same for who asked by the back channel (CIBA Core 10.1, 11)."""
    row = _row(ctx, call.need("auth_req_id"), ciba.CIBA, ciba.KIND)
    return _redeem(ctx, call, client, binding, row)


def _redeem(
    ctx: Context,
    call: Call,
    client: KnownClient,
    binding: str | None,
    row: DeviceRequest | None,
) -> Answer:
    if row is None:
        raise InvalidGrant("unknown_device_code")
    if row.client_row_id != client.id:
        raise InvalidGrant("code_of_another_client")
    refuse_details(call.sent)
    _refuse_unless_approved(ctx, row)
    grant = ctx.db.get(Grant, row.grant_id)
    if grant is None or grant.revoked_at is not None:
        raise InvalidGrant("grant_revoked")
    is_offline = OFFLINE in row.params["scopes"]
    outlives_session = is_offline and not client.options.revoke_offline_on_logout
    sid = None if outlives_session else row.sid
    # A yes from before a new password does not outlive it, offline or not.
    since = datetime.fromtimestamp(row.params["agreed_at"], UTC)
    refuse_who_is_out(ctx, client, grant.user_id, sid=sid, since=since)
    if not reaches(row.params["acr"], client.options.min_acr):
        raise InvalidGrant("acr_too_low")
    _consume(ctx, row)
    family, refresh = _family(ctx, client, row, grant, binding)
    issue = _issue(ctx, client, row, grant)
    issue = replace(
        issue,
        family_id=family.id if family else None,
        audience=audience_of(ctx, call, client, row.params),
        binding=binding,
    )
    answer, _ = token_answer(ctx, client, issue, row.params, nonce=None)
    if refresh:
        answer["refresh_token"] = refresh
    return answer


def _row(ctx: Context, text: str, prefix: str, kind: str) -> DeviceRequest | None:
    if not is_well_formed(text, prefix):
        return None
    found: DeviceRequest | None = ctx.db.scalar(
        select(DeviceRequest).where(
            DeviceRequest.code_hash == hash_token(text), DeviceRequest.kind == kind
        )
    )
    return found


def _refuse_unless_approved(ctx: Context, row: DeviceRequest) -> None:
    """Say how things stand. What was answered in time stays answered until the time is over."""
    if row.status is DeviceStatus.REDEEMED:
        raise InvalidGrant("code_reused")
    if row.status is DeviceStatus.DENIED:
        raise AccessDenied
    if row.expires_at <= ctx.now:
        raise ExpiredToken
    if row.status is DeviceStatus.PENDING:
        poll = poll_of(ctx.now, row.polled_at, row.interval)
        interval = interval_after(poll, row.interval)
        ctx.after_refusal(lambda own: _note(own, row.id, interval))
        raise AuthorizationPending if poll is Poll.PENDING else SlowDown


def _note(ctx: Context, row_id: UUID, interval: int) -> None:
    """When the device asked last, and how long it has to wait now."""
    statement = (
        update(DeviceRequest)
        .where(DeviceRequest.id == row_id, DeviceRequest.status == DeviceStatus.PENDING)
        .values(polled_at=ctx.now, interval=interval)
    )
    ctx.execute(statement.execution_options(synchronize_session=False))


def _consume(ctx: Context, row: DeviceRequest) -> None:
    """One statement decides who of several gets the tokens."""
    statement = (
        update(DeviceRequest)
        .where(
            DeviceRequest.id == row.id,
            DeviceRequest.status == DeviceStatus.APPROVED,
            DeviceRequest.expires_at > ctx.now,
        )
        .values(status=DeviceStatus.REDEEMED)
    )
    if not ctx.execute(statement.execution_options(synchronize_session=False)):
        raise InvalidGrant("code_reused")


def _issue(ctx: Context, client: KnownClient, row: DeviceRequest, grant: Grant) -> Issue:
    """What the tokens say of the person."""
    params = row.params
    return Issue(
        sub=sub_of(ctx, client, grant.user_id),
        scopes=params["scopes"],
        grant_id=grant.id,
        sid=row.sid,
        auth_time=row.auth_time,
        acr=params["acr"],
        amr=params.get("amr", ()),
        extra=of_the_person(ctx, client, grant.user_id, params),
    )


def _family(
    ctx: Context,
    client: KnownClient,
    row: DeviceRequest,
    grant: Grant,
    binding: str | None,
) -> tuple[RefreshFamily | None, str]:
    """With offline_access it outlives the session of whoever approved it; else it ends with it."""
    options, is_offline = client.options, OFFLINE in row.params["scopes"]
    may_refresh = is_offline or options.always_issue_refresh_token
    if "refresh_token" not in options.grant_types or not may_refresh:
        return None, ""
    if row.auth_time is None:
        raise RuntimeError("A device was approved by nobody.")
    return open_family(
        ctx,
        client,
        grant_id=grant.id,
        user_id=grant.user_id,
        sid=row.sid,
        params={**row.params, "auth_time": row.auth_time.timestamp()},
        binding=binding if options.is_public else None,
        dies_with_session=not is_offline,
    )
