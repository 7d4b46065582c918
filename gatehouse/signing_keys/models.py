"""Tables of the signing_keys domain."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from gatehouse.core.db import Model, words


class KeyStatus(StrEnum):
    """``next`` is published and signs nothing yet, ``retiring`` still verifies."""

    NEXT = "next"
    ACTIVE = "active"
    RETIRING = "retiring"


ACTIVE, NEXT = text("status = 'active'"), text("status = 'next'")


class SigningKey(Model):
    """A key for one algorithm, of which one is active and one next. Its private part is sealed."""

    __tablename__ = "signing_keys"
    __table_args__ = (
        Index(
            "uq_signing_keys_one_active",
            "alg",
            unique=True,
            postgresql_where=ACTIVE,
            sqlite_where=ACTIVE,
        ),
        Index(
            "uq_signing_keys_one_next", "alg", unique=True, postgresql_where=NEXT, sqlite_where=NEXT
        ),
    )

    kid: Mapped[str] = mapped_column(String(64), unique=True)
    alg: Mapped[str] = mapped_column(String(16))
    status: Mapped[KeyStatus] = mapped_column(words(KeyStatus))
    public_jwk: Mapped[dict[str, Any]]
    private_sealed: Mapped[str] = mapped_column(Text)
    active_from: Mapped[datetime]
    retired_at: Mapped[datetime | None] = mapped_column(default=None)
