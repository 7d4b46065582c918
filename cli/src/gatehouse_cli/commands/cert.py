"""``gatehouse cert``: SSH certificates."""

import os
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import click

from gatehouse_cli.certificates import NoCertificate, read_certificate
from gatehouse_cli.choosing import file_meant, forget, setup_of
from gatehouse_cli.durations import Duration, in_words
from gatehouse_cli.failures import Failure, Misused
from gatehouse_cli.program import Group, Wishes, passes
from gatehouse_cli.telling import show_certificate

FILE = click.Path(path_type=Path)
BAD, SOON = 1, 3  # Exit codes of `check`.
PER_PAGE = 100


@click.group("cert", cls=Group)
def command() -> None:
    """Your SSH certificates."""


@command.command("request")
@click.option("-k", "--key", "path", type=FILE, help="For which key.")
@click.option("-n", "--principal", "principals", multiple=True, help="Not all, but these.")
@click.option("--ttl", type=Duration(), help="How long: 1h, 30m.")
@click.option("--clamp", is_flag=True, help="The longest there is, if --ttl is longer.")
@click.option("--source", "sources", multiple=True, metavar="CIDR", help="Good from there alone.")
@click.option("--reason", help="What for; others can read it.")
@click.option("--host", "hosts", multiple=True, metavar="NAME", help="For a machine, by an admin.")
@click.option("--force", "-f", is_flag=True, help="Even if the one there is good for long enough.")
@click.option("--dry-run", is_flag=True, help="Only say what would come of it.")
@click.option("--org", metavar="SLUG", help="Of which organization.")
@passes
def request(
    wishes: Wishes,
    *,
    path: Path | None,
    principals: tuple[str, ...],
    ttl: int | None,
    clamp: bool,
    sources: tuple[str, ...],
    reason: str | None,
    hosts: tuple[str, ...],
    force: bool,
    dry_run: bool,
    org: str | None,
) -> None:
    """Have a certificate signed. It is put beside its key, where ssh finds it."""
    from gatehouse_cli.certifying import Wish
    from gatehouse_cli.requesting import foreseen, requested, requested_for_host

    if clamp and not ttl:
        raise Misused("--clamp goes with --ttl.")
    if hosts and (principals or sources):
        raise Misused("--host does not go with --principal and --source.")
    if hosts and path is None:
        raise Misused("Which key is the host's? --key /etc/ssh/ssh_host_ed25519_key")
    wish = Wish(principals, ttl, sources, reason, clamp, hosts)
    if dry_run:
        foreseen(wishes, path, org, wish)
    elif path and hosts:
        requested_for_host(wishes, path, org, wish)
    else:
        requested(wishes, path, org, wish, force=force)


@command.command("show")
@click.argument("file", required=False, type=FILE)
@click.option("--org", metavar="SLUG", help="The one of this organization.")
@passes
def show(wishes: Wishes, file: Path | None, org: str | None) -> None:
    """Say what a certificate says. Asks no server."""
    path = file_meant(wishes, file, org)
    show_certificate(wishes.output, path, read_certificate(path))


@command.command("list")
@click.option("--state", type=click.Choice(["valid", "expired", "revoked"]), help="Only these.")
@click.option("--org", metavar="SLUG", help="Of this organization alone.")
@click.option("--page", type=click.IntRange(1), default=1, help="Older ones: 2, 3, ...")
@passes
def show_all(wishes: Wishes, state: str | None, org: str | None, page: int) -> None:
    """List your certificates, the newest first."""
    from gatehouse_cli.certifying import organization_of

    api = wishes.api()
    asked = {
        "organization_id": organization_of(api, org)["id"] if org else None,
        "state": state,
        "page": page,
        "per_page": PER_PAGE,
    }
    found = api.get("/ssh/certificates", asked)
    if wishes.output.as_json:
        wishes.output.data(found)
        return
    rows = [
        (
            one["serial"],
            one["state"] if one.get("kind") != "host" else f"{one['state']}, of a host",
            ",".join(one["principals"]),
            one["valid_before"],
            one["id"],
        )
        for one in found["certificates"]
    ]
    if rows:
        wishes.output.table(("Serial", "State", "Principals", "Until", "Id"), rows)
    else:
        wishes.output.say("There are none. Have one signed: gatehouse cert request")


