"""How well somebody must be known, and whether they are or could be. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from gatehouse.core.assurance import PWD, acr_of, reaches


class Lack(StrEnum):
    """What is missing: a factor that the person has, one that they have not, or one that they have
    not and that an organization demands of them.
    """

    STEP_UP = "step_up"
    UNMET = "unmet"
    ENROL = "enrol"


@dataclass(frozen=True, slots=True)
class Strength:
    """How somebody is known. ``mfa_time`` is when they last proved more than a password, ``best``
    the class that they could reach by the factors they have.
    """

    amr: tuple[str, ...]
    mfa_time: datetime | None = None
    best: str = PWD


@dataclass(frozen=True, slots=True)
class Demands:
    """How well somebody must be known: of ``needs`` each, of ``essential`` (OpenID Connect Core
    5.5.1.1) any one. If a factor is needed, it counts for ``mfa_max_age`` seconds. ``wishes``
    (acr_values) are met by whoever can.
    """

    needs: tuple[str, ...] = ()
    mfa_max_age: int | None = None
    essential: tuple[str, ...] = ()
    wishes: tuple[str, ...] = ()

    @property
    def are_any(self) -> bool:
        """Whether it matters how well somebody is known, beyond a password."""
        return self._needs_factor or bool(self.essential or self.wishes)

    @property
    def _needs_factor(self) -> bool:
        return any(need != PWD for need in self.needs)

    def lack(self, known: Strength, *, now: datetime) -> Lack | None:
        """Only what is missing is asked for (RFC 9470 5), and only of who could bring it."""
        is_met = self._are_met_by(acr_of(known.amr)) and not self._is_stale(known.mfa_time, now)
        if is_met:
            return None
        return Lack.STEP_UP if self._are_met_by(known.best) else Lack.UNMET

    def wishes_for_more(self, known: Strength, *, since: datetime) -> bool:
        """Whether to ask for more, although it is not needed. Whoever was asked ``since`` and used
        something weaker goes on with that.
        """
        if known.mfa_time is not None and known.mfa_time >= since:
            return False
        return _any(known.best, self.wishes) and not _any(acr_of(known.amr), self.wishes)

    def rest_on_a_factor(self, known: Strength, *, with_wishes: bool) -> bool:
        """Whether what is met is met by more than a password. Where the client says how long a
        factor counts, that holds.
        """
        if self.mfa_max_age is not None:
            return False
        is_wished = _any(acr_of(known.amr), self.wishes) and not _any(PWD, self.wishes)
        return not self._are_met_by(PWD) or (with_wishes and is_wished)

    def _are_met_by(self, acr: str) -> bool:
        is_enough = not self.essential or _any(acr, self.essential)
        return is_enough and all(reaches(acr, need) for need in self.needs)

    def _is_stale(self, mfa_time: datetime | None, now: datetime) -> bool:
        if self.mfa_max_age is None or not self._needs_factor:
            return False
        return mfa_time is None or now - mfa_time > timedelta(seconds=self.mfa_max_age)


def _any(acr: str, wanted: Sequence[str]) -> bool:
    return any(reaches(acr, each) for each in wanted)
