"""What a policy demands of a person, since when, and how they stand to it. Pure.

``queries/facts.py`` says the same in SQL; a test holds the two together.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from gatehouse.core.assurance import MFA, PHISHING_RESISTANT, acr_of, reaches
from gatehouse.core.sayings import _

GRACE_DAYS, NOTIFY_DAYS = 14, 7  # where nobody has said anything
MOST_GRACE_DAYS, MOST_NOTIFY_DAYS = 365, 30
MOST_MODELS = 100


class Mode(StrEnum):
    """What an organization demands of everybody in it."""

    DISABLED = "disabled"
    OPTIONAL = "optional"
    REQUIRE_TOTP = "require_totp"
    REQUIRE_WEBAUTHN = "require_webauthn"
    REQUIRE_EITHER = "require_totp_or_webauthn"


class Override(StrEnum):
    """What differs for one person: ``required`` demands either factor where the mode demands none,
    ``exempt`` demands nothing, whatever else is said.
    """

    INHERIT = "inherit"
    REQUIRED = "required"
    EXEMPT = "exempt"


class Method(StrEnum):
    """A demand: one factor, or either of both."""

    TOTP = "totp"
    WEBAUTHN = "webauthn"
    EITHER = "totp_or_webauthn"

    @property
    def named(self) -> str:
        """For people, with its article."""
        return _NAMED[self]


class Status(StrEnum):
    """How a person stands to a demand, from best to worst."""

    NOT_APPLICABLE = "not_applicable"
    COMPLIANT = "compliant"
    IN_GRACE = "in_grace"
    PAST_DUE = "past_due"
    SUSPENDED = "suspended"


_NAMED = {
    Method.TOTP: _("an authenticator app"),
    Method.WEBAUTHN: _("a passkey"),
    Method.EITHER: _("an authenticator app or a passkey"),
}
Needs = frozenset[Method]
NOTHING: Needs = frozenset()
BY_MODE: dict[Mode, Needs] = {
    Mode.REQUIRE_TOTP: frozenset({Method.TOTP}),
    Mode.REQUIRE_WEBAUTHN: frozenset({Method.WEBAUTHN}),
    Mode.REQUIRE_EITHER: frozenset({Method.EITHER}),
}
# From the weakest to the strictest.
STRICTNESS = (Override.EXEMPT, Override.INHERIT, Override.REQUIRED)
WORST = tuple(Status)
SHUT_OUT = frozenset({Status.PAST_DUE, Status.SUSPENDED})
MISSING = SHUT_OUT | {Status.IN_GRACE}


@dataclass(frozen=True, slots=True)
class Policy:
    """What an organization demands. ``demands_since`` is when what the mode demands began,
    ``models_since`` when fewer models of passkeys came to count. No ``models``: all count.
    """

    mode: Mode = Mode.OPTIONAL
    grace_days: int = GRACE_DAYS
    demands_since: datetime | None = None
    models_since: datetime | None = None
    models: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class Personal:
    """What differs for one person, since when. Forced methods add to what is demanded anyway."""

    override: Override = Override.INHERIT
    force_totp: bool = False
    force_webauthn: bool = False
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Factors:
    """Since when a person has which factors; of passkeys, the first that counts here."""

    totp_at: datetime | None = None
    webauthn_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a person stands. ``deadline`` is when the grace ends, if anything is missing."""

    status: Status
    missing: tuple[Method, ...] = ()
    deadline: datetime | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """All that a verdict is made of. ``joined`` is when the person came into the organization."""

    joined: datetime
    policy: Policy = field(default_factory=Policy)
    personal: Personal = field(default_factory=Personal)
    factors: Factors = field(default_factory=Factors)
    suspended_at: datetime | None = None


def demanded(mode: Mode, personal: Personal) -> Needs:
    """All that a person needs."""
    if personal.override is Override.EXEMPT:
        return NOTHING
    needs = BY_MODE.get(mode, NOTHING)
    if personal.override is Override.REQUIRED and not needs:
        needs = frozenset({Method.EITHER})
    forced = {Method.TOTP: personal.force_totp, Method.WEBAUTHN: personal.force_webauthn}
    needs |= {method for method, is_forced in forced.items() if is_forced}
    # Whoever has one of both has either.
    return needs - {Method.EITHER} or needs


