"""The mails about coming in."""

from datetime import datetime

from gatehouse.mail.service import Mail, sample


@sample(
    device="Firefox on Linux",
    ip="192.0.2.7",
    when=datetime(2026, 1, 31, 12, 0),  # noqa: DTZ001 - shown as UTC
)
def new_device_mail(*, device: str, ip: str | None, when: datetime) -> Mail:
    return Mail(
        subject="You signed in from a new device",
        says=("Somebody signed in to your account where it had not been seen before.",),
        facts=(
            ("Device", device),
            ("Address", ip or "unknown"),
            ("When", f"{when:%d %B %Y, %H:%M} UTC"),
        ),
        notes=(
            "If that was you, you need do nothing.",
            "If not, change your password now: that signs everybody else out.",
        ),
    )


MAILS = (new_device_mail,)
