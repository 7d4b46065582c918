"""What has to happen before a request is granted: one verdict, in a fixed order. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from gatehouse.clients.rules import Options
from gatehouse.oidc_provider.rules.asked import Asked
from gatehouse.oidc_provider.rules.strength import Demands, Lack, Strength


class Step(StrEnum):
    """What comes next: a page for the person, a refusal, or the code."""

    SIGN_IN = "sign_in"
    CHOOSE = "choose"
    CONFIRM = "confirm"
    OTHER_PERSON = "other_person"
    STEP_UP = "step_up"
    UNMET = "unmet"
    ENROL = "enrol"
    NO_ACCESS = "no_access"
    CONSENT = "consent"
    GRANTED = "granted"


@dataclass(frozen=True, slots=True)
class Person:
    """Whoever is signed in. ``sub`` is their name for this client."""

    sub: str
    auth_time: datetime
    known: Strength


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What else decides. ``begun_at`` is when the request came, ``chosen_at`` when the person chose
    this account because of it; ``agreed`` says that all that is asked for was agreed to. ``policy``
    is what an organization demands beside the client.
    """

    now: datetime
    begun_at: datetime
    chosen_at: datetime | None
    has_agreed_now: bool
    agreed: bool
    may_enter: bool
    default_max_age: int | None
    demands: Demands
    policy: Lack | None = None
    always_chooses: bool


def next_step(asked: Asked, person: Person | None, found: Situation) -> Step:  # noqa: PLR0911 - a list
    """What has to happen next."""
    if person is None:
        return Step.SIGN_IN
    # Whoever is signed in and shall make an account is asked whether they want another one.
    wants_choice = bool({"select_account", "create"} & asked.prompt) or found.always_chooses
    if wants_choice and found.chosen_at is None and person.auth_time < found.begun_at:
        return Step.CHOOSE
    if asked.only_subs is not None and person.sub not in asked.only_subs:
        return Step.OTHER_PERSON
    if is_stale(asked, person, found):
        return Step.CONFIRM
    lack = found.demands.lack(person.known, now=found.now) or found.policy
    if lack is not None:
        return Step(lack)
    if _should_be_asked_for_more(asked, person, found) or _has_stale_factor(asked, person, found):
        return Step.STEP_UP
    if not found.may_enter:
        return Step.NO_ACCESS
    if not found.agreed or ("consent" in asked.prompt and not found.has_agreed_now):
        return Step.CONSENT
    return Step.GRANTED


def _should_be_asked_for_more(asked: Asked, person: Person, found: Situation) -> bool:
    """Wishes are no reason to refuse: where no page can be shown, they stay wishes."""
    is_silent = "none" in asked.prompt
    return not is_silent and found.demands.wishes_for_more(person.known, since=found.begun_at)


def _has_stale_factor(asked: Asked, person: Person, found: Situation) -> bool:
    """Whether it was by a password alone that the person proved anew who they are, where the client
    wants more than that, as recent (RFC 9470 4).
    """
    known, is_silent = person.known, "none" in asked.prompt
    if not found.demands.rest_on_a_factor(known, with_wishes=not is_silent):
        return False
    proved_at = known.mfa_time
    return proved_at is None or is_stale(asked, replace(person, auth_time=proved_at), found)


def is_stale(asked: Asked, person: Person, found: Situation) -> bool:
    """Whether the person has to prove anew who they are. What was proven since the request came
    is always recent enough.
    """
    if person.auth_time >= found.begun_at:
        return False
    if "login" in asked.prompt:
        return True
    age = asked.max_age if asked.max_age is not None else found.default_max_age
    return age is not None and found.now - person.auth_time > timedelta(seconds=age)


def must_agree(options: Options, asked: Asked, *, is_trusted: bool) -> bool:
    """Whether the person is asked for consent at all.

    Any program may claim the address of a native application that is not https (RFC 8252 8.6), so
    nobody is led there unasked. To stay while the person is away needs their word, too.
    """
    if options.application_type == "native" and not asked.redirect_uri.startswith("https:"):
        return True
    if is_trusted:
        return False
    return options.consent == "required" or asked.wants_offline
