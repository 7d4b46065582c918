"""The command line: ``flask`` with our application, ``serve``, and refused settings in words."""

import os
import sys

import click
from flask import Flask
from flask.cli import FlaskGroup

from gatehouse.core.settings import ROOT, SettingsRefused, read_settings


def main(arguments: list[str]) -> int:
    """Run ``flask ARGUMENTS``; return the exit status: 2 if the settings are refused."""
    group = FlaskGroup(create_app=_create_app)
    group.add_command(serve)
    try:
        read_settings()
        group.main(args=arguments)
    except SettingsRefused as refusal:
        sys.stderr.write(f"{refusal}\n")
        return 2
    return 0


@click.command("serve")
@click.option("--workers", default=1, show_default=True, help="Processes.")
@click.option("--threads", default=8, show_default=True, help="Threads of each process.")
def serve(*, workers: int, threads: int) -> None:
    """Serve with granian, the recommended server, on HOST and PORT."""
    settings = read_settings()
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "wsgi:app", "--no-ws"]
    command += ["--host", settings.host, "--port", str(settings.port), "--log-level", "warning"]
    command += ["--workers", str(workers), "--blocking-threads", str(threads)]
    command += ["--workers-kill-timeout", "10", "--respawn-failed-workers"]
    os.chdir(ROOT)
    os.execv(sys.executable, command)  # noqa: S606 - no shell, and nothing of it is user input


def _create_app() -> Flask:
    """The application, imported for the commands that need it: serving builds its own."""
    from gatehouse.app import create_app  # noqa: PLC0415

    return create_app()
