"""Fixtures of tests of machines: most need no server but a played one, and no running sshd."""

from collections.abc import Iterator

import pytest

from tests.cli.hosts.boxes import Box
from tests.cli.hosts.played import PlayedHost
from tests.cli.hosts.scenes import Scene
from tests.cli.stage import staged


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with staged() as stage:
        yield Scene(tmp_path_factory.mktemp("scene"), stage)


@pytest.fixture
def gate(scene: Scene) -> PlayedHost:
    return scene.begin_anew()


@pytest.fixture
def box(scene: Scene, gate: PlayedHost) -> Box:
    """Not enrolled."""
    gate.sent = []
    return scene.bring_back("bare")


@pytest.fixture
def enrolled(scene: Scene, gate: PlayedHost) -> Box:
    return scene.bring_back("enrolled")
