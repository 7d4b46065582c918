"""What the API tells, read as what it should be.

Who reads something that is missing, or is something else, hears that the server is another than
they know how to talk to. What nobody reads may be whatever it is: it is shown to programs as it
came.
"""

from collections.abc import Callable, Mapping
from typing import Any, Self

from gatehouse_cli.failures import Unreachable
from gatehouse_cli.transport import NO_GATEHOUSE

Kind = Callable[[Any], bool]


def is_text(found: Any) -> bool:
    return isinstance(found, str)


def is_flag(found: Any) -> bool:
    return isinstance(found, bool)


def is_number(found: Any) -> bool:
    return isinstance(found, int) and not isinstance(found, bool)


def is_row(found: Any) -> bool:
    return isinstance(found, dict)


def are_texts(found: Any) -> bool:
    return isinstance(found, list) and all(map(is_text, found))


def are_rows(found: Any) -> bool:
    return isinstance(found, list) and all(map(is_row, found))


# A name means the same wherever the API has it.
NAMES: Mapping[Kind, str] = {
    is_text: (
        "ca_fingerprint certificate challenge_text created_at email error_type fingerprint"
        " force-command full_name id ip key_id key_type kind limited_by message name namespace"
        " public_key role slug source-address state valid_before why why_not"
    ),
    is_flag: "allowed direct included verified",
    is_number: "longest_seconds max_seconds mfa_max_age serial ttl_seconds",
    is_row: "challenge critical_options details user",
    are_texts: "departments extensions policy principals withheld_by",
    are_rows: "certificates keys organizations refusals",
}
KINDS: Mapping[str, Kind] = {name: kind for kind, names in NAMES.items() for name in names.split()}


class Told(dict[str, Any]):
    """An object of an answer of the server at ``origin``.

    What is read by ``get`` may be missing or null. Raises Unreachable.
    """

    def __init__(
        self, content: Mapping[str, Any], origin: str, kinds: Mapping[str, Kind] = KINDS
    ) -> None:
        super().__init__(content)
        self._origin, self._kinds = origin, kinds

    def having(self, **kinds: Kind) -> Self:
        """The same, where some names mean something of their own."""
        return type(self)(self, self._origin, {**self._kinds, **kinds})

    def __getitem__(self, name: str) -> Any:
        if name not in self:
            raise self._complaint(f"It tells no {name}.")
        return self._read(name)

    def get(self, name: str, default: Any = None, /) -> Any:
        return default if super().get(name) is None else self._read(name)

    def _read(self, name: str) -> Any:
        found, is_right = super().__getitem__(name), self._kinds[name]
        if not is_right(found):
            raise self._complaint(f"Its {name} is something else.")
        if is_right is are_rows:
            return [Told(one, self._origin) for one in found]
        return Told(found, self._origin) if is_right is is_row else found

    def _complaint(self, why: str) -> Unreachable:
        return Unreachable(f"{self._origin} {NO_GATEHOUSE} ({why})")
