"""The pages on which people look after their second factors, and where they are signed in."""

from typing import Any
from uuid import UUID

from gatehouse.core.access import elevated, signed_in
from gatehouse.core.context import Context
from gatehouse.core.html import Go, Pages, Show, form
from gatehouse.mfa import queries, service
from gatehouse.mfa.schemas import NewPasskeyIn, PasskeyNameIn, TypedCodeIn
from gatehouse.mfa.service.pictures import qr_code
from gatehouse.sessions.queries import places_signed_in

pages = Pages("mfa")

HERE, APP, NEW = "/security", "/security/app", "/security/passkeys/new"
REGISTERED = "mfa/passkey_registered"


@pages.get(HERE)
@signed_in
def show_factors(ctx: Context) -> Show:
    return Show(
        "mfa/factors.html",
        **queries.status_of(ctx),
        keys=queries.own_passkeys(ctx),
        passkeys_possible=ctx.settings.webauthn.are_possible,
        places=places_signed_in(ctx),
    )


@pages.post(APP)
@signed_in
@elevated
def begin(ctx: Context) -> Go:
    service.enrol_totp(ctx)
    return Go(APP, keeps_next=True)


@pages.get(APP)
@signed_in
@elevated
def show_app(ctx: Context) -> Show | Go:
    begun = service.find_enrolment(ctx)
    if begun is None:
        return Go(HERE, keeps_next=True)
    shown = " ".join(begun.secret[at : at + 4] for at in range(0, len(begun.secret), 4))
    return Show("mfa/app.html", secret=shown, uri=begun.uri, picture=qr_code(begun.uri))


@pages.post("/security/app/confirm")
@signed_in
@form(TypedCodeIn, shown_by=show_app)
def confirm(ctx: Context, *, code: str) -> Show:
    """The codes to recover with are shown here and nowhere again."""
    codes = service.confirm_totp_with_codes(ctx, code.replace(" ", ""))
    return _codes(codes, after="mfa/app_set_up")


@pages.post("/security/app/remove")
@signed_in
@elevated
def remove(ctx: Context) -> Go:
    service.remove_totp(ctx)
    return Go(HERE, note="mfa/removed", keeps_next=True)


@pages.post("/security/codes")
@signed_in
@elevated
def renew(ctx: Context) -> Show:
    return _codes(service.renew_codes(ctx))


@pages.get(NEW)
@signed_in
@elevated
def show_new_passkey(ctx: Context) -> Show:
    return Show("mfa/new_passkey.html", options=service.begin_passkey(ctx))


@pages.post(NEW)
@signed_in
@form(NewPasskeyIn, shown_by=show_new_passkey)
def register_passkey(ctx: Context, *, passkey: dict[str, Any], name: str | None) -> Show | Go:
    _, codes = service.register_passkey(ctx, passkey["given"], name=name)
    if codes:
        return _codes(codes, after=REGISTERED)
    return Go(HERE, note=REGISTERED, keeps_next=True)


@pages.get("/security/passkeys/<uuid:passkey_id>")
@signed_in
def show_passkey(ctx: Context, passkey_id: UUID) -> Show:
    key, held = queries.get_passkey(ctx, passkey_id), queries.factors_of(ctx, ctx.user_id)
    return Show("mfa/passkey.html", key=key, is_last=held.passkeys == 1 and not held.totp)


@pages.post("/security/passkeys/<uuid:passkey_id>")
@signed_in
@form(PasskeyNameIn, shown_by=show_passkey)
def rename_passkey(ctx: Context, passkey_id: UUID, *, name: str) -> Go:
    service.rename_passkey(ctx, passkey_id, name=name)
    return Go(HERE, keeps_next=True)


@pages.post("/security/passkeys/<uuid:passkey_id>/delete")
@signed_in
@elevated
def delete_passkey(ctx: Context, passkey_id: UUID) -> Go:
    service.delete_passkey(ctx, passkey_id)
    return Go(HERE, note="mfa/passkey_deleted")


def _codes(codes: list[str], *, after: str = "") -> Show:
    """Codes to recover with, ``after`` what was done: the name of a note."""
    return Show("mfa/codes.html", codes=service.grouped(codes), after=after)
