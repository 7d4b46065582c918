"""An authorization request, its parameters read and checked (OpenID Connect Core 3.1.2.1)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from gatehouse.core.json_body import name_sent_twice
from gatehouse.core.json_text import read_json
from gatehouse.core.protocol import InvalidRequest
from gatehouse.oidc_provider.errors import InvalidScope, UnsupportedResponseType
from gatehouse.oidc_provider.rules.claims import (
    ADDRESS_AS_NAME,
    FACTS,
    RESERVED,
    claims_of_scopes,
    tellable,
)

PROMPTS = frozenset({"none", "login", "consent", "select_account", "create"})
SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")  # RFC 6749 appendix A.4
CHALLENGE = re.compile(r"[A-Za-z0-9\-._~]{43,128}")  # RFC 7636 4.1, 4.2
AGE = re.compile(r"[0-9]{1,9}")
THUMBPRINT = re.compile(r"[A-Za-z0-9_-]{43}")  # RFC 9449 10
MOST_SCOPES = 100
MOST_CLAIMS = 100
LONGEST_CLAIMS = 8192
LONGEST_STATE = 4096
LONGEST_HINT = 320
LONGEST_ORGANIZATION = 100
CLAIMS_MEMBERS = frozenset({"essential", "value", "values"})

Claims = Mapping[str, Mapping[str, Mapping[str, Any] | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a client asks for. ``max_age`` is in seconds; ``only_subs`` are the people of whom one
    has to answer, if that is not left open.
    """

    redirect_uri: str
    response_mode: str
    scopes: tuple[str, ...]
    state: str | None = None
    nonce: str | None = None
    prompt: frozenset[str] = frozenset()
    max_age: int | None = None
    acr_values: tuple[str, ...] = ()
    essential_acr: tuple[str, ...] = ()
    claims: Claims = field(default_factory=dict)
    login_hint: str | None = None
    ui_locales: tuple[str, ...] = ()
    only_subs: frozenset[str] | None = None
    challenge: str | None = None
    dpop_jkt: str | None = None
    resources: tuple[str, ...] = ()
    details: tuple[dict[str, Any], ...] = ()
    organization: str | None = None

    @property
    def is_openid(self) -> bool:
        return "openid" in self.scopes

    @property
    def wants_offline(self) -> bool:
        return "offline_access" in self.scopes

    def claim_names(self) -> tuple[str, ...]:
        """The facts of a person that are asked for one by one, for userinfo or the ID token, and
        that may be told.
        """
        named = (name for place in self.claims.values() for name in place)
        facts = dict.fromkeys(name for name in named if name not in RESERVED)
        return tellable(facts, self.scopes)


def response_type_of(text: str | None) -> None:
    """Refuse everything but the code flow (RFC 9700 2.1.2)."""
    if not text:
        raise InvalidRequest("The parameter response_type is missing.")
    if text != "code":
        raise UnsupportedResponseType


def scopes_of(text: str | None, allowed: Sequence[str], default: Sequence[str]) -> tuple[str, ...]:
    """The scopes that are asked for and that the client may have; others are left out, and the
    answer says which it got (RFC 6749 3.3). Raises InvalidScope if none is left.
    """
    if text is None:
        return tuple(scope for scope in default if scope in allowed)
    asked = text.split(" ")
    if len(asked) > MOST_SCOPES or not all(SCOPE.fullmatch(scope) for scope in asked):
        raise InvalidScope("The scope is a list of at most 100 words with single blanks between.")
    found = tuple(dict.fromkeys(scope for scope in asked if scope in allowed))
    if not found:
        raise InvalidScope("None of these scopes may be asked for by this client.")
    return found


def scope_member(scopes: Sequence[str]) -> dict[str, str]:
    """Scopes as answers and tokens have them: none at all are left out (RFC 6749 3.3)."""
    return {"scope": " ".join(scopes)} if scopes else {}


def prompt_of(text: str | None) -> frozenset[str]:
    values = frozenset(text.split()) if text else frozenset()
    if not values <= PROMPTS:
        raise InvalidRequest("A value of prompt is not known.")
    if "none" in values and len(values) > 1:
        raise InvalidRequest("The value none of prompt stands alone.")
    return values


def age_of(text: str | None) -> int | None:
    if text is None:
        return None
    if not AGE.fullmatch(text):
        raise InvalidRequest("The parameter max_age is a number of seconds.")
    return int(text)


