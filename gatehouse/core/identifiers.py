"""Identifiers in paths: UUIDs in their one canonical form (RFC 9562 section 4)."""

import re
from typing import Any
from uuid import UUID

from werkzeug.routing import BaseConverter

from gatehouse.core.errors import Invalid

CANONICAL = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
WORDS_BESIDE_IDS = ("export", "refresh", "registration-tokens", "request", "revoke")


class AnySegment(BaseConverter):
    """The ``uuid`` of a route: takes any segment, so that a wrong one is named, not just missed.

    But for words that are routes of their own where ids stand: of those, other methods are refused.
    """

    part_isolating = True
    regex = f"(?!(?:{'|'.join(WORDS_BESIDE_IDS)})$)[^/]+"


def as_uuid(name: str, value: Any) -> Any:
    """Read a segment that a route calls ``..._id``. Raises Invalid, which names it."""
    if not name.endswith("_id"):
        return value
    if not CANONICAL.fullmatch(value):
        raise Invalid.fields(
            {name: ["Must be a UUID such as 01890a5d-ac96-774b-bcce-b302099a8057."]}
        )
    return UUID(value)
