"""Families of refresh tokens: opened once, turned by one conditional statement, ended for good."""

from datetime import datetime, timedelta
from functools import partial
from hmac import compare_digest
from secrets import token_bytes
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from sqlalchemy import and_, bindparam, case, or_, select, update

from gatehouse.accounts.models import AccountStatus, User
from gatehouse.audit.service import record
from gatehouse.clients.queries import KnownClient
from gatehouse.core.context import Context
from gatehouse.core.db import in_batches
from gatehouse.grants.errors import InvalidGrant
from gatehouse.grants.events import RefreshReuseDetected
from gatehouse.grants.models import ClientSession, Grant, RefreshFamily
from gatehouse.grants.rules import Family, Verdict, mac_of, mint, read, verdict
from gatehouse.sessions.models import Session, SessionStatus

TABLES = RefreshFamily.metadata.tables
FAMILIES, GRANTS, USERS, PLACES, SESSIONS = (
    TABLES[each.__tablename__] for each in (RefreshFamily, Grant, User, ClientSession, Session)
)


class KnownFamily(NamedTuple):
    """A family as a refresh sees it. ``outlived``: what of its grant, its account or its session
    is over, if any is.
    """

    id: UUID
    salt: bytes
    grant_id: UUID
    user_id: UUID
    client_row_id: UUID
    sid: UUID | None
    dies_with_session: bool
    params: dict[str, Any]
    binding: str | None
    generation: int
    rotated_at: datetime | None
    idle_expires_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    created_at: datetime
    outlived: str | None


COLUMNS = KnownFamily._fields[:-1]
# The hot path: one row by primary keys, both statements built once, and of tables: with classes in
# it a statement goes through the object mapper, which takes as long again. What a refresh asks of
# the grant, the account and the session comes along, so that it needs no transaction.
IS_OUT = or_(USERS.c.status != AccountStatus.ACTIVE, USERS.c.deleted_at.is_not(None))
IS_ENDED = or_(SESSIONS.c.status.is_(None), SESSIONS.c.status == SessionStatus.REVOKED)
LIVES_BY = case((FAMILIES.c.dies_with_session, FAMILIES.c.sid))
OUTLIVED = case(
    (GRANTS.c.revoked_at.is_not(None), "grant_revoked"),
    (IS_OUT, "account_out"),
    (and_(FAMILIES.c.dies_with_session, IS_ENDED), "session_over"),
)
FAMILY = (
    select(
        *(FAMILIES.c[name] for name in COLUMNS),
        OUTLIVED.label("outlived"),
    )
    .join(GRANTS, GRANTS.c.id == FAMILIES.c.grant_id)
    .join(USERS, USERS.c.id == FAMILIES.c.user_id)
    .outerjoin(PLACES, PLACES.c.id == LIVES_BY)
    .outerjoin(SESSIONS, SESSIONS.c.id == PLACES.c.session_id)
    .where(FAMILIES.c.id == bindparam("family_id"))
    .execution_options(with_removed=True)  # IS_OUT says it, and nothing has to be added.
)
USED = (
    update(FAMILIES)
    .where(
        FAMILIES.c.id == bindparam("family_id"),
        FAMILIES.c.generation == bindparam("shown"),
        FAMILIES.c.revoked_at.is_(None),
        FAMILIES.c.expires_at > bindparam("now"),
        FAMILIES.c.idle_expires_at > bindparam("now"),
    )
    .values(idle_expires_at=bindparam("idle"))
    .execution_options(with_removed=True)
)
TURNED = USED.values(generation=FAMILIES.c.generation + 1, rotated_at=bindparam("now"))


def open_family(
    ctx: Context,
    client: KnownClient,
    *,
    grant_id: UUID,
    user_id: UUID,
    sid: UUID | None,
    params: dict[str, Any],
    binding: str | None,
    dies_with_session: bool,
) -> tuple[RefreshFamily, str]:
    """Begin a family, and give its first token."""
    options = client.options
    family = RefreshFamily(
        id=uuid4(),
        salt=token_bytes(16),
        grant_id=grant_id,
        user_id=user_id,
        client_row_id=client.id,
        sid=sid,
        dies_with_session=dies_with_session,
        params=params,
        binding=binding,
        generation=0,
        created_at=ctx.now,
        expires_at=ctx.now + timedelta(seconds=options.refresh_token_lifetime),
        idle_expires_at=ctx.now + timedelta(seconds=options.refresh_token_idle),
    )
    ctx.db.add(family)
    ctx.db.flush()
    return family, mint(ctx.settings.secret_key, family.id, 0, family.salt)


