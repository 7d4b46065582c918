"""The rules of accounts."""

from gatehouse.accounts.service.addresses import (
    ask_for_new_address,
    confirm_new_address,
    release_address,
    undo_change_of_address,
)
from gatehouse.accounts.service.deletion import delete_account, delete_own_account, purge_accounts
from gatehouse.accounts.service.export import export_everything
from gatehouse.accounts.service.guessing import (
    Guess,
    Proof,
    begin_guess,
    name_of_device,
    prove_password,
)
from gatehouse.accounts.service.links import (
    LIVES,
    PAGES,
    find_link,
    purge_links,
    renew_link,
    usable_link,
    void_changes_of_address,
    web_address_for,
    web_address_of,
)
from gatehouse.accounts.service.passwords import (
    change_password,
    confirm_password,
    hold_confirmed_account,
    improve_hash,
    rules_broken_by_change,
)
from gatehouse.accounts.service.profile import (
    change_profile,
    create_account,
    create_account_for,
    note_sign_in,
)
from gatehouse.accounts.service.recovery import (
    activate_account,
    ask_for_link,
    asked_address,
    make_link_on_host,
    purpose_for,
    reset_password,
    sealed_addresses,
    verify_email,
)
from gatehouse.accounts.service.standing import (
    is_to_be_disowned,
    make_operator,
    suspend_account,
    unmake_operator,
    unsuspend_account,
)
from gatehouse.accounts.service.strength import refuse_weak_password, rules_broken_by

__all__ = [
    "LIVES",
    "PAGES",
    "Guess",
    "Proof",
    "activate_account",
    "ask_for_link",
    "ask_for_new_address",
    "asked_address",
    "begin_guess",
    "change_password",
    "change_profile",
    "confirm_new_address",
    "confirm_password",
    "create_account",
    "create_account_for",
    "delete_account",
    "delete_own_account",
    "export_everything",
    "find_link",
    "hold_confirmed_account",
    "improve_hash",
    "is_to_be_disowned",
    "make_link_on_host",
    "make_operator",
    "name_of_device",
    "note_sign_in",
    "prove_password",
    "purge_accounts",
    "purge_links",
    "purpose_for",
    "refuse_weak_password",
    "release_address",
    "renew_link",
    "reset_password",
    "rules_broken_by",
    "rules_broken_by_change",
    "sealed_addresses",
    "suspend_account",
    "undo_change_of_address",
    "unmake_operator",
    "unsuspend_account",
    "usable_link",
    "verify_email",
    "void_changes_of_address",
    "web_address_for",
    "web_address_of",
]
