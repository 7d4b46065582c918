"""Identifiers in paths: UUIDs in their one canonical form (RFC 9562 section 4)."""

import re
from typing import Any
from uuid import UUID

from werkzeug.routing import BaseConverter

from gatehouse.core.errors import Invalid

CANONICAL = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class AnySegment(BaseConverter):
    """The ``uuid`` of a route: takes any segment, so that a wrong one is named, not just missed."""

    part_isolating = True


def as_uuid(name: str, value: Any) -> Any:
    """Read a segment that a route calls ``..._id``. Raises Invalid, which names it."""
    if not name.endswith("_id"):
        return value
    if not CANONICAL.fullmatch(value):
        raise Invalid.fields(
            {name: ["Must be a UUID such as 01890a5d-ac96-774b-bcce-b302099a8057."]}
        )
    return UUID(value)
