"""HTTP for machines and their users, who are nobody to us: what an organization publishes."""

from collections.abc import Callable

import orjson

from gatehouse.core.access import public
from gatehouse.core.context import Context
from gatehouse.core.errors import NotFound
from gatehouse.core.http import JSON, Api, publishes, raises
from gatehouse.core.published import Published, Versioned
from gatehouse.core.rate_limit import limited
from gatehouse.ssh_ca.errors import AuthorityNotConfigured, SignerUnavailable
from gatehouse.ssh_ca.models import AuthorityKind
from gatehouse.ssh_certificates import queries
from gatehouse.ssh_certificates.models import RevocationList

MAX_AGE = 60  # seconds: how late a machine may hear of a revocation by a cache in between
TEXT, BYTES = "text/plain; charset=utf-8", "application/octet-stream"
TAG_ENDS = {BYTES: "", TEXT: "-signature", JSON: "-told"}
LIMIT = "ssh_files"  # of many machines behind one address

api = Api(
    "ssh_published",
    at="/ssh/orgs/<string:org>",
    about="What machines and their users need of an organization, by its slug or its id.",
)


@api.get("/user-ca.pub")
@public
@limited(LIMIT, per="address")
@publishes(TEXT)
@raises(NotFound, AuthorityNotConfigured)
def publish_user_keys(ctx: Context, *, org: str) -> Published:
    """The keys whose certificates let people in: a file for ``TrustedUserCAKeys``."""
    return _text(queries.bundle(ctx, queries.get_published(ctx, org), AuthorityKind.USER))


@api.get("/host-ca.pub")
@public
@limited(LIMIT, per="address")
@publishes(TEXT)
@raises(NotFound, AuthorityNotConfigured)
def publish_host_keys(ctx: Context, *, org: str) -> Published:
    """The keys whose certificates hosts show."""
    return _text(queries.bundle(ctx, queries.get_published(ctx, org), AuthorityKind.HOST))


@api.get("/known_hosts")
@public
@limited(LIMIT, per="address")
@publishes(TEXT)
@raises(NotFound, AuthorityNotConfigured)
def publish_known_hosts(ctx: Context, *, org: str) -> Published:
    """The same as a file for ``UserKnownHostsFile``, for the hosts of this organization alone."""
    return _text(queries.known_hosts(ctx, queries.get_published(ctx, org)))


@api.get("/krl")
@public
@limited(LIMIT, per="address")
@publishes(BYTES)
@raises(NotFound, AuthorityNotConfigured)
def publish_krl(ctx: Context, *, org: str) -> Versioned:
    """What machines refuse: a file for ``RevokedKeys`` and ``RevokedHostKeys``."""
    return _of_list(ctx, org, BYTES, lambda row: row.krl)


@api.get("/krl.sig")
@public
@limited(LIMIT, per="address")
@publishes(TEXT)
@raises(NotFound, AuthorityNotConfigured, SignerUnavailable)
def publish_krl_signature(ctx: Context, *, org: str) -> Versioned:
    """Its signature: ``ssh-keygen -Y verify -n krl@gatehouse``."""
    return _of_list(ctx, org, TEXT, _signature)


@api.get("/krl.pub")
@public
@limited(LIMIT, per="address")
@publishes(TEXT)
@raises(NotFound, AuthorityNotConfigured)
def publish_krl_signer(ctx: Context, *, org: str) -> Published:
    """The key that signs it, which is no authority's. Fetch it once, and keep it."""
    return _text(f"{queries.signer_text(_list(ctx, org))}\n")


@api.get("/krl.json")
@public
@limited(LIMIT, per="address")
@publishes(JSON)
@raises(NotFound, AuthorityNotConfigured)
def describe_krl(ctx: Context, *, org: str) -> Versioned:
    """Which version it is, from when, and its hash."""
    return _of_list(ctx, org, JSON, lambda row: orjson.dumps(queries.list_told(row)))


lane = (publish_krl, publish_krl_signature, describe_krl)


def _of_list(
    ctx: Context, org: str, kind: str, told: Callable[[RevocationList], bytes]
) -> Versioned:
    """What is told of the list, to those who have not heard it of this version."""

    def whole() -> Published:
        row = _list(ctx, org)
        return _told(queries.known_of(row), kind, told(row))

    return Versioned(_told(queries.list_known(ctx, org), kind), whole)


def _told(known: queries.ListKnown, kind: str, body: bytes = b"") -> Published:
    headers = (("X-KRL-Version", str(known.version)),)
    return Published(body, kind, MAX_AGE, headers, f"{known.tag}{TAG_ENDS[kind]}")


def _list(ctx: Context, org: str) -> RevocationList:
    return queries.revocation_list(ctx, queries.get_published(ctx, org))


def _signature(row: RevocationList) -> bytes:
    if not row.signature:
        raise SignerUnavailable
    return row.signature.encode()


def _text(text: str) -> Published:
    return Published(text.encode(), TEXT, MAX_AGE)
