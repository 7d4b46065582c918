"""The mail domain's declaration."""

from gatehouse.core.domain import Domain
from gatehouse.mail.adapters import mailer_for
from gatehouse.mail.cli import commands
from gatehouse.mail.ports import Mailer

domain = Domain(commands=(commands,), ports={Mailer: mailer_for})
