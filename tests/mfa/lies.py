"""What a browser and an authenticator may lie about, and by which word each lie is refused."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fido2.webauthn import AuthenticatorData

from gatehouse.core.base64url import decode, encode
from tests.authenticators import ORIGIN, Options

FLAG = AuthenticatorData.FLAG
LATER, ABSENT = FLAG.UV, FLAG(0)


@dataclass(frozen=True)
class Lie:
    """``tell`` makes the fields of an ``Authenticator`` of the options that it got.

    ``keeps``: what we asked is not what it answers, so that somebody may still answer that.
    """

    tell: Callable[[Options], dict[str, Any]]
    reason: str
    keeps: bool = False


def of(reason: str, **fields: Any) -> Lie:
    return Lie(lambda _options: fields, reason)


def answering(challenge: Callable[[str], str]) -> Lie:
    """Another challenge than the one that was asked."""
    return Lie(
        lambda options: {"client": {"challenge": challenge(options["challenge"])}},
        "wrong_challenge",
        keeps=True,
    )


def flipped(at: int) -> Callable[[str], str]:
    def flip(challenge: str) -> str:
        raw = bytearray(decode(challenge))
        raw[at] ^= 1
        return encode(bytes(raw))

    return flip


ORIGINS = {
    "another site": "https://evil.example",
    "a domain below": "http://id.localhost:5000",
    "a domain that begins the same": "http://localhost.evil.example:5000",
    "a domain that ends the same": "http://evillocalhost:5000",
    "an opaque origin": "null",
    "nothing": "",
    "another port": "http://localhost:5001",
    "no port": "http://localhost",
    "another scheme": "https://localhost:5000",
    "a scheme of apps": "android:apk-key-hash:AAAA",
    "another case": "HTTP://LOCALHOST:5000",
    "a path": f"{ORIGIN}/",
    "a blank": f"{ORIGIN} ",
    "two": f"{ORIGIN},{ORIGIN}",
}
SITES = {
    "another": "evil.example",
    "one below": "id.localhost",
    "one beside": "otherhost",
    "one in another case": "LOCALHOST",
    "an origin": ORIGIN,
}
PARTS = {"random": 0, "time": 19, "subject": 20, "seal": 36, "end": 51}

LIES = {
    **{f"origin: {name}": of("wrong_origin", origin=said) for name, said in ORIGINS.items()},
    **{f"site: {name}": of("wrong_rp_id", rp_id=said) for name, said in SITES.items()},
    **{f"challenge: {name}, a bit": answering(flipped(at)) for name, at in PARTS.items()},
    "challenge: none": answering(lambda _asked: ""),
    "challenge: cut": answering(lambda asked: encode(decode(asked)[:-1])),
    "challenge: longer": answering(lambda asked: encode(decode(asked) + b"\0")),
    "challenge: another": answering(lambda _asked: encode(bytes(52))),
    "type: of payments": of("wrong_type", client={"type": "payment.get"}),
    "type: of old keys": of("wrong_type", client={"type": "navigator.id.getAssertion"}),
    "nobody is there": of("user_not_present", flags=ABSENT),
    "somebody was there before": of("user_not_present", flags=LATER),
}
# What only we refuse: the library that gives a second opinion does not look.
FRAMES = {
    "frame: of another site": of("in_a_frame", client={"cross_origin": True}),
    "frame: not said as a yes or no": of("in_a_frame", client={"cross_origin": "false"}),
    "frame: nothing": of("in_a_frame", client={"cross_origin": None}),
    "frame: of a named site": of("in_a_frame", client={"topOrigin": "https://evil.example"}),
    "frame: of our own": of("in_a_frame", client={"topOrigin": ORIGIN}),
}
OF_MAKING = of("wrong_type", client={"type": "webauthn.create"})
OF_USING = of("wrong_type", client={"type": "webauthn.get"})
