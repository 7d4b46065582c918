"""How the certificate for emergencies can fail."""

from gatehouse.core.errors import NotFound
from gatehouse.core.sayings import _


class NothingSealed(NotFound):
    message = _("The organization has sealed no certificate for emergencies.")
