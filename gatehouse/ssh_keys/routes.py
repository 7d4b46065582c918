"""HTTP for one's own SSH keys."""

from dataclasses import asdict
from datetime import datetime
from http import HTTPStatus
from typing import Any
from uuid import UUID

from gatehouse.core.access import signed_in
from gatehouse.core.context import Context
from gatehouse.core.http import Api, There, body, raises, recorded, returns
from gatehouse.core.rate_limit import limited
from gatehouse.ssh_keys import queries, service
from gatehouse.ssh_keys.errors import (
    ChallengeExpired,
    ChallengeUsed,
    InvalidPublicKey,
    SshKeyNotFound,
    TooManySshKeys,
    UnsupportedKeyType,
    UserPresenceRequired,
    VerificationFailed,
    WeakKey,
    WrongNamespace,
)
from gatehouse.ssh_keys.rules import NAMESPACE, Challenge
from gatehouse.ssh_keys.schemas import (
    GENERATE,
    SshChallengeOut,
    SshDeletedOut,
    SshKeyChanges,
    SshKeyDescriptionIn,
    SshKeyIn,
    SshKeyOut,
    SshProofIn,
    SshProofOut,
)

api = Api("ssh_keys", at="/ssh/keys", about="Your SSH keys.")


@api.get()
@signed_in
@returns(SshKeyOut, key="keys", listed=True)
def list_ssh_keys(ctx: Context) -> list[dict[str, Any]]:
    """List your SSH keys, in the order in which they were added."""
    return queries.shown_keys(ctx, queries.own_keys(ctx))


@api.post()
@signed_in
@limited("30/minute", per="user")
@body(SshKeyIn)
@returns(SshKeyOut, HTTPStatus.CREATED, or_there=True)
@raises(InvalidPublicKey, UnsupportedKeyType, WeakKey, TooManySshKeys)
def add_ssh_key(
    ctx: Context,
    *,
    public_key: str,
    name: str | None = None,
    description: str | None = None,
    expires_at: datetime | None = None,
) -> dict[str, Any] | There:
    """Add a public SSH key. It counts once you have signed the challenge that comes with it.

    The same key again is answered with the one that is there: 200.
    """
    row, is_new = service.add_key(
        ctx, public_key=public_key, name=name, description=description, expires_at=expires_at
    )
    shown = queries.shown_key(ctx, row)
    if not shown["verified"]:
        shown["challenge"] = _asked(row.id, service.ask_for_proof(ctx, row.id))
    return shown if is_new else There(shown)


@api.get("/<uuid:key_id>")
@signed_in
@returns(SshKeyOut)
@raises(SshKeyNotFound)
def read_ssh_key(ctx: Context, key_id: UUID) -> dict[str, Any]:
    """Read one of your SSH keys."""
    return queries.shown_key(ctx, queries.get_key(ctx, key_id))


@api.patch("/<uuid:key_id>")
@signed_in
@body(SshKeyChanges)
@returns(SshKeyOut)
@raises(SshKeyNotFound)
def change_ssh_key(ctx: Context, key_id: UUID, **changes: Any) -> dict[str, Any]:
    """Change the name, the description or the end of a key."""
    return queries.shown_key(ctx, service.change_key(ctx, key_id, **changes))


@api.patch("/<uuid:key_id>/update-description")
@signed_in
@body(SshKeyDescriptionIn)
@returns(SshKeyOut)
@raises(SshKeyNotFound)
def describe_ssh_key(ctx: Context, key_id: UUID, *, description: str | None) -> dict[str, Any]:
    """Change the description of a key: its old address."""
    return queries.shown_key(ctx, service.change_key(ctx, key_id, description=description))


@api.delete("/<uuid:key_id>")
@signed_in
@returns(SshDeletedOut)
@raises(SshKeyNotFound)
def delete_ssh_key(ctx: Context, key_id: UUID) -> dict[str, Any]:
    """Delete a key. Its certificates are revoked."""
    service.delete_key(ctx, key_id)
    return {"status": "deleted"}


@api.get("/<uuid:key_id>/verify")
@signed_in
@recorded
@limited("30/minute", per="user")
@returns(SshChallengeOut)
@raises(SshKeyNotFound)
def ask_for_proof(ctx: Context, key_id: UUID) -> dict[str, Any]:
    """Get a new challenge to sign with a key. The one before is void."""
    return _asked(key_id, service.ask_for_proof(ctx, key_id))


@api.post("/<uuid:key_id>/verify")
@signed_in
@body(SshProofIn)
@returns(SshProofOut)
@raises(
    SshKeyNotFound,
    ChallengeExpired,
    ChallengeUsed,
    WrongNamespace,
    VerificationFailed,
    UserPresenceRequired,
)
def prove_ssh_key(
    ctx: Context, key_id: UUID, *, action: str, signature: str = ""
) -> dict[str, Any]:
    """Prove that a key is yours, by a signature over the challenge."""
    if action == GENERATE:
        return {**_asked(key_id, service.ask_for_proof(ctx, key_id)), "verified": False}
    service.prove_key(ctx, key_id, signature)
    return {"verified": True, "key_id": key_id}


def _asked(key_id: UUID, challenge: Challenge) -> dict[str, Any]:
    return {
        **asdict(challenge),
        "command": challenge.command,
        "namespace": NAMESPACE,
        "key_id": key_id,
    }
