"""How second factors can fail."""

from gatehouse.core.errors import BadRequest, Conflict, NotFound, Unauthenticated
from gatehouse.core.sayings import _

WHY = {
    "malformed": _("What the browser sent is not what an authenticator answers."),
    "wrong_type": _("This answers another question: a passkey is made, or it is used."),
    "wrong_challenge": _("This took too long, or was sent twice. Begin once more."),
    "wrong_origin": _("This was made on the page of another site."),
    "in_a_frame": _("This was made inside the page of another site."),
    "wrong_rp_id": _("This passkey is for another site."),
    "user_not_present": _("The authenticator did not make sure that somebody is there."),
    "user_not_verified": _(
        "The authenticator did not ask who you are, by a PIN or a finger. Sign in with your"
        " password first: then a touch is enough."
    ),
    "not_verified": _(
        "Its attestation does not verify, or its key is of a kind that we do not take: ES256 and"
        " RS256 are."
    ),
    "counter_went_back": _(
        "This passkey has counted backwards: there may be a copy of it. Use another way to sign"
        " in, and delete it."
    ),
    "model_not_proven": _(
        "An organization of yours takes this model only if its maker vouches for it, and this one"
        " came without that."
    ),
}


class WrongCode(Unauthenticated):
    """One answer for a wrong code, one that was used, and one of somebody else."""

    type = "AUTHENTICATION_ERROR"
    message = _("This code is not right, or was used already. Take the next one.")


class TotpEnrolledAlready(Conflict):
    message = _("An authenticator app is set up already. Remove it first, to set up another one.")


class TotpNotEnrolled(NotFound):
    message = _("No authenticator app is set up.")


class EnrolmentNotBegun(NotFound):
    message = _("No authenticator app is being set up. Begin with that.")


class NoFactor(NotFound):
    message = _("You have no second factor. Recovery codes come with the first one.")


class EnrolmentOver(Conflict):
    message = _("This was set up anew meanwhile, or is set up already. Begin once more.")


class PasskeysNotPossible(Conflict):
    message = _("Passkeys need a name: this service is reached by the address of a machine.")


class TooManyPasskeys(Conflict):
    message = _("You have as many passkeys as an account can have. Delete one first.")


class PasskeyNotFound(NotFound):
    message = _("You have no such passkey.")


class PasskeyKnownAlready(Conflict):
    message = _("This passkey is registered already.")


class PasskeyUnfit(BadRequest):
    """A new passkey that is not taken. ``details.reason`` is the word of what is wrong."""

    message = _("This passkey was not registered.")

    def __init__(self, reason: str) -> None:
        super().__init__(WHY.get(reason, self.message), reason=reason)


class PasskeyRefused(Unauthenticated):
    """One answer for a passkey that there is not, one of somebody else, and a wrong signature."""

    type = "AUTHENTICATION_ERROR"
    message = _("This passkey was not accepted. Try another way to sign in.")

    def __init__(self, reason: str) -> None:
        super().__init__(WHY.get(reason, self.message), reason=reason)


class FactorNeeded(Conflict):
    """409. ``details.organizations`` are the names of those that demand it."""

    message = _("An organization that you are in demands this factor. It cannot be removed.")