def begins_anew(before: Needs, after: Needs) -> bool:
    """Whether a demand gives grace: it is none that whoever met the former one meets, too."""
    return any(need not in before and not (need is Method.EITHER and before) for need in after)


def demands_since(before: Policy, mode: Mode, now: datetime) -> datetime | None:
    """Since when an organization demands what it does, once the mode is another."""
    needs = BY_MODE.get(mode, NOTHING)
    if begins_anew(BY_MODE.get(before.mode, NOTHING), needs):
        return now
    return before.demands_since if needs else None


def models_since(before: Policy, models: frozenset[UUID], now: datetime) -> datetime | None:
    """Since when fewer models count, once these do."""
    is_narrower = bool(models) and not (before.models and before.models <= models)
    return now if is_narrower else before.models_since


def since(facts: Facts) -> datetime:
    """When the grace of a person began: when what they need was demanded, or they came, whichever
    was later. What the mode demands of everybody, and is demanded of them anyway, is no news.
    """
    policy, personal = facts.policy, facts.personal
    moments = [facts.joined, personal.since]
    everybodys = BY_MODE.get(policy.mode, NOTHING)
    if begins_anew(demanded(Mode.OPTIONAL, personal), everybodys):
        moments.append(policy.demands_since)
    if demanded(policy.mode, personal) & {Method.WEBAUTHN, Method.EITHER}:
        moments.append(policy.models_since)
    return max(moment for moment in moments if moment is not None)


def judge(facts: Facts, now: datetime) -> Verdict:
    """How a person stands. The job's suspension counts from the present demand on; a factor undoes
    it at once.
    """
    needs = demanded(facts.policy.mode, facts.personal)
    if not needs:
        return Verdict(Status.NOT_APPLICABLE)
    missing = missing_of(needs, facts.factors)
    if not missing:
        return Verdict(Status.COMPLIANT)
    began = since(facts)
    deadline = began + timedelta(days=facts.policy.grace_days)
    if facts.suspended_at is not None and facts.suspended_at >= began:
        return Verdict(Status.SUSPENDED, missing, deadline)
    status = Status.IN_GRACE if now < deadline else Status.PAST_DUE
    return Verdict(status, missing, deadline)


def missing_of(needs: Needs, factors: Factors) -> tuple[Method, ...]:
    return tuple(need for need in Method if need in needs and _met_at(need, factors) is None)


def met_at(needs: Needs, factors: Factors) -> datetime | None:
    """When the last of what is needed came; None where nothing is needed, or something missing."""
    moments = [_met_at(need, factors) for need in needs]
    found = [moment for moment in moments if moment is not None]
    return max(found) if found and len(found) == len(moments) else None


def _met_at(need: Method, factors: Factors) -> datetime | None:
    if need is Method.EITHER:
        has = (factors.totp_at, factors.webauthn_at)
        return min((moment for moment in has if moment is not None), default=None)
    return factors.totp_at if need is Method.TOTP else factors.webauthn_at


def overall(statuses: Iterable[Status]) -> Status:
    """The worst of all; of none, that nothing is demanded."""
    return max(statuses, key=WORST.index, default=Status.NOT_APPLICABLE)


def all_missing(missing: Iterable[Method]) -> tuple[Method, ...]:
    """What several organizations miss, each once. Whoever sets one up has either of both."""
    found = frozenset(missing)
    return tuple(need for need in Method if need in (found - {Method.EITHER} or found))


def wanted_acr(needs: Needs) -> str:
    """How well a session must have proved who is there."""
    return PHISHING_RESISTANT if Method.WEBAUTHN in needs else MFA


def has_used(
    needs: Needs, models: frozenset[UUID], amr: tuple[str, ...], model: UUID | None
) -> bool:
    """Whether a session has used what is needed. ``model`` is the one for which its maker vouched;
    where only some count, another key is as good as none, and the app alone is left.
    """
    if not reaches(acr_of(amr), wanted_acr(needs)):
        return False
    if not models or needs == {Method.TOTP} or model in models:
        return True
    return Method.EITHER in needs and "otp" in amr


def is_stricter(before: Personal, after: Personal) -> bool:
    """Whether ``after`` demands as much in every respect: all that people may do to themselves."""
    return (
        STRICTNESS.index(after.override) >= STRICTNESS.index(before.override)
        and after.force_totp >= before.force_totp
        and after.force_webauthn >= before.force_webauthn
    )
