"""What a person is called towards a client (OpenID Connect Core 8)."""

from secrets import token_hex
from uuid import UUID

from sqlalchemy import select
from uuid_utils.compat import uuid7

from gatehouse.clients.queries import KnownClient
from gatehouse.clients.rules.addresses import hosts_of, web_host
from gatehouse.core.context import Context
from gatehouse.core.db import insert_unless_there
from gatehouse.core.settings import is_loopback
from gatehouse.oidc_provider.models import PairwiseSubject


def sub_of(ctx: Context, client: KnownClient, user_id: UUID) -> str:
    """The subject: the id of the account, or for pairwise clients a name made for the sector."""
    if client.options.subject_type != "pairwise":
        return str(user_id)
    sector = sector_of(client)
    statement = select(PairwiseSubject.sub).where(
        PairwiseSubject.user_id == user_id, PairwiseSubject.sector == sector
    )
    found = ctx.db.scalar(statement)
    if found is None:
        values = {"id": uuid7(), "created_at": ctx.now, "sub": token_hex(20)}
        values |= {"user_id": user_id, "sector": sector}
        insert_unless_there(ctx.db, PairwiseSubject, values)
        found = ctx.db.scalar(statement)
    return str(found)


def sector_of(client: KnownClient) -> str:
    """What clients share that see the same subject: a host (OpenID Connect Core 8.1). The machine
    that somebody sits at is nobody's in particular.
    """
    options = client.options
    address = options.sector_identifier_uri or next(iter(options.redirect_uris), "")
    host = web_host(address)
    return host if host and not is_loopback(host) else client.client_id


def may_be_told_at(client: KnownClient, uri: str) -> bool:
    """Whether the subject may be told at this address, to which no person is led: of a sector at
    its own hosts alone. Anybody can name a redirect URI of others (OpenID Connect Core 8.1).
    """
    options, sector = client.options, sector_of(client)
    if options.subject_type != "pairwise" or sector == client.client_id:
        return True
    host = web_host(uri)
    return bool(host) and host in {sector, *hosts_of(options.redirect_uris)}


def user_of_sub(ctx: Context, client: KnownClient, sub: str) -> UUID | None:
    """The account that a client knows by this name."""
    if client.options.subject_type == "pairwise":
        found = select(PairwiseSubject.user_id).where(
            PairwiseSubject.sub == sub, PairwiseSubject.sector == sector_of(client)
        )
        user_id: UUID | None = ctx.db.scalar(found)
        return user_id
    try:
        return UUID(sub)
    except ValueError:
        return None
