"""The mails about an account."""

from datetime import datetime

from gatehouse.mail.service import Mail, sample

LINK = "https://id.example.com/page/ghr_0000"
WHEN = datetime(2026, 1, 31, 12, 0)  # noqa: DTZ001 - shown as UTC
NOT_YOU = "If that was not you, you need do nothing: nothing has changed."


def _when(moment: datetime) -> str:
    return f"{moment:%d %B %Y, %H:%M} UTC"


@sample(link=LINK)
def verify_email_mail(*, link: str) -> Mail:
    return Mail(
        subject="Confirm your address",
        says=("Please confirm that this address is yours. The link holds for 24 hours.",),
        link=("Confirm the address", link),
        notes=("If you did not register, somebody else did: leave the link alone.",),
    )


@sample(link=LINK, ip="192.0.2.7")
def reset_password_mail(*, link: str, ip: str | None) -> Mail:
    return Mail(
        subject="Set a new password",
        says=(
            "Somebody asked for a new password for your account.",
            "The link holds for 2 hours and works once. All sessions end when you use it.",
        ),
        link=("Set a new password", link),
        facts=(("Asked from", ip or "unknown"),),
        notes=(NOT_YOU,),
    )


@sample(link=LINK)
def activate_mail(*, link: str) -> Mail:
    return Mail(
        subject="Your account is ready",
        says=(
            "An account was made for you. Choose a password to claim it.",
            "The link holds for 24 hours and works once.",
        ),
        link=("Claim the account", link),
        notes=("If you do not expect this, you need do nothing.",),
    )


@sample(link=LINK)
def confirm_email_mail(*, link: str) -> Mail:
    return Mail(
        subject="Confirm your new address",
        says=("Use the link to make this address the one of your account. It holds for 24 hours.",),
        link=("Confirm the new address", link),
        notes=("If you did not ask for this, somebody else did: leave the link alone.",),
    )


@sample(link=LINK, ip="192.0.2.7", when=WHEN)
def email_change_asked_mail(*, link: str, ip: str | None, when: datetime) -> Mail:
    return Mail(
        subject="Somebody wants to change your address",
        says=(
            "A new address was given for your account. It is not confirmed yet.",
            "If that was not you, stop it now.",
            "Everybody is signed out then, and you choose a new password.",
        ),
        link=("Stop the change", link),
        facts=(("From", ip or "unknown"), ("When", _when(when))),
    )


@sample(link=LINK, ip="192.0.2.7", when=WHEN)
def email_changed_mail(*, link: str, ip: str | None, when: datetime) -> Mail:
    return Mail(
        subject="Your address was changed",
        says=(
            "Your account has another address now; this one no longer signs you in.",
            "If that was not you, undo it within 7 days.",
            "Everybody is signed out then, and you choose a new password.",
        ),
        link=("Undo the change", link),
        facts=(("From", ip or "unknown"), ("When", _when(when))),
    )


@sample(link=LINK, ip="192.0.2.7", when=WHEN)
def email_change_undone_mail(*, link: str, ip: str | None, when: datetime) -> Mail:
    return Mail(
        subject="The change of your address was undone",
        says=(
            "Your account has this address again. Everybody was signed out.",
            "The password is void: choose a new one.",
            "The link holds for 2 hours; you can ask for another one later.",
        ),
        link=("Set a new password", link),
        facts=(("From", ip or "unknown"), ("When", _when(when))),
    )


@sample(ip="192.0.2.7", when=WHEN)
def address_taken_back_mail(*, ip: str | None, when: datetime) -> Mail:
    return Mail(
        subject="A change to this address was undone",
        says=("The account that had this address has its old one again, by a link mailed there.",),
        facts=(("From", ip or "unknown"), ("When", _when(when))),
    )


@sample(ip="192.0.2.7", when=WHEN)
def password_changed_mail(*, ip: str | None, when: datetime) -> Mail:
    return Mail(
        subject="Your password was changed",
        says=("The password of your account was changed, and all other sessions ended.",),
        facts=(("From", ip or "unknown"), ("When", _when(when))),
        notes=("If that was not you, ask for a new password on the sign-in page at once.",),
    )


@sample(minutes=15, ip="192.0.2.7", when=WHEN)
def account_locked_mail(*, minutes: int, ip: str | None, when: datetime) -> Mail:
    return Mail(
        subject="Somebody tries to guess your password",
        says=(
            "Too many wrong passwords in a row were given for your account.",
            f"For {minutes} minutes only devices that you signed in from before get in, or a link.",
        ),
        facts=(("From", ip or "unknown"), ("When", _when(when))),
        notes=(
            "If that was you, wait a little, or ask for a new password.",
            "While it goes on we write of it once a day.",
        ),
    )


MAILS = (
    verify_email_mail,
    reset_password_mail,
    activate_mail,
    confirm_email_mail,
    email_change_asked_mail,
    email_changed_mail,
    email_change_undone_mail,
    address_taken_back_mail,
    password_changed_mail,
    account_locked_mail,
)
