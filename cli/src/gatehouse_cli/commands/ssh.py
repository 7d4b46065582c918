"""``gatehouse ssh``: plain ``ssh`` works, with certificates that come by themselves."""

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gatehouse_cli.certificates import Certificate
from gatehouse_cli.durations import in_words
from gatehouse_cli.failures import Failure, Misused
from gatehouse_cli.output import complain
from gatehouse_cli.program import Group, Wishes, passes
from gatehouse_cli.setups import SetUp, the_one
from gatehouse_cli.telling import described

if TYPE_CHECKING:
    from gatehouse_cli.output import Output

# A machine tells its reasons to nobody who is not on it.
ELSEWHERE = (
    "All is well here. If ssh is refused all the same, the machine knows why: its sshd's log, and"
    " there: gatehouse host status"
)
NOT_FOR_AGENT = (
    "{key} is a public key: the agent has the private one by itself, and takes no certificate for"
    " it. ssh uses the one in its file."
)
ORG = click.option("--org", metavar="SLUG", help="Of which organization.")


@click.group("ssh", cls=Group)
def command() -> None:
    """What makes plain `ssh` use certificates."""


@command.command("setup")
@ORG
@click.option("--host", "hosts", multiple=True, metavar="PATTERN", help="For these: '*.x.org'.")
@click.option("--key", type=click.Path(path_type=Path), help="With this key, not one of its own.")
@click.option("--print", "only_print", is_flag=True, help="Only print what would be written.")
@click.option("--inline", is_flag=True, help="All into ~/.ssh/config itself, without Include.")
@click.option("--remove", is_flag=True, help="Take it back.")
@passes
def setup(
    wishes: Wishes,
    *,
    org: str | None,
    hosts: tuple[str, ...],
    key: Path | None,
    only_print: bool,
    inline: bool,
    remove: bool,
) -> None:
    """Make `ssh` get certificates by itself, for the machines of an organization."""
    from gatehouse_cli import setting_up

    if only_print + inline + remove > 1 or (remove and (hosts or key)):
        raise Misused("--print, --inline and --remove go alone; --remove takes --org at most.")
    if remove:
        gone = the_one(org)
        setting_up.removed(gone)
        says = f"{gone.org} is set up no more. Its key stays: {gone.key}"
        _tell(wishes.output, {"organization": gone.org, "status": "removed"}, says)
    elif only_print:
        text = setting_up.printed(wishes, org, hosts, key)
        if wishes.output.as_json:
            wishes.output.data({"config": text})
        else:
            wishes.output.line(text)
    else:
        found = setting_up.set_up(wishes, org, hosts, key, inline=inline)
        says = f"{found.org}: ssh gets its certificates for {', '.join(found.patterns)}"
        _tell(wishes.output, _facts(found), says)


@command.command("ensure")
@ORG
@passes
def ensure(wishes: Wishes, *, org: str | None) -> None:
    """See that there is a good certificate. `ssh` runs this; it never opens a browser."""
    wanted = the_one(org)
    from gatehouse_cli.renewing import advice, ensured

    try:
        found = ensured(wanted)
    except Failure as failure:
        complain(f"gatehouse: {wanted.org}: {advice(wanted, failure)}")
        sys.exit(failure.code)
    left = in_words(found.valid_before - time.time())
    says = f"{wanted.org}: {', '.join(found.principals)} ({left} left)"
    _tell(wishes.output, described(wanted.certificate, found), says)


@command.command("agent")
@ORG
@passes
def agent(wishes: Wishes, *, org: str | None) -> None:
    """Give the agent key and certificate, for as long as that is good."""
    from gatehouse_cli import agents
    from gatehouse_cli.profiles import chosen
    from gatehouse_cli.renewing import ensured

    wanted = the_one(org)
    if wanted.is_public_alone:
        raise Misused(NOT_FOR_AGENT.format(key=wanted.key))
    wishes.asked = chosen(wanted.profile, wanted.server)
    found = ensured(wanted)
    left = int(found.valid_before - time.time())
    older = [one for one in agents.identities() if _is_replaced(one.certificate, found)]
    agents.add(wanted, left)
    for one in older:
        agents.remove(one)
    data = {"organization": wanted.org, "seconds": left, "replaced": len(older)}
    _tell(wishes.output, data, f"{wanted.org}: the agent has it for {in_words(left)}.")


def _is_replaced(one: Certificate | None, found: Certificate) -> bool:
    """Whether a certificate in the agent is an older one of the same key and organization. One for
    less than that is there for a reason of its own.
    """
    if one is None or one.blob == found.blob:
        return False
    is_for_less = set(one.principals) < set(found.principals)
    is_limited = bool(one.critical_options.keys() - found.critical_options.keys())
    return (
        (one.key_blob, one.organization) == (found.key_blob, found.organization)
        and one.valid_after <= found.valid_after
        and not (is_for_less or is_limited)
    )


@command.command("known-hosts")
@ORG
@passes
def known_hosts(wishes: Wishes, *, org: str | None) -> None:
    """Fetch anew by which keys the organization's machines are known."""
    from gatehouse_cli.known_hosts import fetch, patterns_in, write

    wanted = the_one(org)
    text = fetch(wanted)
    if text is None:
        raise Failure(f"{wanted.org} has no authority for machines. Nothing was changed.")
    write(wanted, text)
    patterns = patterns_in(text)
    data = {"file": str(wanted.known_hosts), "patterns": list(patterns)}
    says = f"{wanted.known_hosts}: {', '.join(patterns) or 'no machines'}"
    _tell(wishes.output, data, says)


@command.command("doctor")
@click.argument("host")
@ORG
@passes
def doctor(wishes: Wishes, *, host: str, org: str | None) -> None:
    """Say what keeps `ssh HOST` from working, and what to do about it."""
    from gatehouse_cli.doctor import examine

    findings = list(examine(the_one(org), host))
    if wishes.output.as_json:
        wishes.output.data([one.as_data() for one in findings])
    else:
        rows = [("ok" if one.ok else "NO", one.about, one.says) for one in findings]
        wishes.output.table(("", "What", "How it is"), rows)
        if all(one.ok for one in findings):
            wishes.output.say(ELSEWHERE)
    if not all(one.ok for one in findings):
        sys.exit(1)


def _facts(found: SetUp) -> dict[str, Any]:
    return {
        "organization": found.org,
        "patterns": list(found.patterns),
        "key": found.key,
        "certificate": str(found.certificate),
        "known_hosts": str(found.known_hosts),
    }


def _tell(output: "Output", data: dict[str, Any], says: str) -> None:
    """What was done: the facts for programs, a sentence for people."""
    if output.as_json:
        output.data(data)
    else:
        output.say(says)
