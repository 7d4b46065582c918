"""Makers of authenticators: whom the operator believes, and what they must say (WebAuthn 8.2).

Threat 134.
"""

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from flask import Flask
from sqlalchemy import select

from gatehouse.app import create_app
from gatehouse.core.settings import read_settings
from gatehouse.mfa.models import Passkey
from gatehouse.sessions.models import Session
from tests.conftest import SETTINGS, client_of
from tests.mfa.makers import BELOW, DAY, MODEL, OTHER_ROOT, ROOT, Certified, leaf
from tests.mfa.owners import KeyOwner


@pytest.fixture(scope="module")
def believing(backend, tmp_path_factory) -> Iterator[Flask]:
    """An app that believes two makers, of which one is ``ROOT``."""
    roots = tmp_path_factory.mktemp("roots") / "makers.pem"
    makers = (Certified(ca=True), ROOT)
    roots.write_bytes(b"".join(_pem(maker) for maker in makers))
    told = {"WEBAUTHN_ATTESTATION_ROOTS": str(roots), "RATELIMIT_ENABLED": "false"}
    app = create_app(read_settings({**SETTINGS, **backend, **told}))
    yield app
    app.extensions["gatehouse"].engine.dispose()


def _pem(maker: Certified) -> bytes:
    return b"# A maker\n" + maker.certificate.public_bytes(Encoding.PEM)


@pytest.fixture
def buyer(believing: Flask, make, runtime) -> KeyOwner:
    return KeyOwner(client_of(believing), make, runtime)


def vouched(holder: KeyOwner, maker: Certified, **lies: Any) -> UUID:
    """Register a passkey for which ``maker`` vouches."""
    said = {"fmt": "packed", "aaguid": MODEL.bytes, "statement": maker.vouch, **lies}
    holder.key = holder.key.lying(**said)
    return UUID(holder.register()["credential"]["id"])


def row_of(holder: KeyOwner, passkey_id: UUID) -> Any:
    with holder.runtime.reading() as db:
        return db.get(Passkey, passkey_id)


def models_of_sessions(holder: KeyOwner) -> list[UUID | None]:
    with holder.runtime.reading() as db:
        rows = select(Session.model).where(Session.user_id == holder.user.id).order_by(Session.id)
        return list(db.scalars(rows))


RIGHT = {
    "by the root": leaf(),
    "by one below the root": leaf(BELOW),
    "with the root as well": leaf(),
}
RIGHT["with the root as well"].chain.append(ROOT.chain[0])


@pytest.mark.parametrize("name", RIGHT)
def test_a_maker_who_is_believed_proves_the_model(buyer: KeyOwner, name: str):
    made = row_of(buyer, vouched(buyer, RIGHT[name]))

    assert (made.is_attested, made.model) == (True, MODEL)
    assert models_of_sessions(buyer) == [MODEL]
    assert buyer.sign_in().status_code == 200
    assert models_of_sessions(buyer) == [MODEL, MODEL]


FORGER = leaf()  # A key of the maker's that somebody has got out of an authenticator.
OF_ONESELF = Certified(ca=False, model=MODEL)
LESS = {
    "by somebody else": leaf(OTHER_ROOT),
    "by itself": OF_ONESELF,
    "by an authenticator": leaf(FORGER),
    "by one below that has no right to": leaf(Certified(ROOT, ca=False)),
    "without the model": leaf(model=None),
    "of another model": leaf(model=uuid4()),
    "of a model that is not octets": leaf(octets=b""),
    "of a model that must be understood": leaf(critical=True),
    "of an authority": leaf(ca=True),
    "not said whether of an authority": leaf(ca=None),
    "of another unit": leaf(unit="Authenticators"),
    "expired": leaf(life=-DAY),
    "not valid yet": leaf(life=20 * DAY),
    "below one that expired": leaf(Certified(ROOT, ca=True, life=-DAY)),
}


def test_what_nobody_who_is_believed_says_is_not_proven(buyer: KeyOwner):
    """Threat 134: it is registered, and of no model."""
    found = {name: row_of(buyer, vouched(buyer, maker)) for name, maker in LESS.items()}
    assert not [name for name, row in found.items() if row.is_attested]
    assert buyer.sign_in().status_code == 200
    assert set(models_of_sessions(buyer)) == {None}


def test_another_model_than_the_one_that_is_vouched_for_is_not_proven(buyer: KeyOwner):
    assert not row_of(buyer, vouched(buyer, leaf(), aaguid=uuid4().bytes)).is_attested
    assert not row_of(buyer, vouched(buyer, leaf(), aaguid=bytes(16))).is_attested


def test_who_vouches_signs_what_is_registered(buyer: KeyOwner):
    """A certificate is public, the key to it is not."""
    maker, thief = leaf(), leaf(OTHER_ROOT)
    thief.chain = maker.chain
    buyer.key = buyer.key.lying(fmt="packed", aaguid=MODEL.bytes, statement=thief.vouch)

    reply = buyer.send(buyer.key.make(buyer.options()))

    assert (reply.status_code, reply.json["error"]["details"]) == (400, {"reason": "not_verified"})


def test_where_nobody_is_believed_nothing_is_proven(somebody: KeyOwner):
    assert not row_of(somebody, vouched(somebody, leaf())).is_attested


def test_roots_that_are_gone_make_nobody_believed(backend, make_app, make, runtime, tmp_path):
    """The library believes everybody where it is given none."""
    roots = tmp_path / "makers.pem"
    roots.write_bytes(_pem(ROOT))
    app = make_app(WEBAUTHN_ATTESTATION_ROOTS=str(roots))
    roots.write_bytes(b"")

    buyer = KeyOwner(client_of(app, "10.9.9.9"), make, runtime)

    assert not row_of(buyer, vouched(buyer, leaf())).is_attested
