"""The benchmarks run: how fast we are is not asked here."""

import json
from pathlib import Path

import pytest

from benchmarks.__main__ import main
from benchmarks.load import LoadError, is_complete


@pytest.mark.slow
@pytest.mark.integration
def test_the_quickest_form_measures_a_row_and_writes_it_down(tmp_path: Path):
    file = tmp_path / "results.json"

    status = main(["--quick", "--only", "live", "--json", str(file)])

    row = json.loads(file.read_text())["rows"]["live"]
    assert status == 0
    assert row["ours"]["answers_per_second"] > 0
    assert row["peer"]["answers_per_second"] > 0


@pytest.mark.unit
@pytest.mark.parametrize(
    ("answer", "is_whole"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Len", False),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{", False),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}", True),
        (b"HTTP/1.1 304 Not Modified\r\netag: x\r\n\r\n", True),
    ],
)
def test_an_answer_is_complete_when_all_its_bytes_have_come(answer, is_whole):
    assert is_complete(answer) is is_whole


@pytest.mark.unit
def test_a_refusal_is_never_counted_as_an_answer():
    with pytest.raises(LoadError, match="429"):
        is_complete(b"HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n\r\n")
