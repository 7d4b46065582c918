"""Fields of schemas, stricter than Marshmallow's: what a database or a client could trip over."""

from datetime import UTC, datetime
from functools import cache
from typing import Any
from unicodedata import normalize
from urllib.parse import urlsplit

from marshmallow import ValidationError, fields, validate

from gatehouse.core.legible import is_legible
from gatehouse.core.sayings import _, _n


def _between(least: int, most: int) -> str:
    """What a text that is too short or too long should be."""
    if not least:
        return _n("At most %(n)s character.", "At most %(n)s characters.", most)
    return _n(
        "Between %(least)s and %(n)s character.",
        "Between %(least)s and %(n)s characters.",
        most,
        least=least,
    )


class Text(fields.String):
    """One line of text in NFC, without blanks around it and without control characters."""

    def __init__(self, least: int = 0, most: int = 255, **kwargs: Any) -> None:
        length = validate.Length(least, most, error=_between(least, most))
        super().__init__(validate=length, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        text = normalize("NFC", text).strip() if text is not None else ""
        if not is_legible(text):
            raise ValidationError(
                _("Line breaks, control and invisible characters are not allowed.")
            )
        return text


class Paragraphs(fields.String):
    """Text in NFC in which lines may break, and nothing else is out of the ordinary."""

    def __init__(self, most: int, *, least: int = 0, **kwargs: Any) -> None:
        length = validate.Length(least, most, error=_between(least, most))
        super().__init__(validate=length, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        text = normalize("NFC", text).replace("\r\n", "\n").strip() if text is not None else ""
        if not is_legible(text, besides="\n\t"):
            raise ValidationError("Control and invisible characters are not allowed here.")
        return text


class Password(fields.String):
    """A password as it was typed: nothing is trimmed. How strong it is, the service judges."""

    def __init__(self, **kwargs: Any) -> None:
        length = validate.Length(1, 1024, error=_between(1, 1024))
        super().__init__(validate=length, metadata={"format": "password"}, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        """In NFC, so that it does not matter how a keyboard composes accents."""
        return normalize("NFC", super()._deserialize(value, attr, data, **kwargs))


class LinkToken(fields.String):
    """The token of a link in a mail."""

    def __init__(self, **kwargs: Any) -> None:
        length = validate.Length(1, 200, error=_between(1, 200))
        super().__init__(validate=length, **kwargs)


class WebAddress(fields.Url):
    """An absolute https or http address of at most 512 characters; nothing that runs in a page."""

    def __init__(self, **kwargs: Any) -> None:
        length = validate.Length(max=512, error="At most 512 characters.")
        super().__init__(validate=length, schemes={"http", "https"}, require_tld=False, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        if not _is_plain_address(text or ""):
            raise ValidationError("Must be an address such as https://example.com/logo.png.")
        return text


def _is_plain_address(text: str) -> bool:
    """Whether ``text`` names a host and hides nothing: no user, no blanks, no odd signs."""
    try:
        parts = urlsplit(text)
        has_host = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    is_clean = text.isprintable() and not any(sign in text for sign in " \\<>\"'`")
    return parts.scheme in ("http", "https") and has_host and "@" not in parts.netloc and is_clean


class Flag(fields.Boolean):
    """true or false, not a word or number that may mean one of them."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        del attr, data, kwargs
        if not isinstance(value, bool):
            raise ValidationError("Must be true or false, without quotes.")
        return value


class Whole(fields.Integer):
    """A whole number in a query string: plain digits, of a size that every database can count."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        most_digits = 9
        text = str(value)
        if not (text.isascii() and text.isdigit() and len(text) <= most_digits):
            raise ValidationError("Must be a whole number of at most 9 digits.")
        return super()._deserialize(text, attr, data, **kwargs)


class Count(fields.Integer):
    """A whole number, not a word or a flag that may mean one."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        del attr, data, kwargs
        if isinstance(value, bool) or not isinstance(value, int):
            raise ValidationError("Must be a whole number.")
        return value


class QueryFlag(fields.Boolean):
    """true or false in a query string."""

    truthy = {"true"}
    falsy = {"false"}


class Instant(fields.AwareDateTime):
    """A time that comes in, with its offset; one that exists in UTC too."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        found = super()._deserialize(value, attr, data, **kwargs)
        try:
            return found.astimezone(UTC)
        except OverflowError:
            raise ValidationError("Out of range. Name a year from 1 to 9999.") from None


class Moment(fields.AwareDateTime):
    """A time, as RFC 3339 in UTC with Z and microseconds."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        del attr, obj, kwargs
        return rfc3339(value) if value is not None else None


def rfc3339(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


class Address(fields.String):
    """An e-mail address, by syntax only: nothing is asked of DNS, private domains are welcome.

    The part before the @ is ASCII, so that no two addresses look alike and differ. A domain in
    another script is kept in its ASCII form (IDNA).
    """

    MOST = 255
    default_error_messages = {"syntax": "Must be an e-mail address. {why}"}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        validate_email, not_valid = _address_syntax()
        text = super()._deserialize(value, attr, data, **kwargs)
        text = normalize("NFC", text or "").strip()
        if not text or len(text) > self.MOST:
            raise ValidationError(
                _("Must be an e-mail address of at most %(most)s characters.", most=self.MOST)
            )
        try:
            found = validate_email(
                text,
                check_deliverability=False,
                allow_smtputf8=False,
                globally_deliverable=False,
                test_environment=True,
            )
        except not_valid as error:
            # The library spells the word in another way than we do.
            why = str(error).replace("email address", "address")
            raise self.make_error("syntax", why=why) from None
        return f"{found.local_part}@{found.ascii_domain}"


@cache
def _address_syntax() -> tuple[Any, type[Exception]]:
    """The library, imported when first used, and told that private domains are fine."""
    import email_validator  # noqa: PLC0415

    email_validator.SPECIAL_USE_DOMAIN_NAMES.clear()
    return email_validator.validate_email, email_validator.EmailNotValidError
