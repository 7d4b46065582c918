"""``gatehouse key``: one's SSH keys."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gatehouse_cli.failures import Failure, Misused
from gatehouse_cli.output import plain
from gatehouse_cli.program import Group, Wishes, passes
from gatehouse_cli.proving import proved, registered
from gatehouse_cli.ssh_keys import parsed, read_key, the_one_key

if TYPE_CHECKING:
    from gatehouse_cli.api import Api
    from gatehouse_cli.output import Output


@click.group("key", cls=Group)
def command() -> None:
    """Your SSH keys."""


@command.command("add")
@click.argument("path", required=False, type=click.Path(path_type=Path), envvar="SSH_KEY_FILE")
@click.option("--name", help="What to call it.")
@passes
def add(wishes: Wishes, path: Path | None, name: str | None) -> None:
    """Register a key, and prove that it is yours. Without PATH: the one in ~/.ssh."""
    key = the_one_key() if path is None else read_key(path)
    api, output = wishes.api(), wishes.output
    made, was_so_before = registered(api, output, key, name)
    if was_so_before:
        output.say("This key is registered and proved already.")
    _show(output, made)


@command.command("list")
@passes
def show_all(wishes: Wishes) -> None:
    """List your keys."""
    found = wishes.api().get("/ssh/keys")
    if wishes.output.as_json:
        wishes.output.data(found)
        return
    rows = [
        (one["name"], one["state"], one["key_type"], one["fingerprint"], one["created_at"][:10])
        for one in found["keys"]
    ]
    if not rows:
        wishes.output.say("You have no keys. Register one: gatehouse key add")
    else:
        wishes.output.table(("Name", "State", "Type", "Fingerprint", "Added"), rows)


@command.command("verify")
@click.argument("key", metavar="KEY")
@click.option("--file", "path", type=click.Path(path_type=Path), help="Where the key is.")
@passes
def verify(wishes: Wishes, key: str, path: Path | None) -> None:
    """Prove a key that is registered. KEY is its name, fingerprint, id or file."""
    api, output = wishes.api(), wishes.output
    found = _the_one(api, key)
    local = read_key(path) if path else parsed(found["public_key"], _file(key))
    if local is None or local.fingerprint != found["fingerprint"]:
        raise Misused(f"{path} is another key than {found['name']}.")
    _show(output, proved(api, output, found, local, None))


@command.command("rename")
@click.argument("key", metavar="KEY")
@click.argument("name")
@passes
def rename(wishes: Wishes, key: str, name: str) -> None:
    """Call a key something else."""
    api = wishes.api()
    _show(wishes.output, api.patch(f"/ssh/keys/{_the_one(api, key)['id']}", {"name": name}))


@command.command("rm")
@click.argument("key", metavar="KEY")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@passes
def remove(wishes: Wishes, key: str, *, yes: bool) -> None:
    """Delete a key from your account. The files of it stay."""
    api = wishes.api()
    found = _the_one(api, key)
    if not yes:
        if not sys.stdin.isatty():
            raise Misused("Say --yes: there is no terminal to ask on.")
        asked = plain(f"Delete {found['name']} ({found['fingerprint']})?")
        click.confirm(asked, abort=True, err=True)
    done = api.delete(f"/ssh/keys/{found['id']}")
    if wishes.output.as_json:
        wishes.output.data(done)
    else:
        wishes.output.say(f"Deleted {found['name']}.")


def _the_one(api: "Api", text: str) -> Any:
    """The registered key that is meant by its id, fingerprint, name or file."""
    keys = api.get("/ssh/keys")["keys"]
    meant = [one for one in keys if text in (one["id"], one["fingerprint"], one["name"])]
    if not meant and Path(text).expanduser().is_file():
        fingerprint = read_key(Path(text)).fingerprint
        meant = [one for one in keys if one["fingerprint"] == fingerprint]
    if len(meant) > 1:
        raise Misused(f"Several keys are called {text}. Name one by its fingerprint.")
    if not meant:
        raise Failure(f"You have no key {text}. What there is: gatehouse key list")
    return meant[0]


def _file(text: str) -> Path | None:
    """The public file of a key that is named by one: its private half is beside it."""
    return read_key(Path(text)).path if Path(text).expanduser().is_file() else None


def _show(output: "Output", row: Any) -> None:
    if output.as_json:
        output.data(row)
    else:
        output.line(f"{row['name']}: {row['state']}, {row['fingerprint']}")
