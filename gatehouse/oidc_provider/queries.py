"""Reading what is under way at the OpenID provider: of one account, or by a handle of it."""

from typing import Any
from uuid import UUID

from sqlalchemy import select

from gatehouse.core.context import Context
from gatehouse.core.tokens import hash_token, is_well_formed
from gatehouse.oidc_provider.models import (
    AuthorizationCode,
    DeviceRequest,
    PairwiseSubject,
    RequestKind,
    StoredRequest,
)


def find_kept(ctx: Context, kind: RequestKind, handle: str, prefix: str) -> StoredRequest | None:
    """The request of this kind under a handle, if it is neither used up nor too old."""
    if not is_well_formed(handle, prefix):
        return None
    found: StoredRequest | None = ctx.db.scalar(
        select(StoredRequest).where(
            StoredRequest.handle_hash == hash_token(handle),
            StoredRequest.kind == kind,
            StoredRequest.consumed_at.is_(None),
            StoredRequest.expires_at > ctx.now,
        )
    )
    return found


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
