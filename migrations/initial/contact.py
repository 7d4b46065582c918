"""What people write with the contact form."""

import sqlalchemy as sa
from alembic import op

from migrations.initial.common import TIME


def create() -> None:
    op.create_table(
        "contact_enquiries",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("email", sa.String(255), nullable=False),
        sa.Column("company", sa.String(200)),
        sa.Column("enquiry_type", sa.String(32), nullable=False),
        sa.Column("message", sa.String(5000), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_contact_enquiries"),
    )
    op.create_index("ix_contact_enquiries_created_at", "contact_enquiries", ["created_at"])


def drop() -> None:
    op.drop_table("contact_enquiries")
