"""``manage.py`` without a process of its own: starting one takes a second of processor time."""

import io
import os
import subprocess
from contextlib import redirect_stderr, redirect_stdout
from unittest import mock

from gatehouse.commands import main


def command(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run ``manage.py ARGUMENTS`` with these settings, and return what a process would have."""
    out, err = io.StringIO(), io.StringIO()
    chosen = {"FLASK_ENV": "testing", "LOG_LEVEL": "error"} | settings
    with (
        mock.patch.dict(os.environ, chosen),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            status = main(list(arguments))
        except SystemExit as end:
            status = int(end.code or 0)
    return subprocess.CompletedProcess(arguments, status, out.getvalue(), err.getvalue())
