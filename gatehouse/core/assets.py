"""What pages load: style sheets and pictures, kept by browsers for a year."""

from functools import partial

from flask import Blueprint, Flask, Response, send_from_directory

from gatehouse.core import rendering

A_YEAR = 31_536_000


def install(app: Flask, blueprints: tuple[Blueprint, ...]) -> None:
    """Mount the pages, and serve what they load."""

    def asset(version: str, name: str) -> Response:
        answer = send_from_directory(rendering.ASSETS, name, max_age=A_YEAR)
        if version == rendering.assets_version():
            answer.cache_control.immutable = True
        else:  # A page of another release asks: it gets the file, and keeps nothing.
            answer.headers["Cache-Control"] = "no-cache"
        return answer

    app.add_url_rule("/assets/<version>/<path:name>", "assets", asset)
    app.add_url_rule("/favicon.ico", "favicon", partial(asset, "", "favicon.svg"))
    for blueprint in blueprints:
        app.register_blueprint(blueprint)