@command.command("check")
@click.argument("file", required=False, type=FILE)
@click.option("--within", type=Duration(), default=0, help="Exit 3 if it ends within: 15m.")
@click.option("--org", metavar="SLUG", help="The one of this organization.")
@passes
def check(wishes: Wishes, file: Path | None, within: int, org: str | None) -> None:
    """Exit 0 if a certificate is valid, 1 if not, 3 if it ends soon. Asks no server."""
    output, path, now = wishes.output, file_meant(wishes, file, org), time.time()
    try:
        found = read_certificate(path)
    except NoCertificate as failure:
        state, left, why = "missing", 0, str(failure)
    else:
        state, left = found.state(now), max(0, int(found.valid_before - now))
        if state == "valid" and left < within:
            state = "ends_soon"
        why = f"{path}: {state.replace('_', ' ')}"
    if output.as_json:
        output.data({"file": str(path), "state": state, "seconds_left": left})
    else:
        output.say(f"{why}, {in_words(left)} left" if left else why)
    code = {"valid": 0, "ends_soon": SOON}.get(state, BAD)
    if code:
        raise SystemExit(code)


@command.command("revoke")
@click.argument("certificate", metavar="[ID|SERIAL|KEY_ID|FILE]", required=False)
@click.option("--reason", help="Why; admins can read it.")
@click.option("--org", metavar="SLUG", help="The one of this organization.")
@passes
def revoke(wishes: Wishes, certificate: str | None, reason: str | None, org: str | None) -> None:
    """Revoke a certificate: the one that is named, or the one that is here."""
    from gatehouse_cli.revoking import id_meant, id_of_file

    named = certificate or os.environ.get("CERT_ID")
    path = Path(named) if named and Path(named).is_file() else None
    if not named:
        path = file_meant(wishes, None, org)
    if path:
        wanted, api = id_of_file(path), wishes.api(setup_of(path))
    else:
        api = wishes.api()
        wanted = id_meant(api, str(named), org)
    body = {"reason": reason} if reason else {}
    done = api.post(f"/ssh/certificates/{quote(wanted, safe='')}/revoke", body)
    forget(wanted, path)
    if wishes.output.as_json:
        wishes.output.data(done)
    else:
        wishes.output.say(f"Revoked {wanted}. Machines know it when they next fetch the list.")


@command.command("whois")
@click.argument("what", metavar="KEY_ID|SERIAL")
@click.option("--org", metavar="SLUG", help="Of which organization.")
@passes
def whois(wishes: Wishes, what: str, org: str | None) -> None:
    """Say whose certificate it was that a machine has in its log: `ID ... (serial ...)`."""
    from gatehouse_cli.certifying import organization_of

    api, words = wishes.api(), what.split(":")
    is_key_id = words[0] == "gh1" and len(words) > 2  # noqa: PLR2004
    if not is_key_id and not what.isdecimal():
        raise Misused("A key id (gh1:...) or a serial, as sshd's log has them.")
    slug = org or (words[1] if is_key_id else None)
    place = f"/organizations/{organization_of(api, slug)['id']}/certificates"
    found = api.get(place, {"key_id" if is_key_id else "serial": what})
    if wishes.output.as_json:
        wishes.output.data(found)
    if not found["certificates"]:
        raise Failure(f"No certificate of {slug or 'this organization'} is {what}.")
    if not wishes.output.as_json:
        rows = [(*_whose(one), one["state"], one["created_at"]) for one in found["certificates"]]
        wishes.output.table(("Person", "Principals", "Key id", "State", "Signed"), rows)


def _whose(row: Any) -> tuple[str, str, str]:
    """Who it is for: the key id says it (gh1:<slug>:<user>:<email>:<id>, or of a machine)."""
    words = row["key_id"].split(":")
    return unquote(":".join(words[2:-1])), ",".join(row["principals"]), row["key_id"]
