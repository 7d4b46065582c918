"""The rules of accounts."""

from gatehouse.accounts.service.deletion import delete_account, delete_own_account
from gatehouse.accounts.service.guessing import Proof, prove_password
from gatehouse.accounts.service.passwords import (
    change_password,
    confirm_password,
    hold_confirmed_account,
    improve_hash,
    rules_broken_by_change,
)
from gatehouse.accounts.service.profile import change_profile, create_account, note_sign_in
from gatehouse.accounts.service.strength import refuse_weak_password, rules_broken_by

__all__ = [
    "Proof",
    "change_password",
    "change_profile",
    "confirm_password",
    "create_account",
    "delete_account",
    "delete_own_account",
    "hold_confirmed_account",
    "improve_hash",
    "note_sign_in",
    "prove_password",
    "refuse_weak_password",
    "rules_broken_by",
    "rules_broken_by_change",
]
