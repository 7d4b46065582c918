"""What departments, an organization and its authority demand of certificates. Pure."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import reduce
from itertools import combinations
from uuid import UUID

from gatehouse.ssh_ca.rules.networks import Networks, common, in_order
from gatehouse.ssh_ca.rules.refusals import Reason, Refused

HOUR, DAY = 3600, 86_400
LONGEST = 366 * DAY  # of any certificate
LONGEST_BACKDATE = 900
LONGEST_COMMAND = 4096  # bytes
# What ssh-keygen gives without being asked (PROTOCOL.certkeys, "Extensions").
STANDARD = frozenset(
    {
        "permit-X11-forwarding",
        "permit-agent-forwarding",
        "permit-port-forwarding",
        "permit-pty",
        "permit-user-rc",
    }
)
CUSTOM = re.compile(r"(?=.{3,64}\Z)[A-Za-z0-9._-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
HOST_PATTERN = re.compile(r"[a-z0-9*?]([a-z0-9*?._:-]{0,252})")
ALL_HOSTS = re.compile(r"[*?.]*")
FEWEST_RSA_BITS, MOST_RSA_BITS = 2048, 16_384


def is_extension(name: str) -> bool:
    """Whether a policy may allow this: one of the five, or ``name@domain`` (RFC 4251 6)."""
    return name in STANDARD or CUSTOM.fullmatch(name) is not None


def is_host_pattern(text: str) -> bool:
    """Whether this can stand in ``known_hosts`` (ssh_config(5), "PATTERNS"): for some hosts, in
    small letters as clients look for them, and never for all that there are.
    """
    return HOST_PATTERN.fullmatch(text) is not None and not ALL_HOSTS.fullmatch(text)


def is_command(text: str) -> bool:
    """Whether this can be forced: one line, and not an empty one."""
    is_line = text.isprintable() and bool(text.strip())
    return is_line and len(text.encode()) <= LONGEST_COMMAND


@dataclass(frozen=True, slots=True, kw_only=True)
class DepartmentPolicy:
    """What a department demands of certificates with a principal that it gives.

    ``source_cidrs`` and ``allowed_*`` narrow: none, or None, is no demand. ``extensions`` are all
    that there may be, and may be empty. ``mfa_max_age`` is in seconds. Whoever may not choose
    (``allow_user_expiry``) may still ask for less than the default. Raises ValueError.
    """

    department_id: UUID
    name: str
    allow_user_expiry: bool = False
    default_seconds: int = HOUR
    max_seconds: int = DAY
    extensions: frozenset[str] = STANDARD
    source_cidrs: Networks = ()
    pin_source_ip: bool = False
    force_command: str | None = None
    require_fido: bool = False
    require_pin: bool = False
    mfa_max_age: int | None = None
    allowed_key_types: frozenset[str] | None = None
    allowed_principals: frozenset[str] | None = None

    def __post_init__(self) -> None:
        _demand(1 <= self.default_seconds <= LONGEST, "default_seconds")
        _demand(1 <= self.max_seconds <= LONGEST, "max_seconds")
        _demand(all(map(is_extension, self.extensions)), "extensions")
        _demand(self.force_command is None or is_command(self.force_command), "force_command")
        _demand(self.mfa_max_age is None or self.mfa_max_age > 0, "mfa_max_age")
        _demand(self.allowed_key_types is None or bool(self.allowed_key_types), "allowed_key_types")

    @property
    def shortest_default(self) -> int:
        return min(self.default_seconds, self.max_seconds)

    @property
    def longest(self) -> int:
        """The most seconds that somebody may ask for."""
        return self.max_seconds if self.allow_user_expiry else self.shortest_default

    def gives(self, principal: str) -> bool:
        """Whether those who have the principal from this department may have it certified."""
        return self.allowed_principals is None or principal in self.allowed_principals


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationPolicy:
    """What an organization demands of all certificates. ``host_patterns`` say for which hosts the
    authority of hosts vouches, to those who ask. Raises ValueError.
    """

    min_rsa_bits: int = 3072
    require_fido: bool = False
    reverify_days: int | None = None
    admins_get_all_principals: bool = False
    host_patterns: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _demand(all(map(is_host_pattern, self.host_patterns)), "host_patterns")
        _demand(FEWEST_RSA_BITS <= self.min_rsa_bits <= MOST_RSA_BITS, "min_rsa_bits")
        _demand(self.reverify_days is None or self.reverify_days > 0, "reverify_days")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorityLimits:
    """What an authority signs at most. It backdates for clocks that are slow. Raises ValueError."""

    default_seconds: int = HOUR
    max_seconds: int = DAY
    backdate_seconds: int = 300

    def __post_init__(self) -> None:
        _demand(1 <= self.default_seconds <= LONGEST, "default_seconds")
        _demand(1 <= self.max_seconds <= LONGEST, "max_seconds")
        _demand(0 <= self.backdate_seconds <= LONGEST_BACKDATE, "backdate_seconds")


class By(StrEnum):
    """Whose limit it is."""

    REQUEST = "request"
    DEPARTMENT = "department"
    AUTHORITY = "authority"
    KEY = "key"


@dataclass(frozen=True, slots=True)
class Limit:
    """So many seconds, and who says so. ``department`` is its name, if it is one."""

    seconds: int
    by: By
    department: str = field(default="", kw_only=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """What all of them demand together. ``networks`` is None where anybody may come from anywhere,
    ``key_types`` where all are good; ``departments`` are names.
    """

    departments: tuple[str, ...]
    default: Limit
    longest: Limit
    extensions: frozenset[str]
    networks: Networks | None
    pin_source_ip: bool
    force_command: str | None
    require_fido: bool
    require_pin: bool
    mfa_max_age: int | None
    key_types: frozenset[str] | None


def conflicts(policies: Sequence[DepartmentPolicy]) -> tuple[Refused, ...]:
    """Where policies contradict each other, with the names of the departments that do."""
    found = {about: _at_odds(policies, about, agree) for about, agree in AGREEMENTS.items()}
    return tuple(
        Refused(Reason.POLICY_CONFLICT, about=about, departments=[one.name for one in odd])
        for about, odd in found.items()
        if odd
    )


def strictest(policies: Sequence[DepartmentPolicy], limits: AuthorityLimits) -> Merged:
    """What departments that give the principals of one certificate demand together.

    Of each demand the strictest holds. Without a department it is the organization's default: the
    authority's default and maximum, with the five standard extensions. Where there are `conflicts`
    it is good for showing the rest, and no more.
    """
    longest = _shortest(policies, "longest", limits.max_seconds)
    default = _shortest(policies, "shortest_default", limits.default_seconds)
    commands = [one.force_command for one in policies if one.force_command is not None]
    ages = [one.mfa_max_age for one in policies if one.mfa_max_age is not None]
    return Merged(
        departments=tuple(one.name for one in policies),
        default=min(default, longest, key=_seconds),
        longest=longest,
        extensions=_extensions(policies),
        networks=_networks(policies),
        pin_source_ip=any(one.pin_source_ip for one in policies),
        force_command=commands[0] if commands else None,
        require_fido=any(one.require_fido for one in policies),
        require_pin=any(one.require_pin for one in policies),
        mfa_max_age=min(ages, default=None),
        key_types=_key_types(policies),
    )


def _demand(holds: bool, what: str) -> None:  # noqa: FBT001 - reads as a sentence
    if not holds:
        raise ValueError(f"a policy cannot say this of {what}")


def _seconds(limit: Limit) -> int:
    return limit.seconds


def _shortest(policies: Sequence[DepartmentPolicy], which: str, of_authority: int) -> Limit:
    """The least of all, and of the authority, which is named only if it alone says so."""
    theirs = (Limit(getattr(one, which), By.DEPARTMENT, department=one.name) for one in policies)
    return min((*theirs, Limit(of_authority, By.AUTHORITY)), key=_seconds)


def _extensions(policies: Sequence[DepartmentPolicy]) -> frozenset[str]:
    first, *others = (one.extensions for one in policies) if policies else (STANDARD,)
    return first.intersection(*others)


def _networks(policies: Sequence[DepartmentPolicy]) -> Networks | None:
    demands = [in_order(one.source_cidrs) for one in policies if one.source_cidrs]
    return reduce(common, demands) if demands else None


def _key_types(policies: Sequence[DepartmentPolicy]) -> frozenset[str] | None:
    demands = [one.allowed_key_types for one in policies if one.allowed_key_types is not None]
    return demands[0].intersection(*demands[1:]) if demands else None


def _agree_on_a_command(policies: Sequence[DepartmentPolicy]) -> bool:
    return len({one.force_command for one in policies}) <= 1


def _at_odds(
    policies: Sequence[DepartmentPolicy], about: str, agree: Callable[..., bool]
) -> tuple[DepartmentPolicy, ...]:
    """The first two that contradict each other, or all if it takes more than two; none if none."""
    demanding = tuple(one for one in policies if getattr(one, about))
    if agree(demanding):
        return ()
    return next((two for two in combinations(demanding, 2) if not agree(two)), demanding)


# Whether those who demand something leave something that meets all of them.
AGREEMENTS: dict[str, Callable[[Sequence[DepartmentPolicy]], bool]] = {
    "source_cidrs": lambda policies: _networks(policies) != (),
    "force_command": _agree_on_a_command,
    "allowed_key_types": lambda policies: _key_types(policies) != frozenset(),
}
