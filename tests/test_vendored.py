"""Files of others in our tree are the ones we say they are."""

import hashlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROW = re.compile(r"^\| `([^`]+)` \| `([0-9a-f]{64})` \|$", re.MULTILINE)


@pytest.mark.unit
@pytest.mark.parametrize("folder", ["gatehouse/core/static/swagger-ui", "tests/axe-core"])
def test_vendored_files_have_the_hashes_that_vendored_md_lists(folder):
    files = [path for path in (ROOT / folder).iterdir() if path.name != "VENDORED.md"]
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}

    assert found == dict(ROW.findall((ROOT / folder / "VENDORED.md").read_text()))
