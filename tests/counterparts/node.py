"""Programs for Node that use a library which others certified, and a person for their pages."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from tests.counterparts.visitor import Visitor

HERE = Path(__file__).parent
OLDEST = 20
REMEDY = "scripts/install_test_tools.sh installs it"


def what_is_missing() -> str:
    """What a program here needs and that is not there, and what to do about it."""
    node = shutil.which("node")
    if node is None:
        return f"node not found: {REMEDY}"
    asked = [node, "-p", "process.versions.node"]
    version = subprocess.check_output(asked, text=True)  # noqa: S603
    if int(version.partition(".")[0]) < OLDEST:
        return f"node {version.strip()} is too old: {OLDEST} is needed"
    is_there = (HERE / "node_modules" / "openid-client").is_dir()
    return "" if is_there else f"openid-client not found: {REMEDY}"


def run(program: str, flow: str, told: dict[str, Any], visitor: Visitor | None = None) -> Any:
    """Run one flow to its end; what it wants to be visited, the visitor goes through."""
    command = [str(shutil.which("node")), str(HERE / f"{program}.mjs"), flow, json.dumps(told)]
    with subprocess.Popen(  # noqa: S603
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={"PATH": os.environ["PATH"]},
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        for line in process.stdout:
            said = json.loads(line)
            if "visit" not in said:
                assert "found" in said, said["failed"]
                return said["found"]
            assert visitor is not None, said
            came = visitor.go_through(said["visit"], **said["typed"])
            process.stdin.write(json.dumps(came) + "\n")
            process.stdin.flush()
        raise AssertionError(process.stderr.read())
