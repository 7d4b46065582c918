"""Which tokens may be exchanged for which others (RFC 8693). Pure.

A client's ``token_exchange_policy`` lists ``subject_clients``, whose tokens it may bring, and the
``audiences`` and ``scopes`` that it may have for them. What is not listed is not to be had.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 - the name of a type
NEVER = frozenset({"openid", "offline_access"})  # Neither an ID token nor a refresh token comes.
LONGEST_CHAIN = 4  # of those who act one for the other


@dataclass(frozen=True, slots=True)
class Policy:
    subject_clients: frozenset[str]
    audiences: frozenset[str]
    scopes: frozenset[str]


def policy_of(settings: Mapping[str, Any]) -> Policy:
    return Policy(
        *(frozenset(settings.get(name, ())) for name in ("subject_clients", "audiences", "scopes"))
    )


def scopes_left(
    policy: Policy, subject: Sequence[str], wanted: Sequence[str] | None
) -> tuple[str, ...] | None:
    """The scopes of the new token: of those of the subject what the policy lets through. None if
    others are wanted.
    """
    most = tuple(scope for scope in subject if scope in policy.scopes - NEVER)
    if wanted is None:
        return most
    return tuple(wanted) if set(wanted) <= set(most) else None


def who_acted(act: Any) -> Iterator[str]:
    """The clients by which a token was exchanged, the last one first."""
    while isinstance(act, Mapping):
        yield str(act.get("sub"))
        act = act.get("act")


def actors(client_id: str, before: Any) -> dict[str, Any] | None:
    """Who acts, and for whom they act in turn (RFC 8693 4.1). None if the chain is too long."""
    if len([*who_acted(before), client_id]) > LONGEST_CHAIN:
        return None
    return {"sub": client_id} | ({"act": before} if isinstance(before, Mapping) else {})
