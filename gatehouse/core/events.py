"""Things that happened. Each domain declares its own in ``events.py``."""

from dataclasses import dataclass, fields
from enum import Enum
from functools import cache
from typing import Any, ClassVar, Self, get_args, get_origin, get_type_hints
from uuid import UUID

EVENTS: dict[str, type["Event"]] = {}


@dataclass(frozen=True, kw_only=True)
class Event:
    """A fact in the past tense. Never carries a secret, nor a name: it is kept for years.

    ``org_id`` is the organization whose record it belongs to; ``user_id`` the account that it
    happened to. A refusal sets ``is_refusal`` and says why in ``reason``.
    """

    name: ClassVar[str]
    says: ClassVar[str]
    resource: ClassVar[str] = ""
    is_refusal: ClassVar[bool] = False

    org_id: UUID | None = None
    user_id: UUID | None = None

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "name" in cls.__dict__:
            EVENTS[cls.name] = cls

    @property
    def resource_id(self) -> UUID | None:
        """The thing that was acted on: the field ``<resource>_id``."""
        found: UUID | None = getattr(self, f"{self.resource}_id", None) if self.resource else None
        return found

    def payload(self) -> dict[str, Any]:
        """All of it as JSON can hold it, for ``from_payload``."""
        return {field.name: _plain_or_none(getattr(self, field.name)) for field in fields(self)}

    @classmethod
    def from_payload(cls, payload: dict[str, Any]) -> Self:
        """The event again. Fields that this version does not know are left out."""
        kinds = _kinds_of(cls)  # type: ignore[arg-type]
        return cls(**{name: _as(kinds[name], payload[name]) for name in kinds if name in payload})

    def details(self) -> dict[str, Any]:
        """What is particular to this event, ready for JSON."""
        own = (field.name for field in fields(self) if field.name not in ("org_id", "user_id"))
        values = ((name, getattr(self, name)) for name in own)
        return {name: _plain(value) for name, value in values if value is not None}


def _plain(value: Any) -> Any:
    if isinstance(value, bool | int):
        return value
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return str(value)


def _plain_or_none(value: Any) -> Any:
    return None if value is None else _plain(value)


@cache
def _kinds_of(cls: type[Event]) -> dict[str, Any]:
    hints = get_type_hints(cls)
    return {field.name: hints[field.name] for field in fields(cls)}


def _as(kind: Any, value: Any) -> Any:
    """Make of a JSON value what the field holds: ids are text in JSON, tuples are lists."""
    if value is None:
        return None
    kinds = (kind, *get_args(kind))
    if UUID in kinds:
        return UUID(value)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(value)
    return tuple(value) if get_origin(kind) is tuple else value
