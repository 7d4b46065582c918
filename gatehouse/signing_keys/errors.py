"""How the signing_keys domain can fail."""

from gatehouse.core.errors import Conflict


class RotationUnderWay(Conflict):
    message = "The successors of all signing keys are published already, and take over soon."
