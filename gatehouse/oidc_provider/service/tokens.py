"""Access tokens (RFC 9068) and ID tokens (OpenID Connect Core 2): made here, and read here."""

from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256, sha512
from os import urandom
from typing import Any
from uuid import UUID

import orjson

from gatehouse.clients.queries import KnownClient, find_client
from gatehouse.core.context import Context
from gatehouse.core.crypto import CannotOpen
from gatehouse.core.jose import EDWARDS, LONGEST, NotGenuine, is_number
from gatehouse.core.runtime import Runtime
from gatehouse.grants.service import Standing, standing_of
from gatehouse.grants.service.state import is_revoked
from gatehouse.oidc_provider.rules.asked import scope_member
from gatehouse.signing_keys.service import sign, verify_own

ACCESS, ID = "at+jwt", "JWT"
OFFLINE = "offline_access"
OPAQUE = "opaque"
SEALED, PURPOSE = "gat_", "access token"
JTI_TIME = 12  # hex digits of milliseconds since 1970


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """What tokens are about. ``params`` are those that were granted: scopes, nonce, claims and so
    on. A token without a ``grant_id`` speaks for the client itself. ``audience`` is empty for
    tokens that are for us.
    """

    sub: str
    scopes: Sequence[str]
    audience: Sequence[str] = ()
    grant_id: UUID | None = None
    family_id: UUID | None = None
    sid: UUID | None = None
    auth_time: datetime | None = None
    acr: str | None = None
    amr: Sequence[str] = ()
    binding: str | None = None
    details: Sequence[Mapping[str, Any]] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)
    most_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A token that we made."""

    text: str
    jti: str
    expires_in: int


def access_token(ctx: Context, client: KnownClient, issue: Issue) -> AccessToken:
    """Make an access token. No row is written: what can end it is looked up when it is shown."""
    life = client.options.access_token_lifetime
    if issue.most_seconds is not None:
        life = min(life, issue.most_seconds)
    now, jti = int(ctx.now.timestamp()), new_jti(ctx.now)
    audience = list(issue.audience) or [issuer_of(ctx.runtime)]
    claims: dict[str, Any] = {
        **issue.extra,
        "iss": issuer_of(ctx.runtime),
        "sub": issue.sub,
        "aud": audience[0] if len(audience) == 1 else audience,
        "client_id": client.client_id,
        "iat": now,
        "exp": now + life,
        "jti": jti,
        **scope_member(issue.scopes),
    }
    if issue.grant_id is not None:
        claims |= _of_a_person(issue)
    if issue.binding:
        kind, _, value = issue.binding.partition(":")
        claims["cnf"] = {"x5t#S256" if kind == "x5t" else kind: value}
    if issue.details:
        claims["authorization_details"] = list(issue.details)
    return AccessToken(_written(ctx.runtime, client, claims), jti, life)


def _written(runtime: Runtime, client: KnownClient, claims: Mapping[str, Any]) -> str:
    """A token that everybody can verify, or one that only we can read. Neither has a row."""
    if client.options.access_token_format == OPAQUE:
        return SEALED + runtime.keyring.seal(orjson.dumps(claims), PURPOSE)
    alg = client.options.access_token_signed_response_alg
    return sign(runtime, claims, alg=alg, typ=ACCESS)


def _read(runtime: Runtime, token: str) -> Mapping[str, Any] | None:
    """The claims of a token of ours, in either form."""
    if not token.startswith(SEALED):
        if token.count(".") != 2:  # noqa: PLR2004 - junk, for which no key is looked up
            return None
        try:
            return verify_own(runtime, token, typ=(ACCESS,))
        except NotGenuine:
            return None
    if len(token) > LONGEST:
        return None
    try:
        claims: dict[str, Any] = orjson.loads(
            runtime.keyring.open(token.removeprefix(SEALED), PURPOSE)
        )
    except CannotOpen:
        return None
    return claims


def _of_a_person(issue: Issue) -> dict[str, Any]:
    claims: dict[str, Any] = {"gid": str(issue.grant_id)}
    if issue.family_id is not None:
        claims["fid"] = str(issue.family_id)
    if issue.sid is not None:
        claims["sid"] = str(issue.sid)
    if issue.auth_time is not None:
        claims["auth_time"] = int(issue.auth_time.timestamp())
    if issue.acr:
        claims |= {"acr": issue.acr, "amr": list(issue.amr)}
    return claims


def id_token(
    ctx: Context,
    client: KnownClient,
    issue: Issue,
    *,
    nonce: str | None,
    access: str,
    claims: Mapping[str, Any],
) -> str:
    """Make an ID token. ``claims`` are those of the person that were wished for in it."""
    alg = client.options.id_token_signed_response_alg
    now = int(ctx.now.timestamp())
    said: dict[str, Any] = {
        **claims,
        "iss": issuer_of(ctx.runtime),
        "sub": issue.sub,
        "aud": client.client_id,
        "iat": now,
        "exp": now + client.options.id_token_lifetime,
        "at_hash": half_hash(access, alg),
    }
    if issue.auth_time is not None:
        said["auth_time"] = int(issue.auth_time.timestamp())
    if issue.acr:
        said |= {"acr": issue.acr, "amr": list(issue.amr)}
    if issue.sid is not None:
        said["sid"] = str(issue.sid)
    if nonce is not None:
        said["nonce"] = nonce
    return sign(ctx.runtime, said, alg=alg, typ=ID)


def new_jti(now: datetime) -> str:
    """A name that tells to the millisecond when the token was issued: ``iat`` has whole seconds,
    and what was issued in the second of a new password is from before it or from after.
    """
    return f"{int(now.timestamp() * 1000):0{JTI_TIME}x}{urandom(10).hex()}"


def issued_at(jti: str) -> datetime:
    return datetime.fromtimestamp(int(jti[:JTI_TIME], 16) / 1000, UTC)


def half_hash(text: str, alg: str) -> str:
    """at_hash: the left half of the hash that the algorithm uses (OpenID Connect Core 3.1.3.6).

    Of Ed25519 that is SHA-512.
    """
    digest = (sha512 if alg in EDWARDS else sha256)(text.encode()).digest()
    return urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()


def issuer_of(runtime: Runtime) -> str:
    return runtime.settings.oidc.issuer


@dataclass(frozen=True, slots=True)
class Shown:
    """An access token that still counts. ``standing`` is None where it speaks for the client."""

    claims: Mapping[str, Any]
    standing: Standing | None

    @property
    def scopes(self) -> Sequence[str]:
        return str(self.claims.get("scope", "")).split()

    @property
    def audience(self) -> Sequence[str]:
        found = self.claims["aud"]
        return [found] if isinstance(found, str) else list(found)

    @property
    def binding(self) -> str | None:
        cnf = self.claims.get("cnf") or {}
        if "jkt" in cnf:
            return f"jkt:{cnf['jkt']}"
        return f"x5t:{cnf['x5t#S256']}" if "x5t#S256" in cnf else None

    @property
    def is_bound_to_key(self) -> bool:
        return (self.binding or "").startswith("jkt:")


def read_access_token(runtime: Runtime, token: str, now: datetime) -> Shown | None:
    """A token of ours that nothing has ended, or None. Short statements of its own."""
    claims = _read(runtime, token)
    if claims is None:
        return None
    expires, issued = claims.get("exp"), claims.get("iat")
    is_whole = claims.get("iss") == issuer_of(runtime) and is_number(expires) and is_number(issued)
    if not is_whole or now.timestamp() >= int(str(expires)):
        return None
    client = find_client(runtime, str(claims["client_id"]))
    if client is None or client.has_ended(issued_at(claims["jti"])):
        return None
    if any(is_revoked(runtime, jti) for jti in claims.get("came_of", ())):
        return None
    if "gid" not in claims:
        return None if is_revoked(runtime, claims["jti"]) else Shown(claims, None)
    standing = standing_of(
        runtime,
        grant_id=UUID(claims["gid"]),
        family_id=_id(claims.get("fid")),
        sid=_id(claims.get("sid")),
        jti=claims["jti"],
        issued_at=issued_at(claims["jti"]),
        outlives_session=outlives_session(claims),
    )
    return Shown(claims, standing) if standing else None


def outlives_session(claims: Mapping[str, Any]) -> bool:
    """Whether it goes on when the session is over: it came of refresh tokens that do. Of an
    exchanged one that is said in so many words, for it has lost the scope.
    """
    is_offline = OFFLINE in str(claims.get("scope", "")).split() or claims.get("stays") is True
    return "sid" not in claims or ("fid" in claims and is_offline)


def _id(text: str | None) -> UUID | None:
    return UUID(text) if text else None
