"""How hosts can fail."""

from gatehouse.core.errors import BadRequest, Conflict, Forbidden, NotFound, Unauthenticated
from gatehouse.core.sayings import _


class HostNotFound(NotFound):
    message = _("This organization has no such host.")


class HostNameTaken(Conflict):
    """409. ``details.names`` are those that another host has."""

    message = _("Another host of this organization has one of these names.")


class HostKeyTaken(Conflict):
    """409. ``details.fingerprints`` are of those keys."""

    message = _("Another host of this organization has one of these keys. Make new ones.")


class HostRevokedAlready(Conflict):
    type = "ALREADY_REVOKED"
    message = _("This host was revoked already.")


class InvalidEnrolToken(Unauthenticated):
    """401, whether there never was such a token, it was used, or it is too old."""

    type = "INVALID_ENROLL_TOKEN"
    message = _("This enrolment token is not good, or not any more. Ask an admin for another.")


class HostNotKnown(Unauthenticated):
    """401 of whoever is no host of ours, or does not prove it."""

    type = "UNAUTHORIZED"
    message = _("This does not prove that it is a host of an organization here.")


class HostRefused(Forbidden):
    """403 of a host that has proved who it is. ``details.reason`` is what stands in its way."""

    type = "HOST_REFUSED"
    message = _("This host gets no new certificate. An admin of its organization knows more.")


class HostKeyRefused(BadRequest):
    """400. ``details.reason`` is the word of what is wrong, ``details.index`` of which key."""

    type = "INVALID_PUBLIC_KEY"
    message = _("This is no public key that a host could have. Send lines of its .pub files.")


class HostKeyUnsupported(HostKeyRefused):
    type = "UNSUPPORTED_KEY_TYPE"
    message = _("Keys of this type are not certified for hosts.")


class HostKeyWeak(HostKeyRefused):
    type = "WEAK_KEY"
    message = _("This key is too weak for a host.")


class HostKeyRevoked(HostKeyRefused):
    message = _("The organization has revoked this key.")


class HostProofFailed(BadRequest):
    """400. ``details.reason`` is the word of what is wrong, ``details.index`` of which key."""

    type = "VERIFICATION_FAILED"
    message = _("This signature does not prove that the host has the key.")


class HostChallengeExpired(BadRequest):
    type = "CHALLENGE_EXPIRED"
    message = _("This was not asked for, or too long ago. Ask for another one.")


class HostChallengeUsed(BadRequest):
    type = "CHALLENGE_USED"
    message = _("This was answered already. Ask for another one.")
