"""What makes a machine fetch again and again: units of systemd, or a line for cron."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from gatehouse_cli.hosts.timers import has_cron
from tests.cli.hosts.boxes import Box
from tests.cli.hosts.played import PlayedHost
from tests.cli.programs import Cli
from tests.cli.stage import staged
from tests.tools import the_program

pytestmark = pytest.mark.integration
UNITS = ("gatehouse-host-sync.service", "gatehouse-host-sync.timer")


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    """One that is enrolled."""
    folder = tmp_path
    (folder / "home").mkdir()
    with staged() as stage:
        found = Box(folder / "box", Cli(folder / "home", stage.url))
        PlayedHost(stage, folder / "ca", found.account)
        done = found.run("enroll", "token")
        assert done.code == 0, done.said
        yield found


def units(box: Box) -> list[Path]:
    return [box.etc / "systemd" / "system" / name for name in UNITS]


def test_the_units_are_shown_and_written(box: Box):
    shown = box.run("install-timer", "--print", "--systemd", "--interval", "5m")
    assert shown.code == 0, shown.said
    assert not any(path.exists() for path in units(box))

    done = box.run("install-timer", "--systemd", "--interval", "5m")

    assert done.code == 0, done.said
    service, timer = (path.read_text() for path in units(box))
    assert service in shown.out + "\n"
    assert timer in shown.out + "\n"
    assert "OnUnitInactiveSec=300s" in timer
    assert "ProtectSystem=strict" in service
    assert f'ReadWritePaths="{box.ssh}" "{box.folder}"' in service
    assert f'host sync --quiet --etc "{box.etc}"' in service
    as_json = [box.run("install-timer", "--systemd", "--json", *more) for more in ([], ["--print"])]
    assert as_json[0].json == {"changed": [str(path) for path in units(box)]}
    minutely = {str(path): path.read_text() for path in units(box)}
    assert as_json[1].json == {"files": minutely}


def test_systemd_takes_the_units(box: Box):
    assert box.run("install-timer", "--systemd").code == 0

    done = subprocess.run(  # noqa: S603
        [
            the_program("systemd-analyze"),
            "verify",
            "--man=no",
            "--recursive-errors=no",
            *units(box),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
    )

    found = [line for line in done.stderr.splitlines() if "gatehouse" in line]
    assert (done.returncode, found) == (0, []), done.stderr


def test_where_there_is_no_systemd_cron_does_it(box: Box):
    assert box.run("install-timer", "--systemd").code == 0

    done = box.run("install-timer", "--cron", "--interval", "5m")

    assert done.code == 0, done.said
    line = (box.etc / "cron.d" / "gatehouse-host-sync").read_text().splitlines()[-1]
    assert line.startswith("*/5 * * * * root ")
    assert line.endswith(f"host sync --quiet --etc '{box.etc}'")
    # One of them is enough.
    assert not any(path.exists() for path in units(box))
    # What it runs does what it should.
    command = line.partition(" root ")[2]
    ran = subprocess.run(["/bin/sh", "-c", command], env=box.cli.environment, check=False)  # noqa: S603
    assert ran.returncode == 0


def test_where_nothing_would_run_it_that_is_said(box: Box, tmp_path: Path):
    """As in containers: who is revoked would get in, and nobody would hear of it."""
    done = box.run("install-timer", "--cron", "--quiet")

    assert done.code == 0
    assert ("no cron here" in done.err) != has_cron()
    assert not has_cron(str(tmp_path))
    program = tmp_path / "crond"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    assert has_cron(str(tmp_path))
    # That of BusyBox reads the crontabs of users, and no file of this folder.
    program.rename(tmp_path / "busybox")
    program.symlink_to(tmp_path / "busybox")
    assert not has_cron(str(tmp_path))
    (tmp_path / "cron").write_bytes((tmp_path / "busybox").read_bytes())
    (tmp_path / "cron").chmod(0o755)
    assert has_cron(str(tmp_path))


@pytest.mark.parametrize("interval", ["30s", "90s", "2h"])
def test_cron_counts_minutes(box: Box, interval: str):
    done = box.run("install-timer", "--cron", "--interval", interval)

    assert (done.code, "cron counts minutes" in done.err) == (2, True)


def test_with_the_machine_its_timer_goes(box: Box):
    """Not before: until sshd is told, it goes by files that have to be fresh."""
    assert box.run("install-timer", "--cron").code == 0
    timer = box.etc / "cron.d" / "gatehouse-host-sync"
    assert (box.run("uninstall").code, timer.exists()) == (1, True)

    assert box.run("uninstall", "--reloaded").code == 0
    assert not timer.exists()
    assert box.run("install-timer").code == 1
