"""Somebody registers the address of somebody else, and sets up factors before they come."""

from typing import Any

import pytest
from flask import Flask

from tests.mailbox import Mailbox, token_in
from tests.mfa.owners import LOGIN, KeyOwner

AUTH = "/api/v1/auth"
NEW = "zebra lantern forty-two orbit"


@pytest.fixture
def squatter(holder: KeyOwner) -> KeyOwner:
    """They have a passkey that signs in alone, to an address that they never proved."""
    holder.make.change(holder.user, email_verified=False)
    holder.register()
    assert holder.sign_in().status_code == 200
    return holder


def comes(squatter: KeyOwner, mailbox: Mailbox, path: str, field: str) -> Any:
    """The owner of the address follows the link in it, and signs in."""
    (letter,) = (each for each in mailbox.deliver() if f"/{path}/" in each.text)
    sent = {field: token_in(letter), "password": NEW, "password_confirm": NEW}
    assert squatter.http.post(f"{AUTH}/{path}", json=sent).status_code == 200
    body = {"email": squatter.user.email, "password": NEW}
    return squatter.http.post(LOGIN, json=body).json["data"]


def test_a_password_for_a_new_owner_ends_the_factors_of_a_squatter(
    squatter: KeyOwner, mailbox: Mailbox
):
    """Threat 142: nobody else has been shown to have the address before."""
    squatter.http.post(f"{AUTH}/forgot-password", json={"email": squatter.user.email})

    owner = comes(squatter, mailbox, "reset-password", "token")

    assert "token" in owner
    assert squatter.sign_in().status_code == 401


def test_an_operator_has_no_factors_of_a_squatter(app: Flask, squatter: KeyOwner, mailbox: Mailbox):
    """Threats 142 and 173: what is taken from whoever registered the address is all of it."""
    app.test_cli_runner().invoke(args=["create-operator", squatter.user.email, "--yes"])

    owner = comes(squatter, mailbox, "activate", "code")

    assert owner["user"]["id"] == str(squatter.user.id)
    assert squatter.sign_in().status_code == 401


def test_a_password_for_an_address_that_was_proven_ends_no_factor(
    holder: KeyOwner, mailbox: Mailbox
):
    """Threat 103."""
    holder.register()
    holder.http.post(f"{AUTH}/forgot-password", json={"email": holder.user.email})

    owner = comes(holder, mailbox, "reset-password", "token")

    assert "token" not in owner
    assert holder.sign_in().status_code == 200
