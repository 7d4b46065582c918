"""The operators domain's declaration."""

from gatehouse.core.domain import Domain
from gatehouse.operators.cli import (
    create_operator,
    operators_commands,
    release_address,
    remove_operator,
    reset_factors,
    reset_password,
)
from gatehouse.operators.routes import api

domain = Domain(
    apis=(api,),
    commands=(
        create_operator,
        remove_operator,
        operators_commands,
        reset_password,
        reset_factors,
        release_address,
    ),
)
