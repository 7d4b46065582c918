"""The terms of a user's certificate: what it will say, or why there is none. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from gatehouse.ssh_ca.rules import checks
from gatehouse.ssh_ca.rules.networks import Networks
from gatehouse.ssh_ca.rules.policies import (
    AuthorityLimits,
    DepartmentPolicy,
    Limit,
    Merged,
    OrganizationPolicy,
    conflicts,
    strictest,
)
from gatehouse.ssh_ca.rules.principals import (
    Choice,
    Granted,
    giving,
    is_principal,
    narrowed,
    select,
)
from gatehouse.ssh_ca.rules.refusals import Refused
from gatehouse.ssh_ca.rules.requests import Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a certificate says. Options without a value have an empty one, extensions have none.

    ``valid_after`` is the first second, ``valid_before`` the first one no more. ``departments``
    are the names of those whose policies hold.
    """

    principals: tuple[str, ...]
    valid_after: datetime
    valid_before: datetime
    ttl: Limit
    extensions: tuple[str, ...]
    critical_options: Mapping[str, str]
    departments: tuple[str, ...]


class WhyNot(StrEnum):
    """Why a principal is not in a certificate."""

    INVALID = "invalid"
    NOT_GRANTED = "not_granted"
    WITHHELD = "withheld"  # by the policies of the departments that would give it
    NOT_ASKED = "not_asked"
    OF_A_HOST = "of_a_host"  # which gets its certificates by itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Whether a principal is in, and by which way: held directly, or given by departments.

    ``why_not`` is None if it is in. Departments are names; those that ``withhold`` it have it,
    and a policy that does not let it into certificates.
    """

    name: str
    why_not: WhyNot | None
    direct: bool = False
    departments: tuple[str, ...] = ()
    withhold: tuple[str, ...] = ()

    @property
    def is_in(self) -> bool:
        return self.why_not is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What a certificate would say, and all that stands in its way.

    ``terms`` are there only if nothing does. What else is there is what would hold without what
    was refused, and is for showing alone. Without any principal no policy is known, and ``ttl``
    and ``longest`` are None.
    """

    principals: tuple[Place, ...]
    refusals: tuple[Refused, ...]
    terms: Terms | None = None
    ttl: Limit | None = None
    longest: Limit | None = None
    extensions: tuple[str, ...] = ()
    critical_options: Mapping[str, str] = field(default_factory=dict)
    departments: tuple[str, ...] = ()
    mfa_max_age: int | None = None


def explain(
    request: Request,
    granted: Sequence[Granted],
    policies: Sequence[DepartmentPolicy],
    organization: OrganizationPolicy,
    limits: AuthorityLimits,
) -> Explanation:
    """What the certificate will say, or all that it is refused for. ``policies`` are of all
    departments of the one who asks.

    Refusals are in this order: the key's state, its kind, the principals, policies that contradict
    each other, the life, the source addresses, the extensions, the second factor's age.
    """
    held = narrowed(granted, policies)
    choice = select(held, request.principals)
    places = _places(request, granted, policies, choice)
    if not choice.names:
        of_key = _of_key(request, organization, None)
        return Explanation(principals=places, refusals=(*of_key, *choice.refusals))
    holding = giving(choice.names, held, policies)
    merged = strictest(holding, limits)
    made, of_wishes = _drafted(request, choice.names, merged, limits)
    of_key = _of_key(request, organization, merged)
    refusals = (*of_key, *choice.refusals, *conflicts(holding), *of_wishes)
    return Explanation(
        principals=places,
        refusals=refusals,
        terms=None if refusals else made,
        ttl=made.ttl,
        longest=merged.longest,
        extensions=made.extensions,
        critical_options=made.critical_options,
        departments=made.departments,
        mfa_max_age=merged.mfa_max_age,
    )


def _of_key(
    request: Request, organization: OrganizationPolicy, merged: Merged | None
) -> tuple[Refused, ...]:
    of_state = checks.of_key_state(request, organization, merged)
    return (*of_state, *checks.of_key_kind(request.key, organization, merged))


def _drafted(
    request: Request, names: tuple[str, ...], merged: Merged, limits: AuthorityLimits
) -> tuple[Terms, tuple[Refused, ...]]:
    """What the certificate would say, and what of the wishes it does not fulfil."""
    ttl, of_ttl = checks.life(request, merged)
    networks, of_source = checks.sources(request, merged)
    extensions, of_extensions = checks.extensions(request, merged)
    of_second_factor = checks.of_second_factor(request, merged)
    draft = Terms(
        principals=names,
        valid_after=request.second - timedelta(seconds=limits.backdate_seconds),
        valid_before=request.second + timedelta(seconds=ttl.seconds),
        ttl=ttl,
        extensions=extensions,
        critical_options=_options(merged, networks),
        departments=merged.departments,
    )
    return draft, (*of_ttl, *of_source, *of_extensions, *of_second_factor)


def _options(merged: Merged, networks: Networks | None) -> dict[str, str]:
    """PROTOCOL.certkeys, "Critical options". What sshd does not know makes it refuse."""
    options = {}
    if merged.force_command is not None:
        options["force-command"] = merged.force_command
    if networks is not None:
        options["source-address"] = ",".join(map(str, networks))
    if merged.require_pin:
        options["verify-required"] = ""
    return options


def _places(
    request: Request,
    granted: Sequence[Granted],
    policies: Sequence[DepartmentPolicy],
    choice: Choice,
) -> tuple[Place, ...]:
    by_name = {one.name: one for one in granted}
    names = sorted({*by_name, *(request.principals or ())})
    return tuple(_place(name, by_name.get(name), policies, choice) for name in names)


def _place(
    name: str, one: Granted | None, policies: Sequence[DepartmentPolicy], choice: Choice
) -> Place:
    having = [policy for policy in policies if one and policy.department_id in one.departments]
    place = Place(
        name=name,
        why_not=None,
        direct=one is not None and one.direct,
        departments=tuple(policy.name for policy in having if policy.gives(name)),
        withhold=tuple(policy.name for policy in having if not policy.gives(name)),
    )
    return replace(place, why_not=_why_not(place, choice))


def _why_not(place: Place, choice: Choice) -> WhyNot | None:
    if not is_principal(place.name):
        return WhyNot.INVALID
    if place.name in choice.names:
        return None
    if place.direct or place.departments:
        return WhyNot.NOT_ASKED
    return WhyNot.WITHHELD if place.withhold else WhyNot.NOT_GRANTED
