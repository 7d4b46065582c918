"""Tables of the grants domain."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from gatehouse.core.db import Model

LIVING = text("revoked_at IS NULL")


class Grant(Model):
    """What a person agreed to for a client; one that lives for each pair of them.

    ``organizations`` are the ids of those that were named for the client to act in. ``is_asked`` is
    false where nobody was asked, because the client is trusted or skips consent.
    ``agreed_until`` is how long the answer is remembered, ``used_at`` when it last gave a code.
    """

    __tablename__ = "grants"
    __table_args__ = (
        Index(
            "uq_grants_one_living",
            "user_id",
            "client_row_id",
            unique=True,
            postgresql_where=LIVING,
            sqlite_where=LIVING,
        ),
        Index("ix_grants_revoked_at", "revoked_at"),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    client_row_id: Mapped[UUID] = mapped_column(
        ForeignKey("clients.id", ondelete="CASCADE"), index=True
    )
    scopes: Mapped[list[str]] = mapped_column(JSON, default=list)
    claims: Mapped[list[str]] = mapped_column(JSON, default=list)
    resources: Mapped[list[str]] = mapped_column(JSON, default=list)
    details: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    organizations: Mapped[list[str]] = mapped_column(JSON, default=list)
    is_asked: Mapped[bool] = mapped_column(default=True)
    updated_at: Mapped[datetime] = mapped_column(default=lambda: datetime.now(UTC))
    agreed_until: Mapped[datetime | None] = mapped_column(default=None)
    used_at: Mapped[datetime | None] = mapped_column(default=None)
    revoked_at: Mapped[datetime | None] = mapped_column(default=None)
    revoke_reason: Mapped[str | None] = mapped_column(String(50), default=None)


class RefreshFamily(Model):
    """All refresh tokens that came of one sign-in: one row, and a generation that only rises.

    No token is stored: it is made of the row, its salt and a key. ``sid`` is the place of the
    client in the browser's session; ``dies_with_session`` says that the tokens end with it.
    ``params`` is what the tokens of this family carry: scope, resource, claims, nonce and the like.
    ``binding`` is the key that whoever uses it must have (``jkt:`` or ``x5t:``).
    """

    __tablename__ = "refresh_families"
    __table_args__ = (
        Index("ix_refresh_families_grant_id", "grant_id"),
        Index("ix_refresh_families_user_id", "user_id"),
        Index("ix_refresh_families_expires_at", "expires_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4, sort_order=-1)
    salt: Mapped[bytes] = mapped_column(LargeBinary(16))
    grant_id: Mapped[UUID] = mapped_column(ForeignKey("grants.id", ondelete="CASCADE"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    client_row_id: Mapped[UUID]
    sid: Mapped[UUID | None] = mapped_column(default=None)
    dies_with_session: Mapped[bool] = mapped_column(default=False)
    params: Mapped[dict[str, Any]]
    binding: Mapped[str | None] = mapped_column(String(100), default=None)
    generation: Mapped[int] = mapped_column(default=0)
    rotated_at: Mapped[datetime | None] = mapped_column(default=None)
    idle_expires_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None] = mapped_column(default=None)
    revoke_reason: Mapped[str | None] = mapped_column(String(50), default=None)


class ClientSession(Model):
    """A client that a person signed in to in a session: its id is the ``sid`` that it is told."""

    __tablename__ = "client_sessions"
    __table_args__ = (
        Index("uq_client_sessions_place", "session_id", "client_row_id", unique=True),
        Index("ix_client_sessions_client_row_id", "client_row_id"),
    )

    session_id: Mapped[UUID] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"))
    client_row_id: Mapped[UUID] = mapped_column(ForeignKey("clients.id", ondelete="CASCADE"))


class TokensVoided(Model):
    """Before when the tokens of an account count for nothing, whichever client has them."""

    __tablename__ = "tokens_voided"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), unique=True)
    before: Mapped[datetime]


class RevokedToken(Model):
    """A single access token that was revoked (RFC 7009). Kept until it would have expired."""

    __tablename__ = "revoked_tokens"
    __table_args__ = (Index("ix_revoked_tokens_expires_at", "expires_at"),)

    jti: Mapped[str] = mapped_column(String(64), unique=True)
    expires_at: Mapped[datetime]
