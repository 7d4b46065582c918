"""The languages of pages: which there are, which one a reader wants, and what is said in it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gatehouse.core.catalogs import Entry, read_entries
from gatehouse.core.sayings import Saying, _, _n

if TYPE_CHECKING:
    from babel import Locale

SHIPPED = Path(__file__).resolve().parent / "translations"
ENGLISH = "en"
# What strangers ask for is read up to here. RFC 5646 4.4.1: a tag has up to 35 characters.
MOST_WISHES = 20
LONGEST_WISHES = 1000
LONGEST_TAG = 35
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@dataclass(frozen=True)
class Language:
    """One language: its tag (RFC 5646), and its catalogs, of which the first that knows counts."""

    tag: str
    catalogs: tuple[Path, ...] = ()

    @property
    def direction(self) -> str:
        return self.locale.text_direction if self.locale else "ltr"

    def gettext(self, msgid: str) -> str:
        found = self._entries.get(msgid)
        return found.texts[0] if found else msgid

    def ngettext(self, one: str, many: str, n: int) -> str:
        found = self._entries.get(one)
        if found is None or found.many != many:
            return one if n == 1 else many
        return found.texts[found.choose(abs(int(n)))]

    def say(self, text: str) -> str:
        """``text`` in this language if it is marked, else as it is."""
        if not isinstance(text, Saying):
            return text
        values = {name: self._value(one) for name, one in text.values.items()}
        if text.many is None:
            return self.gettext(text.msgid) % values
        return self.ngettext(text.msgid, text.many, text.values["n"]) % values

    def moment(self, time: datetime) -> str:
        """A time for people."""
        return self.say(_("%(day)s, %(time)s UTC", day=self._day(time), time=f"{time:%H:%M}"))

    def wait(self, seconds: int) -> str:
        """A time in words that one can wait for."""
        span = timedelta(seconds=seconds)
        if span < MINUTE:
            return self.say(_n("%(n)s second", "%(n)s seconds", seconds))
        if span < 2 * HOUR:
            return self.say(_n("%(n)s minute", "%(n)s minutes", -(-span // MINUTE)))
        return self.say(_n("%(n)s hour", "%(n)s hours", -(-span // HOUR)))

    def _value(self, value: Any) -> Any:
        if isinstance(value, datetime):
            return self.moment(value)
        return self.say(value) if isinstance(value, str) else value

    def _day(self, time: datetime) -> str:
        if self.locale is None:
            return f"{time.day} {time:%b %Y}"
        from babel.dates import format_skeleton  # noqa: PLC0415

        return format_skeleton("yMMMd", time, locale=self.locale)

    @cached_property
    def locale(self) -> "Locale | None":
        """What Babel knows of this language. Not asked about English, which needs no import."""
        if self.tag == ENGLISH:
            return None
        from babel import Locale, UnknownLocaleError  # noqa: PLC0415

        try:
            return Locale.parse(self.tag, sep="-")
        except (UnknownLocaleError, ValueError):
            return None

    @cached_property
    def _entries(self) -> dict[str, Entry]:
        """Read when somebody first reads this language, and kept."""
        found: dict[str, Entry] = {}
        for path in reversed(self.catalogs):
            found |= read_entries(path)
        return found


IN_ENGLISH = Language(ENGLISH)


@dataclass(frozen=True)
class Languages:
    """The languages that there are, by their tags in lower case."""

    known: Mapping[str, Language]

    @property
    def tags(self) -> list[str]:
        return [language.tag for language in self.known.values()]

    def choose(self, *wishes: Iterable[str]) -> Language:
        """The first that is there, of lists of wishes in their order; else English."""
        found = (self.find(ranges) for ranges in wishes)
        return next((language for language in found if language), self.known[ENGLISH])

    def find(self, wishes: Iterable[str]) -> Language | None:
        """The first of the wishes that is there."""
        found = (self._find(wanted) for wanted in wishes)
        return next((language for language in found if language), None)

    def _find(self, wanted: str) -> Language | None:
        """RFC 4647 3.4: from de-AT-1996 to de-AT to de."""
        subtags = wanted.lower().split("-")
        while subtags:
            if found := self.known.get("-".join(subtags)):
                return found
            subtags.pop()
            if subtags and len(subtags[-1]) == 1:  # What a subtag of one letter began is gone.
                subtags.pop()
        return None


@cache
def languages_of(folder: Path | None) -> Languages:
    """English, what ships with Gatehouse, and what lies in the folder of the operator, whose words
    go before ours.
    """
    found = {ENGLISH: IN_ENGLISH}
    for place in (folder, SHIPPED):
        for path in sorted(place.glob("*.po")) if place else ():
            tag = path.stem.replace("_", "-")
            before = found.get(tag.lower(), Language(tag))
            found[tag.lower()] = replace(before, catalogs=(*before.catalogs, path))
    return Languages(dict(sorted(found.items())))


def wishes_of(text: str | None) -> tuple[str, ...]:
    """The parameter ui_locales: tags with blanks between, the dearest first. Never fails (OpenID
    Connect Core 3.1.2.1).
    """
    few = (text or "")[:LONGEST_WISHES].split(" ")[:MOST_WISHES]
    return tuple(tag for tag in few if 0 < len(tag) <= LONGEST_TAG)


def wishes_of_browser(header: str) -> tuple[str, ...]:
    """The ranges of Accept-Language (RFC 9110 12.5.4), the dearest first."""
    weighed = [_weighed(part) for part in header[:LONGEST_WISHES].split(",")[:MOST_WISHES]]
    wanted = [(tag, weight) for tag, weight in weighed if weight > 0]
    return tuple(tag for tag, _weight in sorted(wanted, key=lambda one: -one[1]))


def _weighed(part: str) -> tuple[str, float]:
    """A range and its weight. What cannot be read has none."""
    tag, _sign, parameter = part.replace(" ", "").partition(";")
    if not 0 < len(tag) <= LONGEST_TAG:
        return "", 0
    if not parameter:
        return tag, 1
    name, _sign, weight = parameter.partition("=")
    try:
        given = float(weight) if name.lower() == "q" else 0
    except ValueError:
        return "", 0
    return tag, given if 0 <= given <= 1 else 0
