"""The rows of the OpenID provider: what programs ask it most, against two other providers."""

from base64 import b64encode
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import select

from benchmarks.load import LoadError, answer_to, form, request
from benchmarks.measures import Contender, Effort, Measure, Measured, Side, alternate
from benchmarks.others import COUNT, SECRET, Node, Toolkit
from benchmarks.stage import MOST_CALLS, Stage
from gatehouse.accounts.models import User
from gatehouse.app import create_app
from gatehouse.clients.queries import find_client
from gatehouse.clients.rules import sha256_of
from gatehouse.clients.service.writing import add_client
from gatehouse.core.context import Context, Origin, unit_of_work
from gatehouse.core.runtime import Runtime
from gatehouse.core.settings import read_settings
from gatehouse.grants.service import agree, open_family
from gatehouse.grants.service.consents import Agreed
from gatehouse.oidc_provider.service.tokens import Issue, access_token
from gatehouse.ops.service.demo import PEOPLE
from gatehouse.signing_keys.service import prepare

OURS, TOOLKIT = "/oidc", "/o"
PERSON = ("openid", "profile", "email", "offline_access")
BENCH, MACHINE = "bench", "bench-machine"


@dataclass(slots=True)
class Party:
    """How a provider is called, and with what: its tokens, or names of its own for clients."""

    base: str
    endings: dict[str, str]
    client: str = BENCH
    machine: str = BENCH
    tokens: dict[str, list[str]] = field(default_factory=dict)

    def post(self, what: str, *, client: str = "", **sent: str) -> bytes:
        """A form, with the secret of a client."""
        secret = urlencode({"": SECRET})[1:]
        proof = b64encode(f"{client or self.client}:{secret}".encode()).decode()
        return form(f"{self.base}{self.endings[what]}", urlencode(sent), proof)


Ask = Callable[[Party], list[bytes]]
# What a good answer holds: an introspection of a token that is over is a 200, too.
GOOD = (b'"active":true', b'"access_token":"', b'"email":"')
NODE_PATHS = {"token": "/token", "introspect": "/token/introspection", "userinfo": "/me"}
OUR_PATHS = {name: f"/{name}" for name in ("token", "introspect", "userinfo")}
TOOLKIT_PATHS = {name: f"/{name}/" for name in ("token", "introspect", "userinfo")}


def machine_token(**more: str) -> Ask:
    """A token for the client itself. ``more`` is what makes it one of the kind that is meant."""

    def ask(party: Party) -> list[bytes]:
        sent = {"grant_type": "client_credentials", "scope": "api:read", **more}
        return [party.post("token", client=party.machine, **sent)]

    return ask


def introspection(party: Party) -> list[bytes]:
    return [party.post("introspect", token=token) for token in party.tokens["access"]]


def userinfo(party: Party) -> list[bytes]:
    path = party.base + party.endings["userinfo"]
    return [request("GET", path, token=token) for token in party.tokens["access"]]


def refresh(party: Party) -> list[bytes]:
    """Of a client whose refresh tokens stay as they are, with all: each is used again and again."""
    return [
        party.post("token", grant_type="refresh_token", refresh_token=token)
        for token in party.tokens["refresh"]
    ]


def against_node(ask: Ask, *, alg: str = "ES256", node_ask: Ask | None = None) -> Measure:
    """Measure Gatehouse against node oidc-provider; ``alg`` signs our access tokens."""

    def measure(stage: Stage, effort: Effort) -> Measured:
        peer = Node(stage.place("node"), stage.cores)
        with ExitStack() as stack:
            ours = stack.enter_context(stage.gatehouse("redis"))
            stack.enter_context(peer)
            party = Party("", NODE_PATHS, tokens=peer.tokens)
            return _compare(
                effort,
                (Side("oidc-provider"), peer, (node_ask or ask)(party)),
                (Side("Gatehouse"), ours, ask(_ours(stage, alg))),
            )

    return measure


