"""What verdicts are made of, in one SELECT; and the verdict as SQL, for lists and for the job.

``rules.py`` says what holds. Statements of tables: with classes in it a statement goes through the
object mapper, which takes as long again.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    Case,
    ColumnElement,
    FromClause,
    Label,
    Select,
    String,
    Uuid,
    and_,
    case,
    cast,
    false,
    func,
    literal,
    null,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from gatehouse.core.db import Model, TZDateTime
from gatehouse.mfa.models import Passkey, Totp
from gatehouse.organizations.models import Member
from gatehouse.policies.models import Compliance, OrganizationPolicy, PersonalPolicy
from gatehouse.policies.rules import GRACE_DAYS, NOTIFY_DAYS, Mode, Override, Status

MEMBERS, TOTPS, KEYS, POLICIES, PERSONAL, COMPLIANCES = (
    Model.metadata.tables[kind.__tablename__]
    for kind in (Member, Totp, Passkey, OrganizationPolicy, PersonalPolicy, Compliance)
)
NO_MODELS = "[]"  # as JSON
VERDICT = ("since", "deadline", "status")


class DaysAfter(FunctionElement[datetime]):
    """A time so many days later, to the microsecond."""

    type = TZDateTime()
    inherit_cache = True


class Latest(FunctionElement[datetime]):
    """The latest of several times, none of which is null."""

    type = TZDateTime()
    inherit_cache = True


@compiles(Latest, "postgresql")
def _greatest(element: Latest, compiler: Any, **kw: Any) -> str:
    return f"greatest({compiler.process(element.clauses, **kw)})"


@compiles(Latest, "sqlite")
def _max(element: Latest, compiler: Any, **kw: Any) -> str:
    return f"max({compiler.process(element.clauses, **kw)})"


@compiles(DaysAfter, "postgresql")
def _with_interval(element: DaysAfter, compiler: Any, **kw: Any) -> str:
    moment, days = (compiler.process(part, **kw) for part in element.clauses)
    return f"({moment} + make_interval(days => {days}))"


@compiles(DaysAfter, "sqlite")
def _as_text(element: DaysAfter, compiler: Any, **kw: Any) -> str:
    """Times are text there, and its functions know no microseconds: those stay as written."""
    moment, days = (compiler.process(part, **kw) for part in element.clauses)
    return f"(datetime({moment}, {days} || ' days') || substr({moment}, 20))"


def facts() -> Select[Any]:
    """A row for each member, with the columns that ``Facts`` is made of."""
    is_set_up = and_(TOTPS.c.user_id == MEMBERS.c.user_id, TOTPS.c.confirmed_at.is_not(None))
    return (
        select(
            MEMBERS.c.id.label("member_id"),
            MEMBERS.c.org_id,
            MEMBERS.c.user_id,
            MEMBERS.c.created_at.label("joined"),
            func.coalesce(POLICIES.c.mode, Mode.OPTIONAL).label("mode"),
            func.coalesce(POLICIES.c.grace_days, GRACE_DAYS).label("grace_days"),
            func.coalesce(POLICIES.c.notify_days, NOTIFY_DAYS).label("notify_days"),
            POLICIES.c.demands_since,
            POLICIES.c.models_since,
            POLICIES.c.allowed_aaguids,
            func.coalesce(PERSONAL.c.override, Override.INHERIT).label("override"),
            func.coalesce(PERSONAL.c.force_totp, False).label("force_totp"),
            func.coalesce(PERSONAL.c.force_webauthn, False).label("force_webauthn"),
            PERSONAL.c.since.label("personal_since"),
            TOTPS.c.confirmed_at.label("totp_at"),
            first_key(MEMBERS.c.user_id, cast(POLICIES.c.allowed_aaguids, String)),
            COMPLIANCES.c.suspended_at,
            COMPLIANCES.c.last_notified_at,
        )
        .outerjoin_from(MEMBERS, POLICIES, POLICIES.c.org_id == MEMBERS.c.org_id)
        .outerjoin(PERSONAL, _is_about_them(PERSONAL))
        .outerjoin(COMPLIANCES, _is_about_them(COMPLIANCES))
        .outerjoin(TOTPS, is_set_up)
        .where(MEMBERS.c.deleted_at.is_(None))
    )


def visiting(org: BindParameter[UUID], user: BindParameter[UUID]) -> Select[Any]:
    """The same columns for somebody who is no member: what the policy demands of everybody, since
    it does.
    """
    app = select(TOTPS.c.confirmed_at).where(TOTPS.c.user_id == user)
    never = null().cast(TZDateTime)
    return select(
        POLICIES.c.org_id,
        type_coerce(user, Uuid).label("user_id"),
        func.coalesce(POLICIES.c.demands_since, POLICIES.c.created_at).label("joined"),
        POLICIES.c.mode,
        POLICIES.c.grace_days,
        POLICIES.c.demands_since,
        POLICIES.c.models_since,
        POLICIES.c.allowed_aaguids,
        literal(Override.INHERIT.value).label("override"),
        false().label("force_totp"),
        false().label("force_webauthn"),
        never.label("personal_since"),
        app.scalar_subquery().label("totp_at"),
        first_key(type_coerce(user, Uuid), cast(POLICIES.c.allowed_aaguids, String)),
        never.label("suspended_at"),
    ).where(POLICIES.c.org_id == org)


def first_key(user_id: ColumnElement[UUID], listed: ColumnElement[str]) -> Label[Any]:
    """When the first passkey came that counts: where models are ``listed``, as JSON, those for
    which makers vouch. Ids are compared as text without hyphens, as SQLite keeps them.
    """
    model = func.replace(cast(KEYS.c.model, String), "-", "")
    is_listed = func.replace(listed, "-", "").contains(model)
    counts = or_(listed.is_(None), listed == NO_MODELS, and_(KEYS.c.is_attested, is_listed))
    came = select(func.min(KEYS.c.created_at)).where(KEYS.c.user_id == user_id, counts)
    return came.scalar_subquery().label("webauthn_at")


def imagined(found: FromClause, policy: Mapping[str, Any]) -> Select[Any]:
    """The rows that are ``judged``, with a policy of these values in place of theirs; ``was`` is
    how they stand without it.
    """
    listed = literal(json.dumps(policy["allowed_aaguids"]))
    other = {
        name: literal(value, POLICIES.c[name].type).label(name)
        for name, value in policy.items()
        if name in found.c and name != "allowed_aaguids"
    }
    anew = {*other, *VERDICT, "webauthn_at", "allowed_aaguids"}
    kept = (column for column in found.c if column.name not in anew)
    key = first_key(found.c.user_id, listed)
    return select(*kept, *other.values(), key, found.c.status.label("was"))


def judged(rows: Select[Any], now: datetime, name: str = "judged") -> FromClause:
    """``facts`` with ``since``, ``deadline`` and ``status``: ``rules.judge`` in SQL."""
    found = rows.subquery(f"{name}_facts")
    began = select(found, _since(found.c).label("since")).subquery(f"{name}_since")
    deadline = DaysAfter(began.c.since, began.c.grace_days).label("deadline")
    ending = select(began, deadline).subquery(f"{name}_deadline")
    return select(ending, _status(ending.c, now).label("status")).subquery(name)


def _is_about_them(rows: FromClause) -> ColumnElement[bool]:
    return and_(rows.c.org_id == MEMBERS.c.org_id, rows.c.user_id == MEMBERS.c.user_id)


def _needs_totp(has: Any) -> ColumnElement[bool]:
    return or_(has.mode == Mode.REQUIRE_TOTP, has.force_totp)


def _needs_webauthn(has: Any) -> ColumnElement[bool]:
    return or_(has.mode == Mode.REQUIRE_WEBAUTHN, has.force_webauthn)


def _needs_either(has: Any) -> ColumnElement[bool]:
    """Asked where neither of both is needed by itself."""
    return or_(has.mode == Mode.REQUIRE_EITHER, has.override == Override.REQUIRED)


def _since(has: Any) -> Latest:
    is_news = or_(
        and_(has.mode == Mode.REQUIRE_TOTP, ~has.force_totp),
        and_(has.mode == Mode.REQUIRE_WEBAUTHN, ~has.force_webauthn),
        and_(
            has.mode == Mode.REQUIRE_EITHER,
            ~or_(has.force_totp, has.force_webauthn, has.override == Override.REQUIRED),
        ),
    )
    either = and_(_needs_either(has), ~_needs_totp(has))
    keys_count = or_(_needs_webauthn(has), either)
    known = (
        has.personal_since,
        case((is_news, has.demands_since)),
        case((keys_count, has.models_since)),
    )
    return Latest(has.joined, *(func.coalesce(moment, has.joined) for moment in known))


def _status(has: Any, now: datetime) -> Case[Any]:
    totp, webauthn = _needs_totp(has), _needs_webauthn(has)
    either = and_(_needs_either(has), ~totp, ~webauthn)
    no_totp, no_key = has.totp_at.is_(None), has.webauthn_at.is_(None)
    misses = or_(and_(totp, no_totp), and_(webauthn, no_key), and_(either, no_totp, no_key))
    is_free = or_(has.override == Override.EXEMPT, ~or_(totp, webauthn, either))
    return case(
        (is_free, Status.NOT_APPLICABLE.value),
        (~misses, Status.COMPLIANT.value),
        (has.suspended_at >= has.since, Status.SUSPENDED.value),
        (has.deadline > literal(now, TZDateTime), Status.IN_GRACE.value),
        else_=Status.PAST_DUE.value,
    )