def nonce_of(text: str | None) -> str | None:
    if text is not None and len(text) > LONGEST_STATE:
        raise InvalidRequest("The nonce is too long.")
    return text


def organization_of(text: str | None) -> str | None:
    if text is not None and len(text) > LONGEST_ORGANIZATION:
        raise InvalidRequest("The organization is an id or a slug.")
    return text


def challenge_of(sent: Mapping[str, str], *, is_required: bool) -> str | None:
    """The PKCE challenge, by S256 alone (RFC 7636 4.3, RFC 9700 2.1.1)."""
    challenge, method = sent.get("code_challenge"), sent.get("code_challenge_method")
    if challenge is None:
        if method is not None:
            raise InvalidRequest("There is a code_challenge_method without a code_challenge.")
        if is_required:
            raise InvalidRequest("This client must use PKCE: the code_challenge is missing.")
        return None
    if method != "S256":
        raise InvalidRequest("The code_challenge_method must be S256.")
    if not CHALLENGE.fullmatch(challenge) or len(challenge) != 43:  # noqa: PLR2004 - of SHA-256
        raise InvalidRequest("The code_challenge is not a SHA-256 in base64url.")
    return challenge


def thumbprint_of(text: str | None) -> str | None:
    """The key that the code shall be bound to (RFC 9449 10)."""
    if text is not None and not THUMBPRINT.fullmatch(text):
        raise InvalidRequest("The dpop_jkt is not a SHA-256 in base64url.")
    return text


def claims_of(text: str | None) -> Claims:
    """The claims parameter (OpenID Connect Core 5.5). Members that we do not know are ignored."""
    if text is None:
        return {}
    try:
        found = read_json(text) if len(text) <= LONGEST_CLAIMS else None
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise InvalidRequest("The parameter claims is not a JSON object, too large, or too deep.")
    if name_sent_twice(text.encode()) is not None:
        raise InvalidRequest("A name stands twice in the parameter claims.")
    places = {place: found.get(place) for place in ("userinfo", "id_token")}
    places = {place: {} if wishes is None else wishes for place, wishes in places.items()}
    for place in places.values():
        if not isinstance(place, dict) or len(place) > MOST_CLAIMS:
            raise InvalidRequest("A member of the parameter claims is not an object.")
        for wish in place.values():
            if wish is not None and not _is_wish(wish):
                raise InvalidRequest("A claim of the parameter claims cannot be read.")
    return {place: wishes for place, wishes in places.items() if wishes}


def within(claims: Claims, scopes: Sequence[str]) -> Claims:
    """The same without facts of scopes that the client may not have: it does not get one by one
    what it may not have as a whole (OpenID Connect Core 5.5.1: what is not told is no error).
    """
    kept_back = frozenset(FACTS) - frozenset(claims_of_scopes(scopes))
    return {
        place: {name: wish for name, wish in wishes.items() if name not in kept_back}
        for place, wishes in claims.items()
    }


def _is_wish(wish: Any) -> bool:
    if not isinstance(wish, dict):
        return False
    values = wish.get("values", [])
    return isinstance(wish.get("essential", False), bool) and isinstance(values, list)


def essential_acr_of(claims: Claims) -> tuple[str, ...]:
    """The classes of which one must be reached (OpenID Connect Core 5.5.1.1)."""
    wish = claims.get("id_token", {}).get("acr") or {}
    if not wish.get("essential"):
        return ()
    values = [wish["value"]] if "value" in wish else wish.get("values", [])
    return tuple(str(value) for value in values)


def subs_of(claims: Claims) -> frozenset[str] | None:
    """The people for one of whom an answer is wanted (OpenID Connect Core 5.5.1), or None. Whatever
    restricts that holds: in both places, and of ``value`` and ``values``.
    """
    wishes = [claims.get(place, {}).get("sub") or {} for place in ("id_token", "userinfo")]
    named = [[wish["value"]] for wish in wishes if "value" in wish]
    named += [wish["values"] for wish in wishes if "values" in wish]
    if not named:
        return None
    found = frozenset.intersection(*(frozenset(map(str, each)) for each in named))
    if not found:
        raise InvalidRequest("The claims name nobody, or two persons at once.")
    return found


def claims_aside(asked: Asked) -> tuple[str, ...]:
    """The facts that are asked for one by one, and that no scope of the request brings anyway. The
    name that is an address is no other fact than the address, which came with a scope.
    """
    brought = (*claims_of_scopes(asked.scopes), ADDRESS_AS_NAME)
    return tuple(name for name in asked.claim_names() if name not in brought)
