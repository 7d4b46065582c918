"""``gatehouse login``."""

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from gatehouse_cli.failures import Failure, Misused, Refused
from gatehouse_cli.people import named, show_person
from gatehouse_cli.program import Command, Wishes, passes

if TYPE_CHECKING:
    from gatehouse_cli.store import Tokens


@click.command("login", cls=Command)
@click.option("--device", is_flag=True, help="Type a code on another device.")
@click.option("--no-browser", is_flag=True, help="Paste the address at which a browser ends.")
@click.option("--org", metavar="SLUG", help="Sign in to use this organization.")
@click.option("--step-up", is_flag=True, help="Sign in anew, with a second factor.")
@click.option("--keyring", is_flag=True, help="Keep the secrets in the system's keyring.")
@passes
def command(
    wishes: Wishes, *, device: bool, no_browser: bool, org: str | None, step_up: bool, keyring: bool
) -> None:
    """Sign in by a browser: here, elsewhere, or on another device."""
    if device and (no_browser or step_up):
        raise Misused("--device goes neither with --no-browser nor with --step-up.")
    from gatehouse_cli.profiles import remember
    from gatehouse_cli.store import store_of

    profile = wishes.chosen()
    before = store_of(profile)
    # To sign in anew is no other sign-in.
    kept = profile.organization if step_up else None
    profile = replace(profile, organization=org or kept, keyring=keyring or profile.keyring)
    store = store_of(profile)
    store.prepare()
    way = _way(device=device, no_browser=no_browser, step_up=step_up)
    tokens = _signed_in(profile.server, way, _asked(org, step_up=step_up))
    me = _checked(tokens, org)
    with store.locked():
        ended = before.taken()
        store.write(tokens)
    remember(profile)
    _end(ended)
    show_person(wishes.output, f"Signed in at {profile.server} as {named(me['user'])}.", me)


def _way(*, device: bool, no_browser: bool, step_up: bool) -> str:
    """By which way: where no browser is seen, by a code, which cannot ask for a second factor."""
    from gatehouse_cli.signing_in import has_browser

    if no_browser or (step_up and not has_browser()):
        return "pasting"
    return "device" if device or not has_browser() else "browser"


def _asked(org: str | None, *, step_up: bool) -> dict[str, str]:
    """What the request says beside the usual."""
    stronger = {"acr_values": "mfa", "max_age": "600"} if step_up else {}
    return stronger | ({"organization": org} if org else {})


def _signed_in(server: str, way: str, asked: dict[str, str]) -> "Tokens":
    from gatehouse_cli.oauth import Provider
    from gatehouse_cli.signing_in import by_browser, by_device, by_pasting

    ways = {"browser": by_browser, "device": by_device, "pasting": by_pasting}
    return ways[way](Provider.at(server), asked)


def _checked(tokens: "Tokens", org: str | None) -> Any:
    """Who signed in. Whoever is not in the organization that they named is let go again."""
    from gatehouse_cli.api import Api, JustGiven
    from gatehouse_cli.oauth import revoke
    from gatehouse_cli.refusals import not_in

    me = Api(JustGiven(tokens)).get("/auth/me")
    if org and org not in {one[key] for one in me["organizations"] for key in ("slug", "id")}:
        revoke(tokens)
        raise Refused(not_in(org, [one["slug"] for one in me["organizations"]]))
    return me


def _end(tokens: "Tokens | None") -> None:
    """End the sign-in before this one. Where that cannot be, it ends by itself in time."""
    from gatehouse_cli.oauth import revoke

    if tokens is not None:
        with suppress(Failure):
            revoke(tokens)
