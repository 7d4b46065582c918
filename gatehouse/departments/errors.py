"""How work on departments can fail."""

from gatehouse.core.errors import Conflict, NotFound


class DepartmentNotFound(NotFound):
    message = "This organization has no such department."


class DepartmentNameTaken(Conflict):
    message = "Another department of this organization has that name."


class InDepartmentAlready(Conflict):
    message = "This member is in the department already."


class NotInDepartment(NotFound):
    message = "Nobody of this id is in the department."
