"""What a check has found."""

from dataclasses import asdict, dataclass
from enum import StrEnum


class State(StrEnum):
    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """What is so, and what to do about it."""

    check: str
    state: State
    says: str
    remedy: str = ""

    def as_dict(self) -> dict[str, str]:
        return asdict(self)


def ok(check: str, says: str) -> Finding:
    return Finding(check, State.OK, says)


def warn(check: str, says: str, remedy: str) -> Finding:
    return Finding(check, State.WARN, says, remedy)


def fail(check: str, says: str, remedy: str) -> Finding:
    return Finding(check, State.FAIL, says, remedy)
