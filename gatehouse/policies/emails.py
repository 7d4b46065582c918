"""The mails to those who miss a factor that an organization demands."""

from collections.abc import Sequence
from datetime import UTC, datetime

from gatehouse.mail.rules import name_in_mail
from gatehouse.mail.service import Mail, sample
from gatehouse.policies.rules import Method

LINK = "https://id.example.com/security"
UNTIL = datetime(2026, 3, 31, 12, tzinfo=UTC)


@sample(organization="Acme Corp", missing=(Method.TOTP,), until=UNTIL, link=LINK)
def factor_due_mail(
    *, organization: str, missing: Sequence[Method], until: datetime, link: str
) -> Mail:
    organization = name_in_mail(organization)
    return Mail(
        subject=f"{organization} asks for a second factor",
        says=(
            f"The organization {organization} asks that you sign in with {_all(missing)}.",
            "Set it up in time, or you cannot use what is there until you do.",
        ),
        link=("Set it up", link),
        facts=(("Until", until.astimezone(UTC).strftime("%d %B %Y, %H:%M UTC")),),
    )


@sample(organization="Acme Corp", missing=(Method.EITHER,), link=LINK)
def factor_overdue_mail(*, organization: str, missing: Sequence[Method], link: str) -> Mail:
    organization = name_in_mail(organization)
    return Mail(
        subject=f"You cannot use {organization} for now",
        says=(
            f"The organization {organization} asks that you sign in with {_all(missing)}.",
            "The time to set that up is over.",
            "Once you have set it up you are in again at once.",
        ),
        link=("Set it up", link),
    )


def _all(missing: Sequence[Method]) -> str:
    return " and ".join(method.named for method in missing)


MAILS = (factor_due_mail, factor_overdue_mail)
