"""What a request offers as a proof of who the client is, from one place alone (RFC 6749 2.3)."""

from base64 import b64decode
from dataclasses import dataclass, field
from urllib.parse import unquote_plus

from gatehouse.clients.errors import InvalidClient
from gatehouse.clients.rules.assertions import TYPE
from gatehouse.clients.service.assertions import client_id_of
from gatehouse.core.protocol import Call, InvalidRequest

BASIC, POST, NONE = "client_secret_basic", "client_secret_post", "none"
ASSERTION = "assertion"
LONGEST = 2048


@dataclass(frozen=True, slots=True)
class Credentials:
    """``proof`` is a secret or an assertion, whatever ``kind`` says."""

    kind: str
    client_id: str
    proof: str = field(default="", repr=False)


def read_credentials(call: Call) -> Credentials:
    """What the request offers. Raises InvalidRequest if in two ways, or InvalidClient."""
    header, sent = call.header("Authorization"), call.sent
    if sum((header is not None, "client_secret" in sent, "client_assertion" in sent)) > 1:
        raise InvalidRequest(
            "Prove who you are in one way, not in two: by the header, by client_secret, or by"
            " client_assertion."
        )
    if header is not None:
        found = _basic(header)
    elif "client_assertion" in sent or "client_assertion_type" in sent:
        found = _assertion(call)
    else:
        kind = POST if "client_secret" in sent else NONE
        found = Credentials(kind, sent.get("client_id", ""), sent.get("client_secret", ""))
    if "client_id" in sent and sent["client_id"] != found.client_id:
        raise InvalidRequest("The client_id is not that of the proof.")
    if not found.client_id:
        raise InvalidClient("no_client_id")
    return found


def _assertion(call: Call) -> Credentials:
    """RFC 7521 4.2: the client_id may be left out, it stands in the assertion."""
    text = call.sent.get("client_assertion", "")
    if not text or call.sent.get("client_assertion_type") != TYPE:
        raise InvalidClient("wrong_assertion_type")
    return Credentials(ASSERTION, call.sent.get("client_id") or client_id_of(text), text)


def _basic(header: str) -> Credentials:
    """RFC 6749 2.3.1: both parts are encoded as in a form, then as RFC 7617 has it."""
    scheme, _, text = header.partition(" ")
    if scheme.lower() != "basic" or len(text) > LONGEST:
        raise InvalidClient("wrong_scheme")
    try:
        name, sign, secret = b64decode(text, validate=True).decode().partition(":")
        if not sign:
            raise InvalidClient("no_secret")
        return Credentials(
            BASIC, unquote_plus(name, errors="strict"), unquote_plus(secret, errors="strict")
        )
    except (ValueError, UnicodeDecodeError):
        raise InvalidClient("unreadable_header") from None
