"""What may be reached past Flask, and that it is reached as by it."""

import pytest
from flask import Flask

from gatehouse.core.access import public
from gatehouse.core.context import Context
from gatehouse.core.http import Api, returns
from gatehouse.core.lane import Lane
from tests.lanes import BothWays, seen


def test_that_it_lives_is_told_alike(app: Flask):
    both = BothWays(app)

    fast, usual = both("GET", "/api/health/live", headers={"X-Request-ID": "the-same-request"})

    assert both.taken == 1
    assert seen(fast) == seen(usual)


def test_a_place_below_another_goes_the_usual_way(app: Flask):
    """SCRIPT_NAME: the application is mounted somewhere else."""
    both = BothWays(app)

    both("GET", "/api/health/live", environ_overrides={"SCRIPT_NAME": "/below"})

    assert both.taken == 0


@pytest.mark.parametrize("path", ["/<a>/<b>", "/<a>", "/x/<uuid:a>/y/<b>/z"])
def test_the_app_does_not_start_with_a_view_that_the_lane_cannot_find(app: Flask, path: str):
    api = Api("lost")

    @api.get(path)
    @public
    @returns(None)
    def lost(ctx: Context, **names: str) -> None:
        """Nobody finds this."""
        del ctx, names

    with pytest.raises(TypeError, match="fast lane"):
        Lane([lost], app.extensions["gatehouse"])
