"""HTTP for organizations and their members."""

from gatehouse.organizations.routes.invites import api as invites
from gatehouse.organizations.routes.invites import offers
from gatehouse.organizations.routes.members import api as members
from gatehouse.organizations.routes.organizations import api as organizations
from gatehouse.organizations.routes.organizations import own

__all__ = ["invites", "members", "offers", "organizations", "own"]