def find_family(ctx: Context, token: str, client: KnownClient) -> tuple[KnownFamily, int]:
    """The family of a genuine token of this client, and its generation. Raises InvalidGrant."""
    shown = read(token)
    family = family_by_id(ctx, shown.family_id) if shown else None
    if shown is None or family is None:
        raise InvalidGrant("unknown_token")
    genuine = mac_of(ctx.settings.secret_key, family.id, shown.generation, family.salt)
    if not compare_digest(genuine, shown.mac):
        raise InvalidGrant("forged_token")
    if family.client_row_id != client.id:
        raise InvalidGrant("token_of_another_client")
    return family, shown.generation


def judge(ctx: Context, client: KnownClient, family: KnownFamily, generation: int) -> Verdict:
    """What becomes of a token, if nobody comes before. A reuse ends the family.

    Raises InvalidGrant.
    """
    options = client.options
    grace = timedelta(seconds=options.refresh_grace_seconds)
    found = verdict(_seen(family), generation, ctx.now, grace=grace, rotates=options.rotates)
    if found is Verdict.OVER:
        raise InvalidGrant("token_expired" if family.revoked_at is None else "family_over")
    if found is Verdict.REUSE:
        ctx.after_refusal(partial(_end_after_reuse, family=family))
        raise InvalidGrant("reuse")
    return found


def turn(ctx: Context, client: KnownClient, family: KnownFamily, generation: int) -> str:
    """Use a token, and give the one that counts now: one statement decides who turns the family.

    It is the last thing that a refresh does, for nothing undoes it. Whoever shows the last token
    within the grace gets the same successor once more. Raises InvalidGrant.
    """
    for _ in range(2):
        found = judge(ctx, client, family, generation)
        if found is Verdict.SAME:
            return _token(ctx, family, family.generation)
        turns = found is Verdict.TURN
        if _moved(ctx, client, family, generation, turns=turns):
            return _token(ctx, family, generation + turns)
        family = family_by_id(ctx, family.id) or family
    raise InvalidGrant("family_over")


def revoke_families(ctx: Context, *which: Any, reason: str) -> int:
    """End families, and with them the access tokens that came of them."""
    gone = update(RefreshFamily).where(RefreshFamily.revoked_at.is_(None), *which)
    gone = gone.values(revoked_at=ctx.now, revoke_reason=reason)
    ended = ctx.execute(gone.execution_options(synchronize_session=False))
    if ended:
        ctx.outwait_leases()
    return ended


def revoke_families_for(ctx: Context, user_id: UUID, org_id: UUID, *, reason: str) -> int:
    """End those families of a person whose tokens are for this organization."""
    living = select(Grant.id, Grant.organizations).where(
        Grant.user_id == user_id, Grant.revoked_at.is_(None)
    )
    held = [row.id for row in ctx.db.execute(living) if str(org_id) in row.organizations]
    if not held:
        return 0
    ctx.outwait_leases()
    # PostgreSQL refuses to look into JSON that holds a NUL anywhere.
    theirs = select(RefreshFamily.id, RefreshFamily.params).where(
        RefreshFamily.grant_id.in_(held), RefreshFamily.revoked_at.is_(None)
    )
    rows = ctx.db.execute(theirs)
    ids = [row.id for row in rows if row.params.get("organization") == str(org_id)]
    return sum(
        revoke_families(ctx, RefreshFamily.id.in_(some), reason=reason) for some in in_batches(ids)
    )


def _moved(
    ctx: Context, client: KnownClient, family: KnownFamily, generation: int, *, turns: bool
) -> bool:
    """The one write of a refresh. Returns whether it was ours."""
    idle = ctx.now + timedelta(seconds=client.options.refresh_token_idle)
    values = {
        "family_id": family.id,
        "shown": generation,
        "now": ctx.now,
        "idle": min(idle, family.expires_at),
    }
    done: Any = ctx.single.execute(TURNED if turns else USED, values)
    return bool(done.rowcount == 1)


def _end_after_reuse(ctx: Context, *, family: KnownFamily) -> None:
    ended = revoke_families(ctx, RefreshFamily.id == family.id, reason="reuse")
    if ended:
        event = RefreshReuseDetected(
            user_id=family.user_id, family_id=family.id, client_row_id=family.client_row_id
        )
        record(ctx, event)


def _seen(family: KnownFamily) -> Family:
    return Family(
        family.generation,
        family.rotated_at,
        family.idle_expires_at,
        family.expires_at,
        family.revoked_at,
    )


def _token(ctx: Context, family: KnownFamily, generation: int) -> str:
    return mint(ctx.settings.secret_key, family.id, generation, family.salt)


def family_by_id(ctx: Context, family_id: UUID) -> KnownFamily | None:
    row = ctx.single.execute(FAMILY, {"family_id": family_id}).first()
    return KnownFamily._make(row) if row is not None else None
