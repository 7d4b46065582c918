"""How SSH keys can fail."""

from gatehouse.core.errors import BadRequest, Conflict, NotFound
from gatehouse.core.sayings import _


class SshKeyNotFound(NotFound):
    message = _("You have no such SSH key.")


class TooManySshKeys(Conflict):
    message = _("You have as many SSH keys as an account can have. Delete one first.")


class InvalidPublicKey(BadRequest):
    """400. ``details.reason`` is the word of what is wrong."""

    type = "INVALID_PUBLIC_KEY"
    message = _("This is no public SSH key. Send the one line of a file such as id_ed25519.pub.")


class UnsupportedKeyType(InvalidPublicKey):
    type = "UNSUPPORTED_KEY_TYPE"
    message = _("Keys of this type are not taken. ssh-keygen -t ed25519 makes one that is.")


class WeakKey(InvalidPublicKey):
    type = "WEAK_KEY"
    message = _("This key is too weak. ssh-keygen -t ed25519 makes one that is not.")


class VerificationFailed(BadRequest):
    """400. ``details.reason`` is the word of what is wrong."""

    type = "VERIFICATION_FAILED"
    message = _("This signature does not prove the key.")


class WrongNamespace(BadRequest):
    type = "WRONG_NAMESPACE"
    message = _("This was signed for something else: ssh-keygen -Y sign -n must name ours.")


class UserPresenceRequired(BadRequest):
    type = "USER_PRESENCE_REQUIRED"
    message = _("This key was not touched when it signed. Sign once more, and touch it.")


class ChallengeExpired(BadRequest):
    type = "CHALLENGE_EXPIRED"
    message = _("There is no challenge, or it has expired. Ask for another one.")


class ChallengeUsed(BadRequest):
    type = "CHALLENGE_USED"
    message = _("This challenge was answered already. Ask for another one.")
