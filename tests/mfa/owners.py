"""Somebody with factors, over the API."""

from os import urandom
from typing import Any
from uuid import UUID

from flask.testing import FlaskClient
from pyotp import TOTP, random_base32
from sqlalchemy import update

from gatehouse.core.context import Origin, unit_of_work
from gatehouse.core.runtime import Runtime
from gatehouse.mfa.models import Passkey, Totp
from gatehouse.mfa.service.proving import purpose_of
from tests.authenticators import Authenticator
from tests.factories import PASSWORD, Factory

ENROL, VERIFY = "/api/v1/auth/totp/enroll", "/api/v1/auth/totp/verify-enrollment"
LOGIN, FACTOR = "/api/v1/auth/login", "/api/v1/auth/totp/verify"
STATUS = "/api/v1/auth/totp/status"
REGISTER, MAKE = "/api/v1/auth/webauthn/register/begin", "/api/v1/auth/webauthn/register/complete"
BEGIN, USE = "/api/v1/auth/webauthn/login/begin", "/api/v1/auth/webauthn/login/complete"
PASSKEYS = "/api/v1/auth/webauthn/credentials"
REAUTHENTICATE = "/api/v1/auth/reauthenticate"


class Owner:
    def __init__(self, client: FlaskClient, make: Factory, runtime: Runtime) -> None:
        self.http, self.make, self.runtime = client, make, runtime
        self.user = make.user()
        self.headers = make.bearer(self.user)

    def enrol(self) -> Any:
        """Set up an app, whose code is good at once again."""
        begun = self.http.post(ENROL, headers=self.headers).json["data"]
        self.app = TOTP(begun["secret"])
        done = self.http.post(VERIFY, json={"code": self.app.now()}, headers=self.headers)
        assert done.status_code == 200, done.text
        self.forget_steps()
        return begun

    def forget_steps(self) -> None:
        forget_steps(self.runtime, self.user.id)

    def begin(self) -> Any:
        reply = self.http.post(LOGIN, json={"email": self.user.email, "password": PASSWORD})
        assert reply.status_code == 200, reply.text
        return reply.json["data"]

    def answer(self, token: object, code: str, **more: object) -> Any:
        return self.http.post(FACTOR, json={"mfa_token": token, "code": code, **more})


class KeyOwner(Owner):
    """Somebody with an authenticator for passkeys."""

    def __init__(self, client: FlaskClient, make: Factory, runtime: Runtime) -> None:
        super().__init__(client, make, runtime)
        self.key = Authenticator()

    def options(self, **wanted: object) -> Any:
        """To make a passkey."""
        reply = self.http.post(REGISTER, headers=self.headers, json=wanted or None)
        assert reply.status_code == 200, reply.text
        return reply.json

    def send(self, made: object) -> Any:
        return self.http.post(MAKE, json=made, headers=self.headers)

    def register(self, **more: object) -> Any:
        reply = self.send(self.key.make(self.options(), **more))
        assert reply.status_code == 201, reply.text
        return reply.json["data"]

    def asked(self, **said: object) -> Any:
        """To use one."""
        reply = self.http.post(BEGIN, json=said)
        assert reply.status_code == 200, reply.text
        return reply.json

    def use(self, answer: object, **more: object) -> Any:
        return self.http.post(USE, json={**answer, **more})

    def sign_in(self, **more: object) -> Any:
        return self.use(self.key.use(self.asked()), **more)


def give_app(runtime: Runtime, user_id: UUID) -> TOTP:
    """An authenticator app that is set up already."""
    secret = random_base32()
    sealed = runtime.keyring.seal(secret.encode(), purpose_of(user_id))
    with unit_of_work(runtime, Origin()) as ctx:
        ctx.db.add(Totp(user_id=user_id, secret_sealed=sealed, confirmed_at=ctx.now))
    return TOTP(secret)


def give_passkey(runtime: Runtime, user_id: UUID, **fields: Any) -> None:
    """One that nobody can use."""
    usual = {
        "credential_id": urandom(16),
        "public_key": b"-",
        "sign_count": 0,
        "name": "Key",
        "model": UUID(int=0),
        "is_attested": False,
        "is_synced": False,
        "is_backed_up": False,
        "transports": "usb",
    }
    with unit_of_work(runtime, Origin()) as ctx:
        ctx.db.add(Passkey(user_id=user_id, **{**usual, **fields}))


def forget_steps(runtime: Runtime, user_id: UUID) -> None:
    """As if half a minute had gone by."""
    with unit_of_work(runtime, Origin()) as ctx:
        ctx.db.execute(update(Totp).where(Totp.user_id == user_id).values(last_step=0))
