"""Links in mails: made of a row and a key, found by neither alone."""

from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.core.links import LENGTH, address_of_link, mint_link, new_nonce, row_of_link
from gatehouse.core.settings import read_settings
from gatehouse.core.tokens import checksum

pytestmark = pytest.mark.unit

SETTINGS = read_settings({"FLASK_ENV": "testing", "APP_URL": "https://id.example.test/sso"})
ROW = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
MADE = ("ghr_", ROW, "nonce", "version")


def test_the_same_row_gives_the_same_link():
    assert mint_link(SETTINGS, *MADE) == mint_link(SETTINGS, *MADE)


@pytest.mark.parametrize(
    "other",
    [
        ("ghv_", ROW, "nonce", "version"),
        ("ghr_", uuid4(), "nonce", "version"),
        ("ghr_", ROW, "other", "version"),
        ("ghr_", ROW, "nonce", "other"),
        ("ghr_", ROW, "nonc", "eversion"),
    ],
)
def test_whatever_differs_gives_another_link(other):
    assert mint_link(SETTINGS, *other)[26:] != mint_link(SETTINGS, *MADE)[26:]


def test_another_key_gives_another_link():
    other = replace(SETTINGS, secret_key="another secret of many characters")

    assert mint_link(other, *MADE) != mint_link(SETTINGS, *MADE)


@given(st.uuids())
def test_a_link_tells_its_row(row_id):
    token = mint_link(SETTINGS, "ghr_", row_id, new_nonce(), "v")

    assert len(token) == LENGTH
    assert row_of_link(token, "ghr_") == row_id


def rechecked(body: str) -> str:
    """With a checksum that is right, as anybody can make it."""
    return body + checksum(body)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda token: "",
        lambda token: rechecked(token[:10] + "-" + token[11:-6]),
        lambda token: token[:-1],
        lambda token: token + "0",
        lambda token: "ghv_" + token[4:],
        lambda token: token[:10] + ("a" if token[10] != "a" else "b") + token[11:],
        lambda token: token.swapcase(),
        lambda token: token[:4] + "é" * (len(token) - 4),
        lambda token: token[:-1] + "\n",
        lambda token: "x" * 10_000,
    ],
)
def test_what_is_no_link_of_ours_needs_no_look(spoil):
    assert row_of_link(spoil(mint_link(SETTINGS, *MADE)), "ghr_") is None


@given(st.text(max_size=90))
def test_no_text_breaks_it(text):
    assert row_of_link(text, "ghr_") is None
    assert row_of_link("ghr_" + text, "ghr_") is None


def test_a_link_leads_to_the_configured_address():
    """Threat 99."""
    address = address_of_link(SETTINGS, "reset-password", "ghr_x")

    assert address == "https://id.example.test/sso/reset-password/ghr_x"
