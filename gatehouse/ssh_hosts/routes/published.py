"""HTTP for whoever sets a machine up by hand, who is nobody to us."""

from gatehouse.core.access import public
from gatehouse.core.context import Context
from gatehouse.core.errors import NotFound
from gatehouse.core.http import Api, publishes, raises
from gatehouse.core.published import Published
from gatehouse.core.rate_limit import limited
from gatehouse.ssh_ca.errors import AuthorityNotConfigured
from gatehouse.ssh_certificates.queries import get_published
from gatehouse.ssh_hosts import queries

MAX_AGE = 60  # seconds
TEXT, SCRIPT = "text/plain; charset=utf-8", "text/x-shellscript; charset=utf-8"
LIMIT = "60/minute"

api = Api(
    "ssh_set_up",
    at="/ssh/orgs/<string:org>",
    about="What sets a machine up that believes an organization, by its slug or its id.",
)


@api.get("/sshd_config")
@public
@limited(LIMIT, per="address")
@publishes(TEXT)
@raises(NotFound, AuthorityNotConfigured)
def publish_sshd_config(ctx: Context, *, org: str) -> Published:
    """The lines for ``/etc/ssh/sshd_config.d``, for files that are in place."""
    return Published(queries.snippet_told(ctx, get_published(ctx, org)).encode(), TEXT, MAX_AGE)


@api.get("/install.sh")
@public
@limited(LIMIT, per="address")
@publishes(SCRIPT)
@raises(NotFound, AuthorityNotConfigured)
def publish_install_script(ctx: Context, *, org: str) -> Published:
    """A script that writes those files, then these lines, and asks sshd before they count."""
    return Published(queries.script_told(ctx, get_published(ctx, org)).encode(), SCRIPT, MAX_AGE)
