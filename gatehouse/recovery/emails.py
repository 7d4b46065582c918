"""The mails about resets of lost factors. That one was done is told by the domain of factors."""

from datetime import datetime

from gatehouse.mail.rules import name_in_mail
from gatehouse.mail.service import Mail, sample
from gatehouse.recovery.events import CancelReason

LINK = "https://id.example.com/factor-reset/ghf_0000"
WHEN = datetime(2026, 1, 31, 12, 0)  # noqa: DTZ001 - shown as UTC
WHY = {
    CancelReason.PERSON: "It was cancelled by somebody who is signed in to your account.",
    CancelReason.LINK: "It was cancelled with the link that we mailed you.",
    CancelReason.APPROVER: "It was cancelled by somebody who may approve one.",
    CancelReason.FACTOR_USED: "One of your factors was used since, so they are not lost.",
    CancelReason.NO_FACTORS: "Your account has no second factor any more.",
    CancelReason.APPROVER_MAY_NOT: "Whoever approved it may not do so any more.",
    CancelReason.NOT_IN_CARE: "Your account is no longer in the care of that organization alone.",
    CancelReason.TOO_OLD: "It was approved days ago, and could not be done in time.",
}


BY_SOMEBODY = (CancelReason.PERSON, CancelReason.LINK, CancelReason.FACTOR_USED)


@sample(organization="Acme Corp", due=WHEN, link=LINK)
def reset_approved_mail(*, organization: str | None, due: datetime, link: str) -> Mail:
    approver = "an operator of this service"
    if organization is not None:
        approver = f"an administrator of {name_in_mail(organization)}"
    return Mail(
        subject="Your second factors will be reset",
        says=(
            "Somebody said that you have lost your second factors.",
            "It was approved to take all of them from your account, in 24 hours.",
            "Then a password alone signs in. If you did not ask for it, cancel it now.",
        ),
        link=("Cancel the reset", link),
        facts=(("Approved by", approver), ("Happens at", f"{due:%d %B %Y, %H:%M} UTC")),
        notes=("If you find one of your factors, sign in with it: that cancels the reset, too.",),
    )


@sample(reason=CancelReason.LINK)
def reset_cancelled_mail(*, reason: CancelReason) -> Mail:
    not_you = "If that was not you, change your password now, and ask who approved the reset."
    return Mail(
        subject="The reset of your second factors was cancelled",
        says=(WHY[reason], "It will not happen."),
        notes=(not_you,) if reason in BY_SOMEBODY else (),
    )


MAILS = (reset_approved_mail, reset_cancelled_mail)
