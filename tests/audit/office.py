"""An organization whose record is exported."""

import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

from flask.testing import FlaskClient
from sqlalchemy import insert

from gatehouse.audit.models import AuditEntry
from gatehouse.core.roles import Role
from tests.audit.ledger import id_of
from tests.factories import Factory


class Office:
    def __init__(self, client: FlaskClient, make: Factory) -> None:
        self.client = client
        self.make = make
        self.org = make.organization()
        self.admin = make.member(self.org, Role.ADMIN, user=make.user(full_name="=Olga"))
        self.headers = make.bearer(self.admin)
        self.path = f"/api/v1/organizations/{self.org.id}/audit-logs"

    def write(self, amount: int, **fields) -> list[UUID]:
        start = datetime.now(UTC) - timedelta(minutes=30)
        row = {
            "org_id": self.org.id,
            "actor_id": self.admin.user_id,
            "actor_kind": "user",
            "resource_type": "member",
            "request_id": "test-export",
            "success": True,
            "action": "test.act",
            "details": {},
            **fields,
        }
        moments = [start + timedelta(milliseconds=n) for n in range(amount)]
        rows = [{**row, "created_at": moment, "id": id_of(moment)} for moment in moments]
        with self.client.application.extensions["gatehouse"].engine.begin() as db:
            db.execute(insert(AuditEntry), rows)
        return [row["id"] for row in reversed(rows)]

    def export(self, headers=None, **query):
        return self.client.get(
            f"{self.path}/export", query_string=query, headers=headers or self.headers
        )

    def lines(self, **query):
        """The exported entries without the export's own, newest first."""
        found = [json.loads(line) for line in self.export(**query).data.splitlines()]
        return [line for line in found if line["action"] != "audit.exported"]
