"""The page of consent: what it shows, and that a yes is to just that."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import orjson

from gatehouse.accounts.queries import own_account
from gatehouse.core.context import Context
from gatehouse.core.crypto import fingerprint, same
from gatehouse.core.sayings import _
from gatehouse.oidc_provider import errors
from gatehouse.oidc_provider.rules.asked import claims_aside
from gatehouse.oidc_provider.rules.interaction import Step
from gatehouse.oidc_provider.service.authorize import Request
from gatehouse.oidc_provider.service.granting import signed_in
from gatehouse.oidc_provider.service.responses import LedBack
from gatehouse.oidc_provider.service.ways import (
    Waiting,
    advance,
    choose,
    end_way,
    find_way,
    go_on,
    refuse,
)


@dataclass(frozen=True, slots=True)
class Terms:
    """What a person is asked to agree to. ``mark`` names exactly these words, for this person."""

    client: str
    organization: str | None
    host: str
    email: str
    scopes: Sequence[str]
    claims: Sequence[str]
    resources: Sequence[str]
    details: Sequence[Mapping[str, Any]]
    place: str | None
    mark: str


def terms_of(ctx: Context, request: Request, subject: str) -> Terms:
    """What the page shows. ``subject`` is what the answer belongs to, such as a handle."""
    asked, client = request.asked, request.client
    user = own_account(ctx)
    shown = {
        "subject": subject,
        "user": str(ctx.user_id),
        "client": [str(client.id), client.name, client.org_name],
        "redirect_uri": asked.redirect_uri,
        "scopes": asked.scopes,
        "claims": asked.claim_names(),
        "resources": asked.resources,
        "details": asked.details,
        "place": asked.organization,
    }
    text = orjson.dumps(shown, option=orjson.OPT_SORT_KEYS).decode()
    return Terms(
        client.name,
        client.org_name,
        _host(asked.redirect_uri),
        user.email,
        asked.scopes,
        claims_aside(asked),
        asked.resources,
        asked.details,
        asked.organization,
        fingerprint(ctx.settings.secret_key, "terms", text),
    )


def answer_consent(
    ctx: Context, handle: str, browser: str, *, says_yes: bool, mark: str
) -> LedBack | Waiting:
    """Take the person's answer. A yes to other words than those shown is asked again."""
    way = find_way(ctx, handle, browser)
    person = signed_in(ctx)
    if person is None:
        return go_on(ctx, handle, browser)
    if not says_yes:
        end_way(ctx, way.row)
        return refuse(ctx, way.request, errors.AccessDenied())
    if not same(mark, terms_of(ctx, way.request, handle).mark):
        return Waiting(Step.CONSENT, handle, way.request)
    return advance(ctx, way, handle, person, agrees=True)


def answer_choice(ctx: Context, handle: str, browser: str) -> LedBack | Waiting:
    """Go on with the account that is signed in."""
    way = find_way(ctx, handle, browser)
    choose(ctx, way.row, ctx.user_id)
    ctx.db.flush()
    return go_on(ctx, handle, browser)


def give_up(ctx: Context, handle: str, browser: str) -> LedBack:
    """Lead back without an answer of ours: the person does not want to, or may not."""
    way = find_way(ctx, handle, browser)
    end_way(ctx, way.row)
    return refuse(ctx, way.request, errors.AccessDenied())


def _host(redirect_uri: str) -> str:
    """The place that a person is led to, as they may know it."""
    parts = urlsplit(redirect_uri)
    return parts.netloc or _("an application on this device (%(scheme)s:)", scheme=parts.scheme)
