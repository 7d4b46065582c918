"""Clients of an organization: made, changed, deleted, given new secrets, by those who manage them.

Each act first takes hold of the organization, so that two at once follow one another.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete

from gatehouse.audit.service import record
from gatehouse.clients.errors import ClientHasNoSecret, ClientIsBuiltIn
from gatehouse.clients.events import (
    ClientActivated,
    ClientChanged,
    ClientDeactivated,
    ClientDeleted,
    ClientSecretRotated,
)
from gatehouse.clients.models import Client
from gatehouse.clients.permissions import ClientPermission
from gatehouse.clients.queries import get_client
from gatehouse.clients.rules import BY_SECRET, NAMES, options_of, plain, with_defaults
from gatehouse.clients.rules.resources import named
from gatehouse.clients.service.checking import contradiction, refuse_too_much, refuse_wrong
from gatehouse.clients.service.naming import let_go_of_names, take_names
from gatehouse.clients.service.sectors import prove_sector
from gatehouse.clients.service.writing import add_client, new_secret, refuse_one_too_many
from gatehouse.core.context import Context
from gatehouse.organizations.service import hold_as

MOST_SECRETS = 2
COLUMNS = ("name", "description", "is_active", "is_trusted")


@dataclass(frozen=True, slots=True)
class Made:
    """A client, and its secret where there is a new one: it is told this once."""

    client: Client
    secret: str | None = None


def create_client(ctx: Context, org_id: UUID, *, name: str, **fields: Any) -> Made:
    """Create a client that admits the organization's members, unless it is said otherwise.

    Raises Invalid, OwnersOpenToAll, OperatorsTrust, TooManyClients, ResourceTaken.
    """
    chosen = with_defaults(_chosen(fields, {}))
    proven = prove_sector(ctx, chosen)
    role = hold_as(ctx, org_id, ClientPermission.MANAGE)
    refuse_wrong(ctx, org_id, chosen, fields, proven=proven)
    is_trusted = fields.get("is_trusted", False)
    refuse_too_much(ctx, role, {}, chosen, is_trusted=is_trusted)
    refuse_one_too_many(ctx, org_id)
    secret, stored = secret_for(ctx, chosen)
    client = add_client(
        ctx,
        org_id=org_id,
        name=name,
        settings=plain(chosen),
        secrets=stored,
        description=fields.get("description"),
        is_active=fields.get("is_active", True),
        is_trusted=is_trusted,
    )
    take_names(ctx, client)
    return Made(client, secret)


def change_client(ctx: Context, org_id: UUID, client_row_id: UUID, **changes: Any) -> Client:
    """Change what is named; the rest stays. Whoever switches a client off ends what it was given.

    Raises Invalid, ClientIsBuiltIn, OwnersOpenToAll, OperatorsTrust, ResourceTaken.
    """
    proven = _prove_sector_of_changed(ctx, org_id, client_row_id, changes)
    role = hold_as(ctx, org_id, ClientPermission.MANAGE)
    client = get_client(ctx, org_id, client_row_id, hold=True)
    if client.is_built_in:
        raise ClientIsBuiltIn
    before = dict(client.settings)
    after = {**before, **_chosen(changes, before)}
    changed = _changed(client, before, after, changes)
    if not changed and not contradiction(changes):
        return client
    refuse_wrong(ctx, org_id, after, changes, client, proven=proven)
    was, now = client.is_trusted, changes.get("is_trusted", client.is_trusted)
    refuse_too_much(ctx, role, before, after, was_trusted=was, is_trusted=now)
    for column in COLUMNS:
        if column in changed:
            setattr(client, column, changes[column])
    if "is_active" in changed:
        end_tokens(ctx, client)
    apply(ctx, client, after)
    take_names(ctx, client)
    let_go_of_names(ctx, org_id, named(options_of(before)))
    record(ctx, _event_of(client, changed))
    return client


def _prove_sector_of_changed(
    ctx: Context, org_id: UUID, client_row_id: UUID, changes: Mapping[str, Any]
) -> tuple[Any, ...] | None:
    """By what the client is now; if that is another when it is held, it proves nothing."""
    if changes.keys().isdisjoint(("redirect_uris", "sector_identifier_uri")):
        return None
    client = get_client(ctx, org_id, client_row_id)
    after = {**client.settings, **_chosen(changes, client.settings)}
    return prove_sector(ctx, after, client)


def apply(ctx: Context, client: Client, settings: Mapping[str, Any]) -> None:
    """Write settings that are right, and what follows for secrets."""
    ctx.outwait_leases()
    client.settings = plain(settings)
    client.secrets = _still_good(client)
    client.updated_at = ctx.now
    ctx.db.flush()


def end_tokens(ctx: Context, client: Client) -> None:
    """Let nothing count that the client was given until now, with people or for itself.

    A token says to the millisecond when it was issued, so that the rest of a second does not count.
    Whoever switches a client calls this both ways: until others hear that it is off it may still
    get tokens, a moment later than this; but none once it is off, so that those that were issued
    before it is on again are all of before, and the first one after that is not. While the client
    stays on, what it is given beside this act may count as given after it.
    """
    ctx.outwait_leases()
    client.tokens_not_before = ctx.now


def delete_client(ctx: Context, org_id: UUID, client_row_id: UUID) -> None:
    """Delete a client, and with it all that it was given. Raises ClientIsBuiltIn."""
    hold_as(ctx, org_id, ClientPermission.MANAGE)
    remove(ctx, get_client(ctx, org_id, client_row_id))


def remove(ctx: Context, client: Client) -> None:
    """Delete it, whoever may. Its grants go with the row, and others may have the resources that it
    alone named. Whoever calls holds its organization. Raises ClientIsBuiltIn.
    """
    if client.is_built_in:
        raise ClientIsBuiltIn
    event = ClientDeleted(org_id=client.org_id, client_row_id=client.id, known_as=client.client_id)
    record(ctx, event)
    ctx.outwait_leases()
    ctx.db.flush()
    names = named(options_of(client.settings))
    ctx.execute(delete(Client).where(Client.id == client.id))
    if client.org_id is not None:
        let_go_of_names(ctx, client.org_id, names)


def rotate_secret(ctx: Context, org_id: UUID, client_row_id: UUID, *, overlap_seconds: int) -> Made:
    """Give a client a new secret; the newest of the others lives on for the overlap.

    Raises ClientHasNoSecret, ClientIsBuiltIn.
    """
    hold_as(ctx, org_id, ClientPermission.MANAGE)
    client = get_client(ctx, org_id, client_row_id, hold=True)
    if client.is_built_in:
        raise ClientIsBuiltIn
    secret, stored = secret_for(ctx, client.settings)
    if secret is None:
        raise ClientHasNoSecret
    others = _overlapping(client.secrets, ctx.now, ctx.now + timedelta(seconds=overlap_seconds))
    client.secrets = [*others, *stored]
    client.updated_at = ctx.now
    ctx.outwait_leases()
    ctx.db.flush()
    event = ClientSecretRotated(
        org_id=org_id,
        client_row_id=client.id,
        known_as=client.client_id,
        overlap_seconds=overlap_seconds,
    )
    record(ctx, event)
    return Made(client, secret)


def secret_for(
    ctx: Context, settings: Mapping[str, Any]
) -> tuple[str | None, tuple[dict[str, Any], ...]]:
    """A new secret and what is stored of it, if such a client has one."""
    method = options_of(settings).token_endpoint_auth_method
    if method not in BY_SECRET:
        return None, ()
    secret, stored = new_secret(ctx, sealed=method == "client_secret_jwt")
    return secret, (stored,)


def _chosen(fields: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """The settings among what was sent. ``is_confidential`` is a word for a way to prove it."""
    chosen = {name: value for name, value in fields.items() if name in NAMES}
    wanted = fields.get("is_confidential")
    if wanted is None or "token_endpoint_auth_method" in chosen:
        return chosen
    is_secretive = with_defaults({**before, **chosen}).get("token_endpoint_auth_method") != "none"
    if is_secretive != wanted:
        chosen["token_endpoint_auth_method"] = "client_secret_basic" if wanted else "none"
    return chosen


def _changed(
    client: Client, before: Mapping[str, Any], after: Mapping[str, Any], sent: Mapping[str, Any]
) -> tuple[str, ...]:
    columns = (name for name in COLUMNS if name in sent and sent[name] != getattr(client, name))
    settings = (name for name in after if name not in before or after[name] != before[name])
    return (*columns, *settings)


def _event_of(
    client: Client, changed: Sequence[str]
) -> ClientChanged | ClientActivated | ClientDeactivated:
    kind: type[ClientChanged | ClientActivated | ClientDeactivated] = ClientChanged
    if "is_active" in changed:
        kind = ClientActivated if client.is_active else ClientDeactivated
    return kind(
        org_id=client.org_id,
        client_row_id=client.id,
        known_as=client.client_id,
        fields=tuple(changed),
    )


def _still_good(client: Client) -> list[dict[str, Any]]:
    """The secrets that are of use to its way to prove who it is."""
    method = options_of(client.settings).token_endpoint_auth_method
    if method == "client_secret_jwt":
        return [secret for secret in client.secrets if "sealed" in secret]
    return list(client.secrets) if method in BY_SECRET else []


def _overlapping(
    secrets: Iterable[Mapping[str, Any]], now: datetime, ends: datetime
) -> list[dict[str, Any]]:
    """What is left of the others beside a new one: the newest that lives, for the overlap."""
    living = [secret for secret in secrets if (until := _end_of(secret)) is None or until > now]
    if ends <= now:
        return []
    kept = living[-(MOST_SECRETS - 1) :]
    return [
        {**secret, "expires_at": min(_end_of(secret) or ends, ends).isoformat()} for secret in kept
    ]


def _end_of(secret: Mapping[str, Any]) -> datetime | None:
    ends = secret.get("expires_at")
    return datetime.fromisoformat(ends) if ends is not None else None
