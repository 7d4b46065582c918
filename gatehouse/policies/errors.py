"""How work on policies can fail."""

from gatehouse.core.errors import Conflict, Forbidden


class PersonAbove(Forbidden):
    message = "You cannot change what is demanded of somebody above you."


class OnlyStricterForYourself(Forbidden):
    message = "Of yourself you can only demand more. Somebody else has to demand less."


class NothingMissing(Conflict):
    message = "This member has all that is demanded of them. There is nothing to remind them of."
