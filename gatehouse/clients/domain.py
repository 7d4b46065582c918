"""The clients domain's declaration."""

from gatehouse.clients.permissions import GRANTS
from gatehouse.core.domain import Domain

domain = Domain(grants=GRANTS)
