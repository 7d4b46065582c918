"""Why somebody gets no certificate, and how revoking one can fail."""

from http import HTTPStatus

from gatehouse.core.errors import (
    BadRequest,
    Conflict,
    Forbidden,
    GatehouseError,
    Invalid,
    NotFound,
)
from gatehouse.core.sayings import _


class CertificateNotFound(NotFound):
    message = _("There is no such certificate.")


class CertificateOver(Conflict):
    type = "CERTIFICATE_EXPIRED"
    message = _("This certificate has expired: there is nothing left to revoke.")


class AlreadyRevoked(Conflict):
    type = "ALREADY_REVOKED"
    message = _("This certificate was revoked already.")


class RevokedSince(AlreadyRevoked):
    """409 of a request that is sent again with its Idempotency-Key."""

    message = _("What this Idempotency-Key asked for was revoked. Send another for a new one.")


class KeyAlreadyRevoked(AlreadyRevoked):
    message = _("This key was revoked already, and no certificate of it is left.")


class KeyOfAnAuthority(Invalid):
    """400. What ends such a key is for owners, and makes another one that signs."""

    def __init__(self) -> None:
        says = _("This is the key of a certificate authority. Owners end it, with compromise.")
        super().__init__(key_fingerprint=[says])


class RevokedKeyNotFound(NotFound):
    message = _("The organization has revoked no such key.")


class NoAuthority(GatehouseError):
    """503: nothing is wrong with the request. Whoever only reads gets 404."""

    status, type = HTTPStatus.SERVICE_UNAVAILABLE, "CA_NOT_CONFIGURED"
    message = _("This organization has no certificate authority that could sign this.")


class AuthorityClosed(Forbidden):
    type = "CA_PERMISSION_DENIED"
    message = _("This certificate authority signs for others only. An admin can name you there.")


class AuthorityKeyCertified(BadRequest):
    type = "INVALID_PUBLIC_KEY"
    message = _("This is the key of a certificate authority. It is not certified itself.")


class NoVerifiedKeys(BadRequest):
    type = "NO_VERIFIED_KEYS"
    message = _("You have no SSH key that is proved. Add one, and sign its challenge.")


class KeyNotVerified(Conflict):
    """409. ``details.why`` says what is missing."""

    type = "KEY_NOT_VERIFIED"
    message = _("This SSH key does not count: prove it, or take another one.")


class UnsupportedType(BadRequest):
    """400. ``details.allowed`` are the types that are: for people, those of their departments."""

    type = "UNSUPPORTED_KEY_TYPE"
    message = _("Keys of this type are not certified here.")


class KeyTooShort(BadRequest):
    """400. ``details.min_bits`` is what the organization takes."""

    type = "WEAK_KEY"
    message = _("This RSA key is too short for the organization. Take a longer one, or Ed25519.")


class FidoKeyRequired(Forbidden):
    type = "FIDO_KEY_REQUIRED"
    message = _("Only keys in hardware are certified here: ssh-keygen -t ed25519-sk makes one.")


class InvalidPrincipal(BadRequest):
    type = "INVALID_PRINCIPAL"
    message = _("This cannot be the name of a principal, or there are too many.")


class UnauthorizedPrincipals(Forbidden):
    """403. ``details.denied`` are the ones that you may not use."""

    type = "UNAUTHORIZED_PRINCIPALS"
    message = _("You may not use these principals. Leave them out to get all that you may.")


class NoPrincipals(Forbidden):
    type = "NO_PRINCIPALS"
    message = _("There is no principal that you may use in this organization. Ask an admin.")


class NameOfAHost(Conflict):
    """409. ``details.names`` are those that hosts of the organization have."""

    message = _("A host has one of these names: enrol it, or ask for other names.")


class PolicyConflict(Forbidden):
    """403. ``details`` name the departments, and what they contradict each other about."""

    type = "POLICY_CONFLICT"
    message = _("Departments demand what cannot both be had. Ask for the principals of one.")


class TtlTooLong(BadRequest):
    """400. ``details.max_seconds`` is the longest; ``clamp`` in the request takes just that."""

    type = "TTL_TOO_LONG"
    message = _("A certificate cannot last that long.")


class InvalidSourceAddress(BadRequest):
    type = "INVALID_SOURCE_ADDRESS"
    message = _("This is no address or network. Right are 192.0.2.7, 192.0.2.0/24, 2001:db8::/32.")


class SourceAddressNotAllowed(Forbidden):
    """403. ``details.allowed`` are the networks that would do."""

    type = "SOURCE_ADDRESS_NOT_ALLOWED"
    message = _("Certificates for this network are not signed.")


class ExtensionNotAllowed(Forbidden):
    """403. ``details.allowed`` are those that may be asked for."""

    type = "EXTENSION_NOT_ALLOWED"
    message = _("Your departments do not allow this extension.")
