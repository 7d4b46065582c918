"""The rules of sessions."""

from gatehouse.sessions.rules import device_in_words
from gatehouse.sessions.service.ending import (
    end_own_session,
    end_sessions,
    revoke_all_sessions,
    revoke_other_sessions,
    revoke_session,
)
from gatehouse.sessions.service.opening import (
    confirm,
    open_session,
    refresh,
    refuse_without_a_fresh_factor,
    remember_device,
    remembered_until,
    renew_token,
)
from gatehouse.sessions.service.recognition import recognise

__all__ = [
    "confirm",
    "device_in_words",
    "end_own_session",
    "end_sessions",
    "open_session",
    "recognise",
    "refresh",
    "refuse_without_a_fresh_factor",
    "remember_device",
    "remembered_until",
    "renew_token",
    "revoke_all_sessions",
    "revoke_other_sessions",
    "revoke_session",
]
