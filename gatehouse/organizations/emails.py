"""The mails about organizations."""

from gatehouse.core.roles import Role
from gatehouse.mail.rules import name_in_mail
from gatehouse.mail.service import Mail, sample

LINK = "https://id.example.com/invite/ghi_0000"


@sample(organization="Acme Corp", role=Role.MEMBER, inviter="Ada Admin", link=LINK)
def invite_mail(*, organization: str, role: Role, inviter: str | None, link: str) -> Mail:
    who, organization = inviter or "Somebody", name_in_mail(organization)
    return Mail(
        subject=f"You are invited to {organization}",
        says=(
            f"{who} invites you to the organization {organization}, as {role.spoken}.",
            "The link holds for 7 days and works once.",
        ),
        link=("See the invitation", link),
        notes=("If you do not know what this is about, you need do nothing.",),
    )


@sample(organization="Acme Corp", role=Role.MEMBER, inviter="Ada Admin")
def member_added_mail(*, organization: str, role: Role, inviter: str | None) -> Mail:
    who, organization = inviter or "Somebody", name_in_mail(organization)
    return Mail(
        subject=f"You are now in {organization}",
        says=(f"{who} added you to the organization {organization}, as {role.spoken}.",),
        notes=("You can leave it at any time.",),
    )


MAILS = (invite_mail, member_added_mail)
