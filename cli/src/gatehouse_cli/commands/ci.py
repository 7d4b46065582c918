"""``gatehouse ci``: what jobs of a CI need, which have a token and no person."""

import time
from pathlib import Path

import click

from gatehouse_cli.failures import Misused
from gatehouse_cli.job_keys import drop, give_to_agent, made_key
from gatehouse_cli.program import Group, Wishes, passes


@click.group("ci", cls=Group)
def command() -> None:
    """Certificates for jobs of a CI."""


@command.command("sign")
@click.option("--rule", metavar="ID", help="The rule that is for this job, if there are several.")
@click.option("--org", metavar="SLUG", help="The organization.")
@click.option("--audience", help="Whom the token is for. Without it: the address of the server.")
@click.option("--token-env", metavar="VAR", help="The variable that has the token.")
@click.option(
    "--folder", type=click.Path(path_type=Path), help="Makes a folder for key and certificate."
)
@click.option("--agent", is_flag=True, help="Give both to the agent, and keep no file.")
@passes
def sign_job(
    wishes: Wishes,
    *,
    rule: str | None,
    org: str | None,
    audience: str | None,
    token_env: str | None,
    folder: Path | None,
    agent: bool,
) -> None:
    """Get a certificate for a new key, by the token of this job. Prints where the key is."""
    from gatehouse_cli.certifying import keep
    from gatehouse_cli.ci_tokens import token_of_job
    from gatehouse_cli.job_certificates import signed

    profile = wishes.chosen()
    organization = org or profile.organization
    if not organization:
        raise Misused("Which organization? Say --org SLUG.")
    if agent and folder:
        raise Misused("Say --agent or --folder: what the agent has is in no file.")
    token = token_of_job(token_env, audience or profile.server)
    key = made_key(folder)
    try:
        given = signed(profile.server, token, organization, rule, key)
        path, private = key.certificate, key.private
        found = keep(given, key, path, profile.server)
        if agent:
            give_to_agent(key, found.valid_before - int(time.time()))
    except BaseException:
        drop(key)
        raise
    if wishes.output.as_json:
        places = {"file": None, "key": None} if agent else {"file": str(path), "key": str(private)}
        wishes.output.data({**given, **places})
    elif agent:
        wishes.output.say(f"The agent has it until {given['valid_before']}.")
    else:
        wishes.output.say(f"Good until {given['valid_before']}: {path}")
        wishes.output.line(str(private))
