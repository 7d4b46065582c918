"""What another library says of the same answers (threats 133, 134).

``fido2`` makes them, and ``webauthn`` verifies them for us; here the first has a say as well. It
does not look at frames.
"""

from typing import Any

import pytest
from fido2.server import Fido2Server
from fido2.webauthn import AttestedCredentialData, PublicKeyCredentialRpEntity

from tests.authenticators import HERE, ORIGIN, RS, Authenticator, Key, forged, public_of
from tests.mfa.doors import DOORS, told
from tests.mfa.lies import LIES, OF_MAKING, OF_USING, Lie, of
from tests.mfa.owners import KeyOwner

HONEST = of("", flags=Authenticator().flags)
SERVER = Fido2Server(
    PublicKeyCredentialRpEntity(id="localhost", name="Gatehouse"),
    verify_origin=lambda origin: origin == ORIGIN,
)


def registers(options: Any, answer: Any) -> bool:
    try:
        SERVER.register_complete(_state(options), answer)
    except ValueError:
        return False
    return True


def signs_in(options: Any, answer: Any, key: Key, *, verified: bool) -> bool:
    known = AttestedCredentialData.create(bytes(16), key.id, public_of(key))
    try:
        SERVER.authenticate_complete(_state(options, verified=verified), [known], answer)
    except ValueError:
        return False
    return True


def _state(options: Any, *, verified: bool = False) -> dict[str, Any]:
    wanted = "required" if verified else "preferred"
    return {"challenge": options["challenge"], "user_verification": wanted}


def test_both_say_the_same_of_registrations(somebody: KeyOwner):
    table: dict[str, Lie] = {**LIES, "type": OF_USING, "touched": of("", flags=HERE)}
    table |= {"honest": HONEST, "RSA": of("", algorithm=RS)}
    ours, theirs = {}, {}
    for name, lie in table.items():
        options = somebody.options()
        answer = told(somebody, lie, options).make(options)
        ours[name] = somebody.send(answer).status_code == 201
        theirs[name] = registers(options, answer)

    assert ours == theirs
    assert [name for name, is_taken in ours.items() if is_taken] == ["touched", "honest", "RSA"]


@pytest.mark.parametrize("door", DOORS)
def test_both_say_the_same_of_uses(somebody: KeyOwner, other: KeyOwner, door: str):
    (key,), (foreign,) = somebody.key.keys, other.key.keys
    verified = door in {"alone", "address"}
    table: dict[str, Lie] = {**LIES, "type": OF_MAKING, "touched": of("", flags=HERE)}
    ours, theirs = {}, {}

    def ask(name: str, answer: Any, options: Any, send: Any) -> None:
        ours[name] = send(answer).status_code == 200
        theirs[name] = signs_in(options, answer, key, verified=verified)

    for name, lie in (table | {"honest": HONEST}).items():
        options, send = DOORS[door](somebody)
        ask(name, told(somebody, lie, options).use(options), options, send)
    options, send = DOORS[door](somebody)
    ask("forged", forged(somebody.key.use(options)), options, send)
    options, send = DOORS[door](somebody)
    stolen = Key("localhost", key.handle, foreign.private, id=key.id, counter=key.counter)
    ask("another's key", somebody.key.use(options, key=stolen), options, send)

    assert ours == theirs
    right = ["honest"] if verified else ["touched", "honest"]
    assert [name for name, is_taken in ours.items() if is_taken] == right
