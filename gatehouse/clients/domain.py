"""The clients domain's declaration."""

from gatehouse.clients.adapters import FetchedKeys
from gatehouse.clients.permissions import GRANTS
from gatehouse.clients.ports import PublishedKeys
from gatehouse.core.domain import Domain

domain = Domain(grants=GRANTS, ports={PublishedKeys: FetchedKeys.of})
