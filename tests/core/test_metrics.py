"""Counts of many processes, added up; those of processes that died are kept (ruling of servers)."""

import os
import subprocess
import sys
from pathlib import Path
from threading import Thread

import pytest

from gatehouse.core.metrics import BUCKETS, SLOTS, SUM, Metrics, totals
from gatehouse.core.settings import ROOT

pytestmark = pytest.mark.integration
PROGRAM = """
import os, sys
from pathlib import Path
from gatehouse.core.metrics import Metrics
metrics = Metrics(Path(sys.argv[1]))
for _ in range(int(sys.argv[2])):
    metrics.request("GET", "/a", 200, 0.002)
    metrics.count("event", "auth.signed_in", "")
os.kill(os.getpid(), 9)
"""
KEY = ("request", "GET", "/a", "2xx")
EVENT = ("event", "auth.signed_in", "")


@pytest.fixture
def metrics(tmp_path):
    made = Metrics(tmp_path / "m")
    yield made
    made.close()


def died(folder: Path, times: int) -> None:
    """A process that counted so often and was killed."""
    command = [sys.executable, "-c", PROGRAM, str(folder), str(times)]
    done = subprocess.run(command, cwd=ROOT, check=False)  # noqa: S603
    assert done.returncode == -9


def test_a_request_is_counted_in_its_bucket(metrics):
    for seconds in (0.0005, 0.002, 0.002, 99.0):
        metrics.request("GET", "/a", 200, seconds)

    values = totals(metrics.folder)[KEY]
    assert values[0] == 1
    assert values[1] == 2
    assert values[len(BUCKETS)] == 1
    assert sum(values[:SUM]) == 4
    assert values[SUM] == pytest.approx(99.0045)


def test_whatever_a_caller_makes_up_is_one_series(metrics):
    for number in range(100):
        metrics.request(f"M{number}", None, 405, 0.001)

    assert list(totals(metrics.folder)) == [("request", "other", "other", "4xx")]


def test_threads_lose_no_count(metrics):
    def count() -> None:
        for _ in range(2000):
            metrics.request("GET", "/a", 200, 0.002)

    threads = [Thread(target=count) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert totals(metrics.folder)[KEY][1] == 16_000


@pytest.mark.slow
def test_what_killed_processes_counted_is_kept_and_their_files_are_not(metrics):
    metrics.count(*EVENT)
    for times in (3, 4):
        died(metrics.folder, times)
    before = len(list(metrics.folder.glob("*.names")))

    for _ in range(2):
        found = totals(metrics.folder)
        assert (found[KEY][1], found[EVENT]) == (7, [8])
    died(metrics.folder, 5)

    assert totals(metrics.folder)[EVENT] == [13]
    assert before == 3
    assert len(list(metrics.folder.glob("*.names"))) == 1
    assert len(list(metrics.folder.glob("*.numbers"))) == 1


def test_a_child_that_was_forked_counts_for_itself(metrics):
    metrics.count(*EVENT)
    child = os.fork()
    if child == 0:
        metrics.count(*EVENT)
        os._exit(0)
    os.waitpid(child, 0)
    metrics.count(*EVENT)

    assert totals(metrics.folder)[EVENT] == [3]


def test_a_process_that_died_while_it_wrote_a_name_is_no_failure(metrics):
    metrics.count(*EVENT)
    died(metrics.folder, 1)
    for names in metrics.folder.glob("*.names"):
        with names.open("ab") as file:
            file.write(b'["request","GE')

    assert totals(metrics.folder)[EVENT] == [2]


def test_more_names_than_there_is_place_are_no_failure(metrics):
    for number in range(SLOTS // (SUM + 1) + 50):
        metrics.request("GET", f"/{number}", 200, 0.1)

    assert len(totals(metrics.folder)) == SLOTS // (SUM + 1)


def test_nobody_elses_folder_is_written_to(tmp_path):
    target, link = tmp_path / "elsewhere", tmp_path / "link"
    target.mkdir()
    link.symlink_to(target)
    metrics = Metrics(link)
    metrics.count(*EVENT)
    metrics.request("GET", "/a", 200, 0.1)
    metrics.close()

    assert list(target.iterdir()) == []


def test_the_folder_is_ours_alone_and_made_with_the_first_count(metrics):
    assert totals(metrics.folder) == {}
    assert not metrics.folder.exists()
    metrics.count(*EVENT)

    assert metrics.folder.stat().st_mode & 0o777 == 0o700
