"""How certificate authorities can fail."""

from http import HTTPStatus

from gatehouse.core.errors import BadRequest, Conflict, GatehouseError, NotFound
from gatehouse.core.sayings import _


class AuthorityNotFound(NotFound):
    message = _("This organization has no such certificate authority.")


class AuthorityKeyNotFound(NotFound):
    message = _("This certificate authority has no such key.")


class AuthorityNotConfigured(NotFound):
    """404 of what reads it; signing answers 503."""

    type = "CA_NOT_CONFIGURED"
    message = _("This organization has no certificate authority of this kind.")


class AuthorityNameTaken(Conflict):
    message = _("The organization has a certificate authority of that name.")


class AuthorityKindTaken(Conflict):
    message = _("The organization has an authority of that kind already. Rotate its key instead.")


class AuthorityInUse(Conflict):
    type = "CA_IN_USE"
    message = _("Certificates that it has signed are valid. Send force, and a reason, to end them.")


class RotationInProgress(Conflict):
    type = "ROTATION_IN_PROGRESS"
    message = _("The next key is there already. Activate it, or wait until it takes over.")


class AuthorityKeyState(Conflict):
    """409. ``details.state`` is what the key is."""

    type = "CA_KEY_STATE"
    message = _("A key in this state cannot become that.")


class PermissionThere(Conflict):
    message = _("They have this permission already.")


class PermissionNotFound(NotFound):
    message = _("They have no permission on this certificate authority.")


class SignerUnavailable(GatehouseError):
    status, type = HTTPStatus.SERVICE_UNAVAILABLE, "SIGNER_UNAVAILABLE"
    message = _("The key of the certificate authority cannot be used right now.")


class OrganizationRequired(BadRequest):
    """400. ``details.organizations`` are those of the caller: id, name, slug."""

    type = "ORGANIZATION_REQUIRED"
    message = _("Say which organization you mean: you are in none, or in several.")
