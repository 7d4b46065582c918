"""Tokens: their shape, and what is refused before any look-up."""

import re
from hashlib import sha256

import pytest

from gatehouse.core.tokens import ALPHABET, SESSION, hash_token, is_well_formed, mint

SHAPE = re.compile(r"ghs_[0-9A-Za-z]{43}[0-9A-Za-z]{6}")


def test_a_token_tells_its_kind_and_has_one_length():
    tokens = {mint(SESSION) for _ in range(200)}

    assert len(tokens) == 200
    assert all(SHAPE.fullmatch(token) for token in tokens)
    assert all(is_well_formed(token, SESSION) for token in tokens)


def test_every_letter_of_the_alphabet_occurs():
    seen = {letter for _ in range(200) for letter in mint(SESSION)[4:]}

    assert seen == set(ALPHABET)
    assert len(ALPHABET) == len(set(ALPHABET)) == 62


def test_no_character_of_a_token_can_be_changed():
    token = mint(SESSION)

    passed = [
        (position, letter)
        for position, was in enumerate(token)
        for letter in ALPHABET + "_-=+/ "
        if letter != was
        and is_well_formed(token[:position] + letter + token[position + 1 :], SESSION)
    ]

    assert passed == []


def test_two_neighbours_cannot_be_swapped():
    token = mint(SESSION)

    for position in range(len(token) - 1):
        swapped = [*token]
        swapped[position], swapped[position + 1] = swapped[position + 1], swapped[position]
        text = "".join(swapped)
        assert text == token or not is_well_formed(text, SESSION)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda token: "",
        lambda token: token[:-1],
        lambda token: token[1:],
        lambda token: token + "A",
        lambda token: token + "=",
        lambda token: token + "\n",
        lambda token: " " + token,
        lambda token: token.swapcase(),
        lambda token: token.upper(),
        lambda token: token.lower(),
        lambda token: token * 2,
        lambda token: "gha_" + token[4:],
        lambda token: token[:20] + "é" + token[21:],
        lambda token: token[:20] + "\ud800" + token[21:],
        lambda token: token[:20] + "\x00" + token[21:],
        lambda token: token[:20] + "٣" + token[21:],
    ],
)
def test_a_spoiled_token_is_refused_without_a_look_up(spoil):
    """Threat 68: truncated, appended, re-padded, case-changed."""
    token = mint(SESSION)
    changed = spoil(token)

    assert changed == token or not is_well_formed(changed, SESSION)


def test_a_token_of_one_kind_is_none_of_another():
    """Threat 69."""
    assert not is_well_formed(mint("gha_"), SESSION)
    assert not is_well_formed(mint(SESSION), "gha_")


def test_what_is_stored_is_the_hash():
    token = mint(SESSION)

    assert hash_token(token) == sha256(token.encode()).digest()
    assert token.encode() not in hash_token(token)
