"""Other providers on the same core: installed by the benchmarks, never by the product."""

import json
import os
import shutil
import subprocess
import sys
from functools import cached_property
from pathlib import Path
from typing import Any

from benchmarks.cores import Cores
from benchmarks.web import QUIETLY, ROOT, SERVERS, WebServer

HERE = Path(__file__).parent / "peers"
PYTHON = ROOT / ".tools" / "django" / "bin" / "python"
STAMP = ROOT / ".tools" / "django" / "installed"
PINS = ROOT / "benchmarks" / "requirements.txt"
# Tokens of each kind: in the memory of the one there is room for a thousand rows.
COUNT = 200
SECRET = "a secret of the benchmarks alone, as long as ours are"  # noqa: S105
RSA = ("openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")


class Node(WebServer):
    """node oidc-provider, with its memory for a database."""

    def __init__(self, directory: Path, cores: Cores) -> None:
        super().__init__(directory, cores, "", probe="/.well-known/openid-configuration")

    @cached_property
    def tokens(self) -> dict[str, list[str]]:
        """The tokens that it has for us, once it runs."""
        return _read(self.directory)

    def _prepare(self) -> None:
        if shutil.which("node") is None:
            raise FileNotFoundError("node is missing: scripts/install_test_tools.sh installs it.")
        list_, done = HERE / "package-lock.json", HERE / "node_modules" / ".package-lock.json"
        if not done.exists() or done.stat().st_mtime < list_.stat().st_mtime:
            _run("npm", "ci", "--silent", cwd=HERE, env=dict(os.environ))

    def _command(self) -> list[str]:
        return [*QUIETLY, str(shutil.which("node")), str(HERE / "oidc_provider.mjs")]

    def _options(self) -> dict[str, Any]:
        options = super()._options()
        told = {"FILE": str(self.directory / "tokens.json"), "SECRET": SECRET, "COUNT": str(COUNT)}
        return options | {"env": options["env"] | told | {"NODE_ENV": "production"}}


class Toolkit(WebServer):
    """django-oauth-toolkit on PostgreSQL, behind the same server as ours."""

    def __init__(self, directory: Path, cores: Cores, database: str) -> None:
        super().__init__(
            directory, cores, "django_toolkit:app", probe="/o/.well-known/openid-configuration"
        )
        self._told = {
            "DATABASE": database,
            "SECRET": SECRET,
            "COUNT": str(COUNT),
            "FILE": str(directory / "tokens.json"),
            "KEY": str(directory / "key.pem"),
        }

    @cached_property
    def tokens(self) -> dict[str, list[str]]:
        return _read(self.directory)

    def _prepare(self) -> None:
        if not STAMP.exists() or STAMP.stat().st_mtime < PINS.stat().st_mtime:
            _run(sys.executable, "-m", "venv", "--clear", str(PYTHON.parents[1]))
            pip = (str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
            _run(*pip, "--require-hashes", "--requirement", str(PINS), env=dict(os.environ))
            STAMP.touch()
        if not (self.directory / "tokens.json").exists():
            _run(*RSA, "-out", self._told["KEY"])
            _run(str(PYTHON), "django_toolkit.py", "prepare", cwd=HERE, env=self._told)

    def _command(self) -> list[str]:
        place = ("--port", str(self.port), self._application)
        return [*QUIETLY, str(PYTHON), "-m", *SERVERS["granian"], *place]

    def _options(self) -> dict[str, Any]:
        options = super()._options()
        return options | {"cwd": HERE, "env": options["env"] | self._told}


def _read(directory: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = json.loads((directory / "tokens.json").read_text())
    return found


def _run(*command: str, **options: Any) -> None:
    subprocess.run(command, check=True, capture_output=True, **options)  # noqa: S603
