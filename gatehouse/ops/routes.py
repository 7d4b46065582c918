"""HTTP for health. Says what works, and nothing about versions, hosts or names."""

from typing import Any

from gatehouse.core.access import public
from gatehouse.core.context import Context
from gatehouse.core.errors import NotFound
from gatehouse.core.http import Api, query, raises, returns
from gatehouse.core.plain import Caller, plain
from gatehouse.ops import queries, service
from gatehouse.ops.errors import NoSchema, Unhealthy
from gatehouse.ops.schemas import HealthOut, ProofIn, SeenOut, StateOut

api = Api("health", at="/health", root="/api", about="Is it there, and does it work?")
alias = Api("health v1", at="/health", about="The same, under the prefix of the API.")


@api.get()
@public
@returns(HealthOut)
@raises(Unhealthy)
def read_health(ctx: Context) -> dict[str, Any]:
    """Tell whether the service and what it stands on work.

    503 when the database is `down`, or lacks the `schema` of this version. Without Redis the
    service is slower, not broken: `degraded`.
    """
    return _health(ctx)


@alias.get()
@public
@returns(HealthOut)
@raises(Unhealthy)
def read_health_v1(ctx: Context) -> dict[str, Any]:
    """Tell whether the service works: the same as /api/health."""
    return _health(ctx)


@api.get("/live")
@public
@returns(StateOut)
def read_live(ctx: Context) -> dict[str, str]:
    """Tell that the process answers. Asks nothing of the database: for restarting a dead one."""
    del ctx
    return {"status": "alive"}


lane = (read_live,)


@api.get("/ready")
@public
@returns(StateOut)
@raises(Unhealthy)
def read_ready(ctx: Context) -> dict[str, str]:
    """Tell that requests can be served: for load balancers."""
    _refuse_unless_ok({"database": queries.database_state(ctx.runtime)})
    return {"status": "ready"}


@api.get("/seen")
@public
@query(ProofIn)
@returns(SeenOut)
@raises(NotFound)
def read_seen(ctx: Context, *, proof: str) -> dict[str, Any]:
    """Tell `python manage.py doctor`, and nobody else, from which address it seems to come.

    And whether it looks at the same database: it has left a mark in its own, good for one look.
    """
    secret = ctx.settings.secret_key
    if not service.is_ours(secret, proof, ctx.now):
        raise NotFound
    ctx.stay_out_of_the_transaction()
    return {
        "address": ctx.origin.ip,
        "answer": service.answer_to(secret, proof),
        "same_database": service.find_mark(ctx.runtime, proof),
    }


@plain(api, "/metrics", service.CONTENT_TYPE)
def read_metrics(ctx: Context, caller: Caller) -> str:
    """Tell what was counted, to whoever has METRICS_TOKEN or is in METRICS_ALLOW."""
    service.admit_to_metrics(ctx, caller)
    return service.metrics_text(ctx)


def _health(ctx: Context) -> dict[str, Any]:
    checks = {
        "database": queries.database_state(ctx.runtime),
        "redis": queries.redis_state(ctx.runtime),
    }
    _refuse_unless_ok(checks)
    status = "degraded" if checks["redis"] == queries.DOWN else "healthy"
    return {"status": status, "service": "gatehouse", "checks": checks}


def _refuse_unless_ok(checks: dict[str, str]) -> None:
    if checks["database"] != queries.OK:
        kind = NoSchema if checks["database"] == queries.SCHEMA else Unhealthy
        raise kind(**checks)
