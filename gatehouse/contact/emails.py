"""The mail that an enquiry makes."""

from gatehouse.mail.service import Mail, sample


@sample(
    name="Kim Kelly",
    email="kim@example.com",
    company="Example Ltd",
    enquiry_type="demo",
    message="Hello,\nmay we see it at work?",
)
def enquiry(*, name: str, email: str, company: str | None, enquiry_type: str, message: str) -> Mail:
    """To us alone: a copy to the sender would go to whomever a stranger names."""
    facts = (("Name", name), ("Address", email), ("Company", company or "-"))
    return Mail(
        subject=f"Contact form, {enquiry_type}: {name}",
        says=tuple(line for line in message.split("\n") if line.strip()),
        facts=(*facts, ("About", enquiry_type)),
        notes=("Written with the contact form. Nobody has checked whose address it is.",),
    )
