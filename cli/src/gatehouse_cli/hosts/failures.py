"""How what a machine does for itself can fail, beside what can fail everywhere."""

from gatehouse_cli.failures import Failure, Refused


class NotGood(Failure):
    """What came is not what it should be: what was there stays."""

    code = 2


class NotEnrolled(Failure):
    """This machine is nobody to any server."""


class KeyRefused(Refused):
    """The server certifies no such key. ``index`` says which of those that were sent."""

    def __init__(self, refused: Refused, index: int, *, is_revoked: bool) -> None:
        super().__init__(str(refused), refused.type)
        self.index, self.is_revoked = index, is_revoked
