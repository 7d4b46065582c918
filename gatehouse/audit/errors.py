"""How asking for the record can fail."""

from gatehouse.core.errors import Invalid, Unavailable


class NotAHead(Invalid):
    """``line`` is the line of the list of heads that cannot be read."""

    message = "This is not a list of heads, such as AUDIT_HEAD_FILE."


class ClocksApart(Unavailable):
    """``seconds`` is how far our clock is ahead of the database's; behind it if negative."""

    message = "Our clock and the database's are apart: let both machines keep time by NTP."
