"""How work on principals can fail."""

from gatehouse.core.errors import Conflict, Forbidden, NotFound


class PrincipalNotFound(NotFound):
    message = "This organization has no such principal."


class PrincipalNameTaken(Conflict):
    message = "Another principal of this organization has that name."


class RootIsForOwners(Forbidden):
    message = (
        "Only an owner makes, renames or deletes a principal called root or break-glass, or lets"
        " anybody use it."
    )


class HoldsPrincipalAlready(Conflict):
    message = "This member holds the principal already."


class DoesNotHoldPrincipal(NotFound):
    message = "Nobody of this id holds the principal directly."


class OpenToDepartmentAlready(Conflict):
    message = "The principal is open to this department already."


class NotOpenToDepartment(NotFound):
    message = "The principal is not open to this department."
