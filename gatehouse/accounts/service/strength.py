"""The one rule for passwords, asked wherever one is set."""

import os
from threading import BoundedSemaphore
from unicodedata import normalize

from gatehouse.accounts.errors import HashingBusy, PasswordTooWeak
from gatehouse.accounts.rules import LONGEST, broken_rules, without_words, words_about

# Characters that zxcvbn judges: its time grows faster than the text, and a password is at least
# as good as its most varied part.
MOST_JUDGED = 32
PATIENCE = 10  # seconds in the queue for a core
_CORES = BoundedSemaphore(os.cpu_count() or 1)


def refuse_weak_password(
    password: str, *, email: str, full_name: str | None, field: str = "password"
) -> None:
    """Raise PasswordTooWeak, which names every broken rule under ``field``."""
    broken = rules_broken_by(password, email=email, full_name=full_name)
    if broken:
        error = PasswordTooWeak()
        error.details = {field: broken}
        raise error


def rules_broken_by(password: str, *, email: str, full_name: str | None) -> list[str]:
    """Every rule that the password breaks. Slow: it comes before the transaction."""
    from zxcvbn import zxcvbn  # noqa: PLC0415 - loads its dictionaries

    password = normalize("NFC", password)
    words = words_about(normalize("NFC", email), normalize("NFC", full_name or ""))
    own = without_words(password, words)
    score, advice = (0 if password and not own else 4), ""
    if own and len(password) <= LONGEST:
        if not _CORES.acquire(timeout=PATIENCE):
            raise HashingBusy
        try:
            judged = zxcvbn(_most_varied(own), user_inputs=words)
        finally:
            _CORES.release()
        score, advice = judged["score"], judged["feedback"]["warning"]
    return broken_rules(password, score=score, advice=advice, email=email, own=own)


def _most_varied(password: str) -> str:
    parts = (password[i : i + MOST_JUDGED] for i in range(0, len(password), MOST_JUDGED))
    return max(parts, key=lambda part: len(set(part)))
