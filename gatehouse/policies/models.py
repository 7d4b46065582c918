"""Tables of the policies domain. Verdicts are computed, not stored."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from gatehouse.core.db import Model, words
from gatehouse.policies.rules import GRACE_DAYS, NOTIFY_DAYS, Mode, Override


class OrganizationPolicy(Model):
    """What an organization demands; where there is no row, nothing. The two times are those of
    ``rules.Policy``; ``allowed_aaguids`` are texts.
    """

    __tablename__ = "organization_policies"

    org_id: Mapped[UUID] = mapped_column(
        ForeignKey("organizations.id", ondelete="CASCADE"), unique=True
    )
    mode: Mapped[Mode] = mapped_column(words(Mode), default=Mode.OPTIONAL)
    grace_days: Mapped[int] = mapped_column(default=GRACE_DAYS)
    notify_days: Mapped[int] = mapped_column(default=NOTIFY_DAYS)
    version: Mapped[int] = mapped_column(default=0)
    demands_since: Mapped[datetime | None] = mapped_column(default=None)
    models_since: Mapped[datetime | None] = mapped_column(default=None)
    allowed_aaguids: Mapped[list[str]] = mapped_column(JSON, default=list)
    updated_at: Mapped[datetime]


class PersonalPolicy(Model):
    """What differs for one member."""

    __tablename__ = "personal_policies"
    __table_args__ = (Index("uq_personal_policies_one_a_member", "org_id", "user_id", unique=True),)

    org_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id", ondelete="CASCADE"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    override: Mapped[Override] = mapped_column(words(Override), default=Override.INHERIT)
    force_totp: Mapped[bool] = mapped_column(default=False)
    force_webauthn: Mapped[bool] = mapped_column(default=False)
    since: Mapped[datetime | None] = mapped_column(default=None)
    updated_at: Mapped[datetime]


class Compliance(Model):
    """What was done about a member who misses something: the job suspended or notified them, or
    somebody reminded them.
    """

    __tablename__ = "compliances"
    __table_args__ = (Index("uq_compliances_one_a_member", "org_id", "user_id", unique=True),)

    org_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id", ondelete="CASCADE"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    suspended_at: Mapped[datetime | None] = mapped_column(default=None)
    last_notified_at: Mapped[datetime | None] = mapped_column(default=None)
    last_reminded_at: Mapped[datetime | None] = mapped_column(default=None)
