"""The rules of coming in and going out."""

from gatehouse.login.service.factors import (
    answer_in_browser,
    answer_with_code,
    reauthenticate_with_code,
    reauthenticate_with_typed,
)
from gatehouse.login.service.gate import Entry
from gatehouse.login.service.invitations import accept_invitation
from gatehouse.login.service.leaving import sign_out
from gatehouse.login.service.passkeys import (
    answer_with_passkey,
    ask_to_confirm,
    begin_in_browser,
    begin_with_passkey,
    find_pending,
    reauthenticate_with_passkey,
    sign_in_here,
    sign_in_with_passkey,
)
from gatehouse.login.service.password import (
    activate,
    reauthenticate,
    register,
    rules_broken_by_registration,
    sign_in,
)

__all__ = [
    "Entry",
    "accept_invitation",
    "activate",
    "answer_in_browser",
    "answer_with_code",
    "answer_with_passkey",
    "ask_to_confirm",
    "begin_in_browser",
    "begin_with_passkey",
    "find_pending",
    "reauthenticate",
    "reauthenticate_with_code",
    "reauthenticate_with_passkey",
    "reauthenticate_with_typed",
    "register",
    "rules_broken_by_registration",
    "sign_in",
    "sign_in_here",
    "sign_in_with_passkey",
    "sign_out",
]
