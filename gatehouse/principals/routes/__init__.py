"""HTTP for principals: an organization's, and one's own."""

from gatehouse.principals.routes.holders import api as holders
from gatehouse.principals.routes.own import api as own
from gatehouse.principals.routes.principals import api as principals

__all__ = ["holders", "own", "principals"]
