"""An authorization request is read by a list of checks, whichever way it came.

Until the client and its redirect URI are known nobody is led anywhere. After that every refusal
goes back to the client, with our name and its state.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from gatehouse.clients.queries import KnownClient, find_client
from gatehouse.clients.rules import redirect_matches
from gatehouse.core.context import Context
from gatehouse.core.languages import wishes_of
from gatehouse.core.protocol import InvalidRequest, OAuthError
from gatehouse.core.sayings import _
from gatehouse.oidc_provider.errors import NotLedOn, RegistrationNotSupported
from gatehouse.oidc_provider.rules import asked as rules
from gatehouse.oidc_provider.rules.asked import Asked
from gatehouse.oidc_provider.rules.details import details_of
from gatehouse.oidc_provider.rules.modes import may_use, usual_mode
from gatehouse.oidc_provider.service.hints import sub_of_hint
from gatehouse.oidc_provider.service.resources import check_resources
from gatehouse.oidc_provider.service.responses import WayBack, way_back_to

Params = Mapping[str, Any]


@dataclass(slots=True)
class Draft:
    """A request while it is read: what was sent, and what the checks made of it so far."""

    client: KnownClient
    sent: dict[str, str]
    several: dict[str, list[str]]
    way_back: WayBack
    made: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Request:
    """A request that passed every check."""

    client: KnownClient
    asked: Asked
    way_back: WayBack
    params: Params
    pushed_id: Any = None


class Refused(Exception):
    """A refusal that the client shall hear, by the browser."""

    def __init__(self, way_back: WayBack, error: OAuthError, client: KnownClient) -> None:
        super().__init__(error.error)
        self.way_back = way_back
        self.error = error
        self.client = client


def check_response_type(ctx: Context, draft: Draft) -> None:
    del ctx
    rules.response_type_of(draft.sent.get("response_type"))


def check_what_is_not_taken(ctx: Context, draft: Draft) -> None:
    del ctx
    if "registration" in draft.sent:
        raise RegistrationNotSupported
    if "request" in draft.sent or "request_uri" in draft.sent:
        raise InvalidRequest("A request holds no other request.")


def read_scopes(ctx: Context, draft: Draft) -> None:
    del ctx
    options = draft.client.options
    draft.made["scopes"] = rules.scopes_of(
        draft.sent.get("scope"), options.scopes, options.default_scopes
    )


def read_wishes(ctx: Context, draft: Draft) -> None:
    options, sent = draft.client.options, draft.sent
    prompt = rules.prompt_of(sent.get("prompt"))
    if "create" in prompt and not ctx.settings.registration_enabled:
        raise InvalidRequest("Nobody can make an account here: the prompt create is not taken.")
    claims = rules.within(rules.claims_of(sent.get("claims")), options.scopes)
    acr_values = tuple(sent.get("acr_values", "").split()) or options.default_acr_values
    draft.made |= {
        "claims": claims,
        "prompt": prompt,
        "max_age": rules.age_of(sent.get("max_age")),
        "acr_values": acr_values,
        "essential_acr": rules.essential_acr_of(claims),
        "nonce": rules.nonce_of(sent.get("nonce")),
        "login_hint": sent.get("login_hint", "")[: rules.LONGEST_HINT] or None,
        "ui_locales": draft.way_back.ui_locales,
        "organization": rules.organization_of(sent.get("organization")),
        "details": details_of(
            sent.get("authorization_details"),
            options.authorization_details_types,
            options.authorization_details_shapes,
        ),
    }


def check_pkce(ctx: Context, draft: Draft) -> None:
    del ctx
    options = draft.client.options
    is_required = options.require_pkce or options.is_public or options.profile == "fapi2"
    draft.made["challenge"] = rules.challenge_of(draft.sent, is_required=is_required)
    draft.made["dpop_jkt"] = rules.thumbprint_of(draft.sent.get("dpop_jkt"))


def read_hints(ctx: Context, draft: Draft) -> None:
    """Who is meant: an ID token of ours as a hint, or a wish for certain subjects alone."""
    wished, hint = rules.subs_of(draft.made["claims"]), draft.sent.get("id_token_hint")
    if hint:
        hinted = sub_of_hint(ctx, draft.client, hint)
        if wished is not None and hinted not in wished:
            raise InvalidRequest("The hint and the claims name two persons.")
        wished = frozenset({hinted})
    draft.made["only_subs"] = wished


def read_resources(ctx: Context, draft: Draft) -> None:
    wanted = draft.several.get("resource", [])
    draft.made["resources"] = check_resources(ctx, draft.client, wanted)


CHECKS: tuple[Callable[[Context, Draft], None], ...] = (
    check_response_type,
    check_what_is_not_taken,
    read_scopes,
    read_wishes,
    check_pkce,
    read_hints,
    read_resources,
)


def request_of(ctx: Context, sent: dict[str, str], several: Mapping[str, Sequence[str]]) -> Request:
    """Check parameters that came in whichever way. Raises NotLedOn, then Refused."""
    client = known_client(ctx, sent.get("client_id"))
    way_back = way_back_of(ctx, client, sent)
    draft = Draft(client, dict(sent), {k: list(v) for k, v in several.items()}, way_back)
    try:
        check_mode(client, sent)
        for check in CHECKS:
            check(ctx, draft)
    except OAuthError as error:
        raise Refused(way_back, error, client) from error
    asked = Asked(
        redirect_uri=way_back.redirect_uri,
        response_mode=way_back.mode,
        state=way_back.state,
        **draft.made,
    )
    return Request(client, asked, way_back, {**sent, "several": draft.several})


def known_client(ctx: Context, client_id: str | None) -> KnownClient:
    """The client of a request. Raises NotLedOn."""
    if not client_id:
        raise NotLedOn(_("It did not say which application it is."), reason="no_client_id")
    client = find_client(ctx.runtime, client_id)
    if client is None or not client.is_usable:
        raise NotLedOn(
            _("It is not known here, or has been switched off."),
            reason="unknown_client" if client is None else "switched_off",
            client_id=client_id,
        )
    return client


def way_back_of(ctx: Context, client: KnownClient, sent: Mapping[str, str]) -> WayBack:
    """Where the client wants to hear from us, letter by letter as registered. Raises NotLedOn."""
    options, asked = client.options, sent.get("redirect_uri")
    if "authorization_code" not in options.grant_types:
        raise NotLedOn(
            _("It is not registered to sign people in."),
            reason="no_code_flow",
            client_id=client.client_id,
        )
    if asked is None and len(options.redirect_uris) == 1:
        asked = options.redirect_uris[0]
    if asked is None:
        raise NotLedOn(
            _("It did not say where it wants you led to."),
            reason="no_redirect_uri",
            client_id=client.client_id,
        )
    if not redirect_matches(asked, options.redirect_uris, options.application_type):
        raise NotLedOn(
            _("The address that it wants you led to is not registered for it."),
            reason="wrong_redirect_uri",
            client_id=client.client_id,
            uri=asked,
        )
    mode, modes = sent.get("response_mode", ""), options.response_modes
    mode = mode if may_use(mode, modes) else usual_mode(modes)
    way_back = way_back_to(ctx, client, asked, mode, sent.get("state"))
    return replace(way_back, ui_locales=wishes_of(sent.get("ui_locales")))


def check_mode(client: KnownClient, sent: Mapping[str, str]) -> None:
    mode = sent.get("response_mode")
    if mode is not None and not may_use(mode, client.options.response_modes):
        raise InvalidRequest("The response_mode is not known, or not one of this client.")
    if len(sent.get("state", "")) > rules.LONGEST_STATE:
        raise InvalidRequest("The state is too long.")
