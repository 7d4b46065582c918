"""Tables of the oidc_provider domain."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from gatehouse.core.db import Model, words


class AuthorizationCode(Model):
    """A code, by its SHA-256. Kept for a day after its end, to know one that is shown again.

    ``params`` is what was asked and granted: scope, nonce, challenge, resource, claims and so on.
    """

    __tablename__ = "authorization_codes"
    __table_args__ = (Index("ix_authorization_codes_expires_at", "expires_at"),)

    code_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    grant_id: Mapped[UUID] = mapped_column(ForeignKey("grants.id", ondelete="CASCADE"), index=True)
    client_row_id: Mapped[UUID]
    user_id: Mapped[UUID]
    sid: Mapped[UUID]
    redirect_uri: Mapped[str] = mapped_column(String(1024))
    params: Mapped[dict[str, Any]]
    auth_time: Mapped[datetime]
    expires_at: Mapped[datetime]
    consumed_at: Mapped[datetime | None] = mapped_column(default=None)
    family_id: Mapped[UUID | None] = mapped_column(default=None)


class RequestKind(StrEnum):
    """``pushed`` by the client beforehand (RFC 9126), on its ``way`` through our pages, or about a
    ``logout``.
    """

    PUSHED = "pushed"
    WAY = "way"
    LOGOUT = "logout"


class StoredRequest(Model):
    """An authorization request that is kept, by the SHA-256 of its handle.

    One on its way belongs to a browser (``browser``, a keyed name), and remembers when the person
    chose an account because of it. A pushed one is consumed when its code is issued. ``terms`` is
    the mark of what a sign-in page elsewhere was told that it asks for.
    """

    __tablename__ = "stored_requests"
    __table_args__ = (Index("ix_stored_requests_expires_at", "expires_at"),)

    handle_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    kind: Mapped[RequestKind] = mapped_column(words(RequestKind))
    client_row_id: Mapped[UUID]
    params: Mapped[dict[str, Any]]
    browser: Mapped[str | None] = mapped_column(String(64), default=None)
    pushed_id: Mapped[UUID | None] = mapped_column(default=None)
    user_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), index=True, default=None
    )
    chosen_at: Mapped[datetime | None] = mapped_column(default=None)
    terms: Mapped[str | None] = mapped_column(String(64), default=None)
    expires_at: Mapped[datetime]
    consumed_at: Mapped[datetime | None] = mapped_column(default=None)


class DeviceStatus(StrEnum):
    PENDING = "pending"
    APPROVED = "approved"
    DENIED = "denied"
    REDEEMED = "redeemed"


class DeviceRequest(Model):
    """A device, or a client by its back channel, that waits for a person to say yes elsewhere.

    ``kind`` is ``device`` (RFC 8628) or ``ciba``. ``code_hash`` is what the client polls with,
    ``user_code`` what the person types, ``user_id`` whoever is asked or has answered; ``place`` is
    one of the few that a client has with a person to wait in.
    """

    __tablename__ = "device_requests"
    __table_args__ = (
        Index(
            "uq_device_requests_user_code",
            "user_code",
            unique=True,
            postgresql_where=text("status = 'pending'"),
            sqlite_where=text("status = 'pending'"),
        ),
        Index(
            "uq_device_requests_client_row_id_user_id_place",
            "client_row_id",
            "user_id",
            "place",
            unique=True,
            postgresql_where=text("status = 'pending'"),
            sqlite_where=text("status = 'pending'"),
        ),
        Index("ix_device_requests_expires_at", "expires_at"),
        Index("ix_device_requests_user_id_status", "user_id", "status"),
    )

    kind: Mapped[str] = mapped_column(String(16))
    code_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    user_code: Mapped[str | None] = mapped_column(String(16), default=None)
    client_row_id: Mapped[UUID]
    params: Mapped[dict[str, Any]]
    status: Mapped[DeviceStatus] = mapped_column(words(DeviceStatus), default=DeviceStatus.PENDING)
    user_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), default=None
    )
    grant_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("grants.id", ondelete="CASCADE"), index=True, default=None
    )
    sid: Mapped[UUID | None] = mapped_column(default=None)
    auth_time: Mapped[datetime | None] = mapped_column(default=None)
    ip: Mapped[str | None] = mapped_column(String(45))
    user_agent: Mapped[str | None] = mapped_column(String(255))
    interval: Mapped[int]
    polled_at: Mapped[datetime | None] = mapped_column(default=None)
    place: Mapped[int | None] = mapped_column(default=None)
    expires_at: Mapped[datetime]


class PairwiseSubject(Model):
    """The name of a person for one sector of clients (OpenID Connect Core 8.1)."""

    __tablename__ = "pairwise_subjects"
    __table_args__ = (
        Index("uq_pairwise_subjects_user_id_sector", "user_id", "sector", unique=True),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    sector: Mapped[str] = mapped_column(String(255))
    sub: Mapped[str] = mapped_column(String(64), unique=True)
