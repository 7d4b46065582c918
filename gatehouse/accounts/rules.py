"""What makes a good password, which addresses are the same, how long a guesser waits. Pure."""

import re
from unicodedata import normalize

from gatehouse.core.sayings import _

SHORTEST, LONGEST = 8, 128
LEAST_SCORE = 3
LEAST_WORD = 4
PRODUCT_WORDS = ("gatehouse",)
BETWEEN_ANY = r"[\W_]*"
BETWEEN = re.compile(r"[\W_]+")

# What zxcvbn says of a weak password.
ADVICE = (
    _("A word by itself is easy to guess."),
    _("Common names and surnames are easy to guess."),
    _("Dates are often easy to guess."),
    _("Names and surnames by themselves are easy to guess."),
    _("Recent years are easy to guess."),
    _('Repeats like "aaa" are easy to guess.'),
    _('Repeats like "abcabcabc" are only slightly harder to guess than "abc".'),
    _('Sequences like "abc" or "6543" are easy to guess.'),
    _("Short keyboard patterns are easy to guess."),
    _("Straight rows of keys are easy to guess."),
    _("This is a top-10 common password."),
    _("This is a top-100 common password."),
    _("This is a very common password."),
    _("This is similar to a commonly used password."),
)

FREE_TRIES = 4
TRIES_BEFORE_LOCK = 10
LOCK_SECONDS = 15 * 60
LONGEST_WAIT = 60


def email_key(address: str) -> str:
    """What is unique about an address: NFC, trimmed, without case."""
    return normalize("NFC", address).strip().casefold()


def words_about(email: str, full_name: str | None) -> list[str]:
    """What a guesser would try first for this person."""
    local, _at, host = email.partition("@")
    names = (full_name or "").split()
    whole = [*PRODUCT_WORDS, email, local, *host.split("."), " ".join(names), *names]
    parts = [part for word in (email, *names) for part in BETWEEN.split(word)]
    return list(dict.fromkeys(word.casefold() for word in (*whole, *parts) if word))


def without_words(password: str, words: list[str]) -> str:
    """What is left of a password when what anybody knows of the person is taken out.

    Dots, dashes and blanks hide nothing, in neither. Short words stay: they are in too much that
    is no name of anybody.
    """
    bare = {BETWEEN.sub("", word) for word in words}
    long_words = sorted((word for word in bare if len(word) >= LEAST_WORD), key=len, reverse=True)
    if not long_words:
        return password
    # Only letters and digits stand between what is skipped, so nothing is read twice.
    patterns = (BETWEEN_ANY.join(word) for word in long_words)
    return re.sub("|".join(patterns), "", password, flags=re.IGNORECASE)


def broken_rules(
    password: str, *, score: int, advice: str, email: str, own: str | None = None
) -> list[str]:
    """Every rule that the password breaks, in words that say what would be right.

    ``score`` is zxcvbn's, 0 to 4, ``own`` what is left without the address and the name.
    """
    broken = []
    if len(password) < SHORTEST:
        broken.append(_("Use at least %(least)s characters.", least=SHORTEST))
    if len(password) > LONGEST:
        broken.append(_("Use at most %(most)s characters.", most=LONGEST))
    if not password.strip():
        broken.append(_("Use more than blanks."))
    if password.casefold() == email.casefold():
        broken.append(_("Use something else than your address."))
    if score < LEAST_SCORE:
        broken.append(_too_easy(advice))
    elif own is not None and len(own) < min(SHORTEST, len(password)):
        broken.append(
            _(
                "Use at least %(least)s characters besides your address and your name.",
                least=SHORTEST,
            )
        )
    return broken


def _too_easy(advice: str) -> str:
    """``advice`` is zxcvbn's. What we do not know of it is left out: nobody has translated it."""
    why = next((known for known in ADVICE if known == advice), None)
    if why is None:
        return _("This is too easy to guess. Several uncommon words are good.")
    return _("This is too easy to guess. %(why)s Several uncommon words are good.", why=why)


def wait_after(wrong_in_a_row: int) -> int:
    """Seconds until the next try: from the 5th wrong password on 1, 2, 4 ... up to 60."""
    if wrong_in_a_row <= FREE_TRIES:
        return 0
    return min(1 << min(wrong_in_a_row - FREE_TRIES - 1, 6), LONGEST_WAIT)


def is_locked(tries: int) -> bool:
    """Whether this try, counted with those before it, comes after the lock fell."""
    return tries > TRIES_BEFORE_LOCK
