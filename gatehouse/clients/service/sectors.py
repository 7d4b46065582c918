"""The document by which redirect URIs of several hosts are one sector (OpenID Connect Registration
5). It proves no more than that: who lists these URIs is not known to be who registers them.
"""

from collections.abc import Mapping
from typing import Any

import orjson

from gatehouse.clients.models import Client
from gatehouse.clients.rules import problems_of, sector_needs_document
from gatehouse.clients.service.checking import holds_already, scene_of, sector_of
from gatehouse.core.addresses import Limits
from gatehouse.core.context import Context
from gatehouse.core.errors import BadGateway, BadRequest
from gatehouse.core.json_text import read_json
from gatehouse.core.outbound import Outbound

QUICK = Limits(connect=3, read=5, total=8, body=64 * 1024)
URI = "sector_identifier_uri"


def document_problem(ctx: Context, settings: Mapping[str, Any]) -> str:
    """What is wrong with the document; nothing if it lists every redirect URI. It is asked for, so
    this comes before the transaction.
    """
    ctx.stay_out_of_the_transaction()
    try:
        answer = Outbound.of(ctx.settings).send("GET", settings[URI], limits=QUICK)
        listed = read_json(answer.body) if answer.status == 200 else None  # noqa: PLR2004
    except (BadGateway, BadRequest, orjson.JSONDecodeError):
        listed = None
    if not isinstance(listed, list):
        return "Must give a JSON list of URIs."
    if not all(uri in listed for uri in settings.get("redirect_uris", ())):
        return "Must list every redirect URI."
    return ""


def prove_sector(
    ctx: Context, settings: Mapping[str, Any], client: Client | None = None
) -> tuple[Any, ...] | None:
    """Ask for the document if these settings need one that was not asked for yet, and return what
    it proves, for ``refuse_wrong``. Nothing may be written before this.
    """
    if problems_of(settings, scene_of(ctx.runtime), sector_is_proven=True):
        return None  # It would be of no use.
    if not sector_needs_document(settings) or holds_already(client, settings):
        return None
    ctx.leave_the_transaction()
    return None if document_problem(ctx, settings) else sector_of(settings)