def against_toolkit(ask: Ask) -> Measure:
    """Measure Gatehouse against django-oauth-toolkit."""

    def measure(stage: Stage, effort: Effort) -> Measured:
        peer = Toolkit(stage.place("django"), stage.cores, stage.database("django"))
        with ExitStack() as stack:
            ours = stack.enter_context(stage.gatehouse("redis"))
            stack.enter_context(peer)
            party = Party(TOOLKIT, TOOLKIT_PATHS, machine="machine", tokens=peer.tokens)
            return _compare(
                effort,
                (Side("toolkit"), peer, ask(party)),
                (Side("Gatehouse"), ours, ask(_ours(stage, "ES256"))),
            )

    return measure


def _compare(effort: Effort, peer: Contender, ours: Contender) -> Measured:
    for _, server, asked in (peer, ours):
        expect_good(server.port, asked[-1])
    return alternate(effort, peer, ours)


def expect_good(port: int, asked: bytes) -> None:
    """Raise LoadError unless the answer is the one that is meant."""
    said = answer_to(port, asked).replace(b" ", b"")
    if not any(words in said for words in GOOD):
        raise LoadError(f"The answer is not a good one: {said.decode(errors='replace')}")


def _ours(stage: Stage, alg: str) -> Party:
    """Our clients and tokens, made once for each algorithm."""
    kept: dict[str, Party] = stage.parties
    if alg not in kept:
        app = create_app(read_settings(stage.prepare("redis")))
        runtime: Runtime = app.extensions["gatehouse"]
        try:
            kept[alg] = filled(runtime, alg)
        finally:
            runtime.engine.dispose()
    return kept[alg]


def filled(runtime: Runtime, alg: str) -> Party:
    """Clients and tokens of ours that stay good for the run: access tokens signed with ``alg``."""
    bench, machine = f"{BENCH}-{alg}", f"{MACHINE}-{alg}"
    with unit_of_work(runtime, Origin("bench")) as ctx:
        prepare(ctx)
        _add(ctx, bench, alg, ["authorization_code", "refresh_token"], PERSON)
        _add(ctx, machine, alg, ["client_credentials"], ("api:read",))
    with unit_of_work(runtime, Origin("bench")) as ctx:
        found = _tokens(ctx, bench)
    return Party(OURS, OUR_PATHS, bench, machine, found)


def _add(ctx: Context, name: str, alg: str, grants: Sequence[str], scopes: Sequence[str]) -> None:
    settings: dict[str, Any] = {
        "redirect_uris": ["https://app.example.com/callback"],
        "grant_types": list(grants),
        "scopes": list(scopes),
        "access_policy": "everyone",
        "access_token_signed_response_alg": alg,
        "access_token_lifetime": 36_000,
        "refresh_rotation": "never",
        "rate_limit": MOST_CALLS,
    }
    stored = {"id": "1", "hash": sha256_of(SECRET), "expires_at": None}
    add_client(ctx, org_id=None, name=name, settings=settings, client_id=name, secrets=(stored,))


def _tokens(ctx: Context, client_id: str) -> dict[str, list[str]]:
    client = find_client(ctx.runtime, client_id)
    user_id = ctx.db.scalar(select(User.id).where(User.email == PEOPLE[0][0]))
    if client is None or user_id is None:
        raise RuntimeError("The demo data is not there.")
    grant = agree(ctx, user_id, client.id, Agreed(PERSON), lasting=None, is_asked=True)
    ctx.db.flush()
    found: dict[str, list[str]] = {"access": [], "refresh": []}
    params = {"scopes": list(PERSON), "auth_time": ctx.now.timestamp()}
    for _ in range(COUNT):
        family, token = open_family(
            ctx,
            client,
            grant_id=grant.id,
            user_id=user_id,
            sid=None,
            params=params,
            binding=None,
            dies_with_session=False,
        )
        issue = Issue(sub=str(user_id), scopes=PERSON, grant_id=grant.id, family_id=family.id)
        found["access"].append(access_token(ctx, client, issue).text)
        found["refresh"].append(token)
    return found
