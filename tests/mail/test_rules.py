"""What may stand in the head of a letter (threat 108)."""

import pytest

from gatehouse.mail.rules import address_of, header_text

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("Plain", "Plain"),
        ("One\r\nBcc: all@example.test", "One Bcc: all@example.test"),
        ("a\x00b\u2028c\u202ed\x7f", "a b c d"),
        ("  wide   spaces ", "wide spaces"),
        ("Grüße 🎉", "Grüße 🎉"),
        ("x" * 500, "x" * 200),
    ],
)
def test_a_header_is_one_line_of_what_can_be_seen(text, clean):
    assert header_text(text) == clean


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("bob@example.test", "bob@example.test"),
        ("bob+tag@bücher.example", "bob+tag@xn--bcher-kva.example"),
        ('"a b"@example.test', None),
        ("two@example.test,three@example.test", None),
        ("bob@example.test\r\nBcc: x@example.test", None),
        ("Bob <bob@example.test>", None),
        ("bob", None),
        ("@example.test", None),
        ("bob@exa mple.test", None),
        ("bob@" + "x" * 64 + ".test", None),
    ],
)
def test_an_address_is_one_address_or_refused(text, spec):
    if spec is None:
        with pytest.raises(ValueError, match="address"):
            _ = address_of(text).addr_spec
    else:
        assert address_of(text).addr_spec == spec
