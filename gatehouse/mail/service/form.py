"""The form of every mail, and its rendering as text and as HTML."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

from gatehouse.mail.rules import header_text

Template = TypeVar("Template", bound=Callable[..., "Mail"])


@dataclass(frozen=True, slots=True)
class Mail:
    """What a mail says: what happened, what to do about it, and what else to know.

    ``link`` is a pair of what the button says and where it leads. All of it is plain text.
    """

    subject: str
    says: tuple[str, ...]
    link: tuple[str, str] | None = None
    facts: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sample:
    """A mail with made-up values, for ``python manage.py mail preview``."""

    name: str
    make: Callable[[], Mail]


def sample(**values: Any) -> Callable[[Template], Template]:
    """Give the function of a mail the values to preview it with."""

    def mark(template: Template) -> Template:
        template.sample = values  # type: ignore[attr-defined]
        return template

    return mark


def samples_of(templates: tuple[Callable[..., Mail], ...]) -> dict[str, Sample]:
    """Samples by the names of their functions."""
    return {
        template.__name__: Sample(template.__name__, lambda t=template: t(**t.sample))  # type: ignore[misc]
        for template in templates
    }


def render(mail: Mail, service: str, url: str) -> tuple[str, str, str]:
    """Subject, text and HTML. ``service`` is what the installation is called."""
    values = {"mail": mail, "service": service, "url": url}
    text, html = _templates()
    subject = header_text(mail.subject)
    return subject, text.render(values), html.render(values)


@cache
def _templates() -> tuple[Any, Any]:
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415

    loader = PackageLoader("gatehouse.mail", "templates")
    options: dict[str, Any] = {"loader": loader, "undefined": StrictUndefined}
    plain = Environment(**options, autoescape=False, trim_blocks=True, lstrip_blocks=True)  # noqa: S701 - text
    escaped = Environment(**options, autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return plain.get_template("mail.txt"), escaped.get_template("mail.html")
