"""Things that happened. Each domain declares its own in ``events.py``."""

from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any, ClassVar, Self, get_args, get_origin, get_type_hints
from uuid import UUID

EVENTS: dict[str, type["Event"]] = {}


@dataclass(frozen=True, kw_only=True)
class Event:
    """A fact in the past tense. Never carries a secret, nor a name: it is kept for years.

    ``org_id`` is the organization whose record it belongs to; ``user_id`` the account that it
    happened to. What always has them is one of the three kinds below. A refusal sets
    ``is_refusal`` and says why in ``reason``.
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
        return {one.name: _plain_or_none(getattr(self, one.name)) for one in fields(self)}

    @classmethod
    def from_payload(cls, payload: dict[str, Any]) -> Self:
        """The event again. Fields that this version does not know are left out.

        Where an ``org_id`` or ``user_id`` is not there, it is None even if the event always has
        one: whoever handles it finds nobody by that, and does nothing.
        """
        kinds = _kinds_of(cls)  # type: ignore[arg-type]
        found = {"org_id": None, "user_id": None, **payload}
        return cls(**{name: _as(kinds[name], found[name]) for name in kinds if name in found})

    def details(self) -> dict[str, Any]:
        """What is particular to this event, ready for JSON."""
        own = (one.name for one in fields(self) if one.name not in ("org_id", "user_id"))
        values = ((name, getattr(self, name)) for name in own)
        return {name: _plain(value) for name, value in values if value is not None}


# A field that is declared again needs ``field()``, or it keeps the default None of ``Event``.


@dataclass(frozen=True, kw_only=True)
class AccountEvent(Event):
    """What always happens to an account."""

    user_id: UUID = field()


@dataclass(frozen=True, kw_only=True)
class OrganizationEvent(Event):
    """What always happens in an organization."""

    org_id: UUID = field()


@dataclass(frozen=True, kw_only=True)
class MemberEvent(OrganizationEvent):
    """What always happens to an account in an organization."""

    user_id: UUID = field()


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
    return {one.name: hints[one.name] for one in fields(cls)}


def _as(kind: Any, value: Any) -> Any:
    """Make of a JSON value what the field holds: ids are text in JSON, tuples are lists."""
    if value is None:
        return None
    if get_origin(kind) is tuple:
        return tuple(_as(get_args(kind)[0], one) for one in value)
    kinds = (kind, *get_args(kind))
    if UUID in kinds:
        return UUID(value)
    if datetime in kinds:
        return datetime.fromisoformat(value)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(value)
    return value
