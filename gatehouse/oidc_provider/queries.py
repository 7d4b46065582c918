"""Reading what is under way at the OpenID provider. Bound to one account."""

from typing import Any
from uuid import UUID

from sqlalchemy import select

from gatehouse.core.context import Context
from gatehouse.oidc_provider.models import AuthorizationCode, DeviceRequest, PairwiseSubject


def sign_ins_of_applications(ctx: Context, user_id: UUID) -> list[dict[str, Any]]:
    """What an export tells of codes, devices and names that a person has with applications."""
    codes = select(
        AuthorizationCode.redirect_uri, AuthorizationCode.created_at, AuthorizationCode.consumed_at
    ).where(AuthorizationCode.user_id == user_id)
    devices = select(
        DeviceRequest.kind, DeviceRequest.status, DeviceRequest.created_at, DeviceRequest.ip
    ).where(DeviceRequest.user_id == user_id)
    names = select(PairwiseSubject.sector, PairwiseSubject.sub).where(
        PairwiseSubject.user_id == user_id
    )
    return [row._asdict() for part in (codes, devices, names) for row in ctx.db.execute(part)]
