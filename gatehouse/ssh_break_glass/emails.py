"""The mails about the certificate for emergencies: every owner hears of it."""

from datetime import UTC, datetime

from gatehouse.mail.rules import name_in_mail
from gatehouse.mail.service import Mail, sample

UNTIL = datetime(2027, 3, 31, 12, tzinfo=UTC)
FINGERPRINT = "SHA256:47DEQpj8HBSa-TImW+5JCeuQeRkm5NMpJWZG3hSuFU0"


@sample(
    organization="Acme Corp",
    fingerprint=FINGERPRINT,
    key_id="gh1:acme:break-glass:...",
    until=UNTIL,
    replaced=True,
    ip="192.0.2.7",
)
def break_glass_sealed_mail(
    *,
    organization: str,
    fingerprint: str,
    key_id: str,
    until: datetime,
    replaced: bool,
    ip: str | None,
) -> Mail:
    organization = name_in_mail(organization)
    before = ("The one before it was revoked.",) if replaced else ()
    return Mail(
        subject=f"A certificate for emergencies was made for {organization}",
        says=(
            "An owner has made an SSH certificate for emergencies, and has its file.",
            "With that and its passphrase one gets into all machines that admit break-glass.",
            *before,
        ),
        facts=(
            ("Fingerprint", fingerprint),
            ("Alert on", key_id),
            ("Until", _day(until)),
            ("Made from", ip or "unknown"),
        ),
        notes=("If no owner of yours did that, revoke it, and look who your owners are.",),
    )


@sample(organization="Acme Corp", fingerprint=FINGERPRINT, ip="192.0.2.7")
def break_glass_revoked_mail(*, organization: str, fingerprint: str, ip: str | None) -> Mail:
    organization = name_in_mail(organization)
    return Mail(
        subject=f"The certificate for emergencies of {organization} was revoked",
        says=(
            "An owner has revoked it: machines refuse it from now on.",
            "Until another one is sealed there is none.",
        ),
        facts=(("Fingerprint", fingerprint), ("Revoked from", ip or "unknown")),
    )


@sample(organization="Acme Corp", fingerprint=FINGERPRINT, until=UNTIL)
def break_glass_expiring_mail(*, organization: str, fingerprint: str, until: datetime) -> Mail:
    organization = name_in_mail(organization)
    return Mail(
        subject=f"The certificate for emergencies of {organization} ends soon",
        says=("Seal another one in time: this one opens nothing any more once it has ended.",),
        facts=(("Fingerprint", fingerprint), ("Until", _day(until))),
    )


def _day(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%d %B %Y, %H:%M UTC")
