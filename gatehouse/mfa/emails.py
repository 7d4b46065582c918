"""The mails about second factors: whoever did not do it shall hear of it."""

from gatehouse.mail.service import Mail, sample

NOT_YOU = (
    "If that was you, you need do nothing.",
    "If not, change your password now, and look at the security page of your account.",
)


@sample(ip="192.0.2.7")
def app_set_up_mail(*, ip: str | None) -> Mail:
    return Mail(
        subject="An authenticator app was set up",
        says=(
            "Your account asks for a code of it from now on.",
            "It came with new recovery codes. Those that you had before are void.",
        ),
        facts=(("Set up from", ip or "unknown"),),
        notes=NOT_YOU,
    )


@sample(ip="192.0.2.7")
def app_removed_mail(*, ip: str | None) -> Mail:
    return Mail(
        subject="Your authenticator app was removed",
        says=("Your account asks for no code of it any more.",),
        facts=(("Removed from", ip or "unknown"),),
        notes=NOT_YOU,
    )


@sample(passkey="Security key", ip="192.0.2.7")
def passkey_registered_mail(*, passkey: str, ip: str | None) -> Mail:
    return Mail(
        subject="A passkey was registered",
        says=("It signs in to your account from now on.",),
        facts=(("Passkey", passkey), ("Registered from", ip or "unknown")),
        notes=NOT_YOU,
    )


@sample(ip="192.0.2.7")
def passkey_deleted_mail(*, ip: str | None) -> Mail:
    return Mail(
        subject="A passkey was deleted",
        says=("It signs in to your account no more.",),
        facts=(("Deleted from", ip or "unknown"),),
        notes=NOT_YOU,
    )


@sample(ip="192.0.2.7")
def codes_made_mail(*, ip: str | None) -> Mail:
    return Mail(
        subject="New recovery codes were made",
        says=("The codes that you had before are void.",),
        facts=(("Made from", ip or "unknown"),),
        notes=NOT_YOU,
    )


@sample(left=9, ip="192.0.2.7")
def code_used_mail(*, left: int, ip: str | None) -> Mail:
    return Mail(
        subject="A recovery code was used",
        says=("Somebody used one of your recovery codes in place of a factor.",),
        facts=(("Used from", ip or "unknown"), ("Codes left", str(left))),
        notes=NOT_YOU,
    )


@sample()
def factors_reset_mail() -> Mail:
    return Mail(
        subject="Your second factors were taken from your account",
        says=(
            "It was done as for a person who has lost them.",
            "Whoever runs this service did it, or a reset was approved the day before.",
            "You are signed out everywhere. A password alone signs in again.",
        ),
        notes=("If you did not ask for that, change your password now, and ask them why.",),
    )


MAILS = (
    app_set_up_mail,
    app_removed_mail,
    passkey_registered_mail,
    passkey_deleted_mail,
    codes_made_mail,
    code_used_mail,
    factors_reset_mail,
)
