"""What each setting of a client may be, looked at by itself. Pure.

A check takes the value and the scene, and says what is wrong and what would be right.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from gatehouse.clients.rules.addresses import (
    called_problem,
    link_problem,
    network_problem,
    origin_problem,
    plain_address,
    resource_problem,
)
from gatehouse.clients.rules.keys import key_set_problem
from gatehouse.clients.rules.options import FAPI2, Options
from gatehouse.clients.rules.policies import exchange_problem, mapper_problem
from gatehouse.clients.rules.redirects import OF_SIGNING_OUT, redirect_problem
from gatehouse.clients.rules.resources import is_uri
from gatehouse.clients.rules.shapes import shapes_problem
from gatehouse.clients.rules.subjects import subject_problem
from gatehouse.clients.rules.words import (
    APPLICATION_TYPES,
    ASSERTION_ALGORITHMS,
    AUTH_METHODS,
    GRANT_TYPES,
    POLICIES,
    REQUEST_ALGORITHMS,
    RESPONSE_MODES,
)
from gatehouse.core.assurance import LEVELS, RANKS
from gatehouse.core.identifiers import CANONICAL
from gatehouse.core.legible import is_legible
from gatehouse.core.rate_limit import limit_problem, parse
from gatehouse.core.roles import Role
from gatehouse.signing_keys.rules import ALGORITHMS

DAY = 86_400
MOST = 100  # of anything in a list
LONGEST_TEXT = 255
MOST_CALLS = 1_000_000  # a second
SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,100}")  # RFC 6749 appendix A.4
CONTACT = re.compile(r"[^\s@<>\"\x00-\x1f]{1,64}@[^\s@<>\"\x00-\x1f]{1,190}")


@dataclass(frozen=True, slots=True)
class Scene:
    """What a check has to know beside the value: ``own`` are our addresses, ``allowed`` what may
    be called although it is not public.
    """

    application_type: str = "web"
    own: Sequence[str] = ()
    allowed: Sequence[str] = ()


Check = Callable[[Any, Scene], str]


def one_of(*words: str) -> Check:
    return lambda value, _: "" if value in words else f"Must be one of: {', '.join(words)}."


def between(least: int, most: int) -> Check:
    says = f"Must be a whole number between {least} and {most}."
    return lambda value, _: "" if least <= value <= most else says


def text(longest: int = LONGEST_TEXT) -> Check:
    says = f"Must be text of 1 to {longest} characters in one line."
    return lambda value, _: "" if 0 < len(value) <= longest and is_legible(value) else says


def matches(pattern: re.Pattern[str], says: str) -> Check:
    return lambda value, _: "" if pattern.fullmatch(value) else says


def each(check: Check, most: int = MOST) -> Check:
    """A list of things that are all right, each once."""

    def checked(values: Sequence[Any], scene: Scene) -> str:
        if len(values) > most:
            return f"Must be at most {most}."
        if any(value in values[:place] for place, value in enumerate(values)):
            return "Must name each but once."
        found = ((value, check(value, scene)) for value in values)
        return next((f"{_short(value)}: {says}" for value, says in found if says), "")

    return checked


def _short(value: Any) -> str:
    words = value if isinstance(value, str) else "One of them"
    return words[:LONGEST_TEXT]


def link(value: str, _: Scene) -> str:
    return link_problem(value)


def called(value: str, scene: Scene) -> str:
    return called_problem(value, scene.allowed)


def told(value: str, scene: Scene) -> str:
    return called_problem(value, scene.allowed, may_be_here=True)


def redirect(value: str, scene: Scene) -> str:
    return redirect_problem(value, scene.application_type)


def after_signing_out(value: str, scene: Scene) -> str:
    return redirect_problem(value, scene.application_type, OF_SIGNING_OUT)


def origin(value: str, _: Scene) -> str:
    return origin_problem(value)


def resource(value: str, scene: Scene) -> str:
    return resource_problem(value, scene.own)


def network(value: str, _: Scene) -> str:
    return network_problem(value)


def subject(value: str, _: Scene) -> str:
    return subject_problem(value)


def limit(value: str, _: Scene) -> str:
    if len(value) > LONGEST_TEXT or limit_problem(value):
        return "Must be like 10/second or 20/minute."
    is_bounded = all(rule.amount <= MOST_CALLS * rule.period for rule in parse(value))
    return "" if is_bounded else f"Must be at most {MOST_CALLS}/second, or as many for each second."


def certificate_address(value: str, _: Scene) -> str:
    return "" if plain_address(value) else "Must be an address such as 192.0.2.7 or 2001:db8::1."


def contact(value: str, _: Scene) -> str:
    is_right = CONTACT.fullmatch(value) and is_legible(value)
    return "" if is_right else "Must be an e-mail address such as kim@example.com."


def keys(value: Mapping[str, Any], _: Scene) -> str:
    return key_set_problem(value)


def mapper(value: Mapping[str, Any], _: Scene) -> str:
    return mapper_problem(value)


def exchange(value: Mapping[str, Any], scene: Scene) -> str:
    uris = [] if (says := exchange_problem(value)) else filter(is_uri, value["audiences"])
    return says or next(
        (f"{_short(uri)}: {it}" for uri in uris if (it := resource(uri, scene))), ""
    )


def shapes(value: Mapping[str, Any], _: Scene) -> str:
    return shapes_problem(value)


an_id = matches(CANONICAL, "Must be an id such as 01890a5d-ac96-774b-bcce-b302099a8057.")
a_scope = matches(SCOPE, "Must be a word of at most 100 signs, without blanks, quotes and \\.")
own_algorithm = one_of(*ALGORITHMS)
a_name = text()

CHECKS: Mapping[str, Check] = {
    "application_type": one_of(*APPLICATION_TYPES),
    **dict.fromkeys(("client_uri", "logo_uri", "policy_uri", "tos_uri"), link),
    "contacts": each(contact, 20),
    "software_id": a_name,
    "software_version": a_name,
    "redirect_uris": each(redirect),
    "post_logout_redirect_uris": each(after_signing_out),
    "allowed_cors_origins": each(origin),
    "initiate_login_uri": link,
    "grant_types": each(one_of(*GRANT_TYPES)),
    "response_types": each(one_of("code")),
    "response_modes": each(one_of(*RESPONSE_MODES)),
    "scopes": each(a_scope),
    "default_scopes": each(a_scope),
    "resources": each(resource, 20),
    "audiences": each(resource, 20),
    "authorization_details_types": each(a_name, 20),
    "authorization_details_shapes": shapes,
    "token_endpoint_auth_method": one_of(*AUTH_METHODS),
    "token_endpoint_auth_signing_alg": one_of(*ASSERTION_ALGORITHMS),
    "jwks": keys,
    "jwks_uri": called,
    "tls_client_auth_subject_dn": subject,
    **dict.fromkeys((f"tls_client_auth_san_{kind}" for kind in ("dns", "uri", "email")), a_name),
    "tls_client_auth_san_ip": certificate_address,
    "ip_allowlist": each(network),
    "rate_limit": limit,
    "profile": one_of("none", FAPI2),
    "request_object_signing_alg": one_of(*REQUEST_ALGORITHMS),
    "subject_type": one_of("public", "pairwise"),
    "sector_identifier_uri": called,
    "id_token_signed_response_alg": own_algorithm,
    "id_token_lifetime": between(60, DAY),
    "userinfo_signed_response_alg": own_algorithm,
    "introspection_signed_response_alg": own_algorithm,
    "authorization_signed_response_alg": own_algorithm,
    "access_token_signed_response_alg": own_algorithm,
    "access_token_format": one_of("jwt", "opaque"),
    "access_token_lifetime": between(60, DAY),
    "code_lifetime": between(10, 600),
    "refresh_token_lifetime": between(300, 366 * DAY),
    "refresh_token_idle": between(300, 366 * DAY),
    "refresh_rotation": one_of("always", "never"),
    "refresh_grace_seconds": between(0, 60),
    "default_max_age": between(0, 366 * DAY),
    "default_acr_values": each(one_of(*LEVELS)),
    "min_acr": one_of(*RANKS),
    "mfa_max_age": between(60, 366 * DAY),
    "prompt_select_account": one_of("auto", "always"),
    "consent": one_of("required", "skip"),
    "consent_lifetime": between(0, 3660 * DAY),
    "access_policy": one_of(*POLICIES),
    "allowed_org_ids": each(an_id),
    "allowed_group_ids": each(an_id),
    "allowed_roles": each(one_of(*Role)),
    "claims_mappers": each(mapper, 30),
    "backchannel_logout_uri": told,
    "token_exchange_policy": exchange,
    "introspection_allowed": one_of("own", "audience"),
}
KINDS: Mapping[str, str] = {field.name: str(field.type) for field in fields(Options)}
SAYS = {
    "str": "Must be text in quotes.",
    "bool": "Must be true or false, without quotes.",
    "int": "Must be a whole number.",
    "list": "Must be a list.",
    "object": "Must be an object.",
}


def kind_of(name: str) -> str:
    """What sort of value a setting has: str, bool, int, list, objects (a list of them), object."""
    kind = KINDS[name]
    if "tuple" in kind:
        return "objects" if "Mapping" in kind else "list"
    if "Mapping" in kind:
        return "object"
    return "str" if "str" in kind else "bool" if "bool" in kind else "int"


def may_be_null(name: str) -> bool:
    return "None" in KINDS[name]


def problem_of(name: str, value: Any, scene: Scene) -> str:
    """What is wrong with this value of a setting; nothing if nothing is."""
    if value is None:
        return "" if may_be_null(name) else f"Must not be null. {_right_kind(name)}".strip()
    if not _is_of_kind(kind_of(name), value):
        return _right_kind(name)
    check = CHECKS.get(name)
    return check(value, scene) if check else ""


def _right_kind(name: str) -> str:
    kind = kind_of(name)
    items = {"list": "of texts", "objects": "of objects"}.get(kind)
    return f"Must be a list {items}." if items else SAYS[kind]


def _is_of_kind(kind: str, value: Any) -> bool:
    if kind in ("list", "objects"):
        inner = str if kind == "list" else Mapping
        return isinstance(value, list | tuple) and all(isinstance(one, inner) for one in value)
    if kind == "int":
        return isinstance(value, int) and not isinstance(value, bool)
    right: type[Any] = {"str": str, "bool": bool}.get(kind, Mapping)
    return isinstance(value, right)
