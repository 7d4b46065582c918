"""How what a machine does for itself can fail, beside what can fail everywhere."""

from gatehouse_cli.failures import Failure, Refused


class NotGood(Failure):
    """What came is not what it should be: what was there stays."""

    code = 2


class NotEnrolled(Failure):
    """This machine is nobody to any server."""


class KeyRefused(Refused):
    """The server certifies no such key. ``index`` says which of those that were sent."""

    def __init__(self, message: str, error_type: str, index: int) -> None:
        super().__init__(message, error_type)
        self.index = index
