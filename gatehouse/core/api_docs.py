"""The OpenAPI document and Swagger UI to read it, from our own files.

The document is made when it is first asked for: a server that nobody asks for it does not pay for
it, nor for the libraries that make it.
"""

from functools import lru_cache
from pathlib import Path

import orjson
from flask import Flask, Response, redirect, send_from_directory

from gatehouse.core.http import Api

STATIC = Path(__file__).parent / "static"
UI_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
UI_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Gatehouse API</title>
<link rel="icon" href="docs/assets/swagger-ui/favicon-32x32.png">
<link rel="stylesheet" href="docs/assets/swagger-ui/swagger-ui.css">
</head>
<body>
<main id="swagger-ui"></main>
<script src="docs/assets/swagger-ui/swagger-ui-bundle.js"></script>
<script src="docs/assets/api-docs.js"></script>
</body>
</html>
"""


def install(app: Flask, apis: tuple[Api, ...]) -> None:
    """Serve the document at /api/openapi.json and Swagger UI, from our own files, at /api/docs."""

    @lru_cache(maxsize=1)
    def content() -> bytes:
        from gatehouse.core.openapi import document  # noqa: PLC0415 - when it is asked for

        return orjson.dumps(document(apis))

    def openapi_json() -> Response:
        return Response(content(), content_type="application/json")

    def docs() -> Response:
        policy = {"Content-Security-Policy": UI_POLICY}
        return Response(UI_PAGE, headers=policy, content_type="text/html; charset=utf-8")

    def assets(name: str) -> Response:
        return send_from_directory(STATIC, name, max_age=86_400)

    app.add_url_rule("/api/openapi.json", "openapi_json", openapi_json)
    app.add_url_rule("/api/docs", "api_docs", docs)
    # The page finds its parts from an address without the slash.
    app.add_url_rule("/api/docs/", "api_docs_folder", lambda: redirect("/api/docs"))
    app.add_url_rule("/api/docs/assets/<path:name>", "api_docs_assets", assets)
