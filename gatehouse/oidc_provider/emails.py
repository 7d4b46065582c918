"""The mails about what applications ask."""

from gatehouse.mail.rules import name_in_mail
from gatehouse.mail.service import Mail, sample


@sample(client="Harbour Console", organization="Acme Corp", link="https://id.example.com/requests")
def access_asked_mail(*, client: str, organization: str | None, link: str) -> Mail:
    client = name_in_mail(client)
    whose = f"{client} of {name_in_mail(organization)}" if organization else client
    return Mail(
        subject=f"{client} waits for your answer",
        says=(f"{whose} asks to act for you.", "The request is over after ten minutes at most."),
        link=("See the request", link),
        notes=("If you did not start this, keep it out there, or just let it run out.",),
    )


MAILS = (access_asked_mail,)
