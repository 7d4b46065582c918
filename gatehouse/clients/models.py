"""Tables of the clients domain."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from gatehouse.core.db import Model


class Client(Model):
    """An application. ``settings`` holds what was chosen for it; what is not in there has its
    default, see ``rules/options.py``. ``client_id`` is its public name.

    ``secrets`` lists at most a few of ``{id, hash, kind, sealed, created_at, expires_at}``: of a
    secret that we made the SHA-256 is enough, one that a person chose has a slow hash. Without an
    organization it is one of the instance. Nothing counts that it was given until
    ``tokens_not_before``.
    """

    __tablename__ = "clients"
    __table_args__ = (Index("ix_clients_org_id_name", "org_id", "name"),)

    client_id: Mapped[str] = mapped_column(String(100), unique=True)
    org_id: Mapped[UUID | None] = mapped_column(ForeignKey("organizations.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(120))
    description: Mapped[str | None] = mapped_column(String(2000), default=None)
    is_active: Mapped[bool] = mapped_column(default=True)
    is_trusted: Mapped[bool] = mapped_column(default=False)
    is_built_in: Mapped[bool] = mapped_column(default=False)
    settings: Mapped[dict[str, Any]]
    secrets: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    registration_token_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32), default=None)
    created_by_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("users.id", ondelete="SET NULL"), index=True, default=None
    )
    updated_at: Mapped[datetime] = mapped_column(default=lambda: datetime.now(UTC))
    last_used_at: Mapped[datetime | None] = mapped_column(default=None)
    tokens_not_before: Mapped[datetime | None] = mapped_column(default=None)


class ClientUse(Model):
    """How often a client did something on a day (UTC)."""

    __tablename__ = "client_uses"
    __table_args__ = (
        Index("uq_client_uses_client_row_id_day_kind", "client_row_id", "day", "kind", unique=True),
        Index("ix_client_uses_day", "day"),
    )

    client_row_id: Mapped[UUID] = mapped_column(ForeignKey("clients.id", ondelete="CASCADE"))
    day: Mapped[date]
    kind: Mapped[str] = mapped_column(String(40))
    count: Mapped[int]


class ResourceName(Model):
    """What access tokens can be for, in its normal form: it belongs to one organization, of which
    one client may be the server (RFC 8707). Without one, to the instance.
    """

    __tablename__ = "resource_names"

    name: Mapped[str] = mapped_column(String(500), unique=True)
    org_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("organizations.id", ondelete="CASCADE"), index=True
    )
    server_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("clients.id", ondelete="SET NULL"), index=True, default=None
    )


class RegistrationToken(Model):
    """An initial access token: whoever holds it may register clients (RFC 7591 3)."""

    __tablename__ = "registration_tokens"
    __table_args__ = (Index("ix_registration_tokens_org_id", "org_id"),)

    org_id: Mapped[UUID | None] = mapped_column(ForeignKey("organizations.id", ondelete="CASCADE"))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    uses_left: Mapped[int]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    created_by_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("users.id", ondelete="SET NULL"), index=True, default=None
    )
