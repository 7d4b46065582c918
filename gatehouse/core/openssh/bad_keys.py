"""Why a text is no public key that we take, and what people send in its place. Pure."""

import re
from enum import StrEnum

CERTIFICATE = re.compile(r"[^ ]+-cert-v0[01]@openssh\.com")
TYPE = re.compile(r"(ssh-|ecdsa-sha2-|sk-ssh-|sk-ecdsa-)[^ ]+")

USE_PUB = "Right is the line of the file whose name ends in .pub."
CONVERT = f"`ssh-keygen -i -f FILE` makes such a line of it. {USE_PUB}"


class KeyFault(StrEnum):
    """Why a key is refused, as a word for programs."""

    TOO_LONG = "too_long"
    NOT_ONE_LINE = "not_one_line"
    UNSEEN = "unseen_character"
    INCOMPLETE = "incomplete"
    PRIVATE_KEY = "private_key"
    OTHER_FORMAT = "other_format"
    OPTIONS = "options"
    DSA = "dsa"
    CERTIFICATE = "certificate"
    UNKNOWN_TYPE = "unknown_type"
    NOT_BASE64 = "not_base64"
    TYPE_DIFFERS = "type_differs"
    MALFORMED = "malformed"
    NOT_ON_CURVE = "not_on_curve"
    APPLICATION = "application"
    WEAK = "weak"


class BadKey(ValueError):
    """This is no public key that we take. ``reason`` is for programs, the message for people."""

    def __init__(self, reason: KeyFault, message: str) -> None:
        super().__init__(message)
        self.reason = reason


# What a text holds that is something else. None of it is ever part of a public key's line.
OTHERS: tuple[tuple[re.Pattern[str], KeyFault, str], ...] = (
    (
        re.compile(
            r"PRIVATE KEY( BLOCK)?-----|SSH2 ENCRYPTED PRIVATE KEY ----|PuTTY-User-Key-File"
            r"|SSH PRIVATE KEY FILE FORMAT|AGE-SECRET-KEY-|^\s*b3BlbnNzaC1rZXktdjE",
        ),
        KeyFault.PRIVATE_KEY,
        "This is a private key, which nobody else may see. Since it was sent here, make another.",
    ),
    (
        re.compile(r"^\s*---- BEGIN SSH2 PUBLIC KEY ----"),
        KeyFault.OTHER_FORMAT,
        f"This is a public key in the format of RFC 4716. {CONVERT}",
    ),
    (
        re.compile(r"^\s*-----BEGIN (RSA )?PUBLIC KEY-----"),
        KeyFault.OTHER_FORMAT,
        f"This is a public key in the PEM format. {CONVERT.replace('-i', '-i -m PKCS8', 1)}",
    ),
    (
        re.compile(r"^\s*-----BEGIN "),
        KeyFault.OTHER_FORMAT,
        f"This is something else in the PEM format, not an SSH public key. {USE_PUB}",
    ),
    (
        re.compile(r"^\s*(SHA256:|MD5:|[0-9]+ (SHA256|MD5):|[0-9a-f]{2}(:[0-9a-f]{2}){15})"),
        KeyFault.OTHER_FORMAT,
        f"This is the fingerprint of a key, not the key. {USE_PUB}",
    ),
    (
        re.compile(r"^\s*AAAA[A-Za-z0-9+/]{12}"),
        KeyFault.INCOMPLETE,
        f"The line begins with the key's type, such as ssh-ed25519. {USE_PUB}",
    ),
)


def refuse_other_things(text: str) -> None:
    """Raises BadKey if a text is something that people take for a public key."""
    for pattern, reason, message in OTHERS:
        if pattern.search(text):
            raise BadKey(reason, message)


def of_another_type(word: str, rest: str = "") -> BadKey:
    """What to say of a type that is not taken; ``rest`` is what stands behind it in its line."""
    if word == "ssh-dss":
        return BadKey(KeyFault.DSA, "DSA keys are not safe any more. Right is an Ed25519 key.")
    if CERTIFICATE.fullmatch(word):
        message = f"This is a certificate, not a key. {USE_PUB} It does not end in -cert.pub."
        return BadKey(KeyFault.CERTIFICATE, message)
    if any(map(TYPE.fullmatch, rest.split())):
        message = "Something stands before the key's type. Leave out options and names of hosts."
        return BadKey(KeyFault.OPTIONS, message)
    message = "Keys of this type are not taken. Right are Ed25519, ECDSA, RSA, and security keys."
    return BadKey(KeyFault.UNKNOWN_TYPE, message)
