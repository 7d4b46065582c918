"""How asking for the record can fail."""

from gatehouse.core.errors import Invalid


class NotAHead(Invalid):
    """``line`` is the line of the list of heads that cannot be read."""

    message = "This is not a list of heads, such as AUDIT_HEAD_FILE."
