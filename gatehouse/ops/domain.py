"""The ops domain's declaration."""

from gatehouse.core.domain import Domain
from gatehouse.ops import cli, jobs
from gatehouse.ops.routes import alias, api, lane

domain = Domain(
    apis=(api, alias),
    lane=lane,
    commands=(
        cli.init_db,
        cli.prepare,
        cli.seed_demo,
        cli.openapi,
        cli.doctor,
    ),
    jobs=(jobs.purge_expired, jobs.purge_idempotency_keys),
)
