"""The one rule for passwords, asked wherever one is set."""

from unicodedata import normalize

from gatehouse.accounts.errors import PasswordTooWeak
from gatehouse.accounts.rules import LONGEST, broken_rules, words_about

MOST_JUDGED = 72  # characters that zxcvbn takes; what follows can only make it better


def refuse_weak_password(
    password: str, *, email: str, full_name: str | None, field: str = "password"
) -> None:
    """Raise PasswordTooWeak, which names every broken rule under ``field``."""
    from zxcvbn import zxcvbn  # noqa: PLC0415 - loads its dictionaries

    password = normalize("NFC", password)
    score, advice = 4, ""
    if 0 < len(password) <= LONGEST:
        judged = zxcvbn(password[:MOST_JUDGED], user_inputs=words_about(email, full_name))
        score, advice = judged["score"], judged["feedback"]["warning"]
    broken = broken_rules(password, score=score, advice=advice, email=email)
    if broken:
        error = PasswordTooWeak()
        error.details = {field: broken}
        raise error
