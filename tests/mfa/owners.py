"""Somebody with an authenticator app, over the API."""

from typing import Any

from flask.testing import FlaskClient
from pyotp import TOTP
from sqlalchemy import update

from gatehouse.core.context import Origin, Runtime, unit_of_work
from gatehouse.mfa.models import Totp
from tests.factories import PASSWORD, Factory

ENROL, VERIFY = "/api/v1/auth/totp/enroll", "/api/v1/auth/totp/verify-enrollment"
LOGIN, FACTOR = "/api/v1/auth/login", "/api/v1/auth/totp/verify"
STATUS = "/api/v1/auth/totp/status"


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
        """As if half a minute had gone by."""
        with unit_of_work(self.runtime, Origin()) as ctx:
            ctx.db.execute(update(Totp).where(Totp.user_id == self.user.id).values(last_step=0))

    def begin(self) -> Any:
        reply = self.http.post(LOGIN, json={"email": self.user.email, "password": PASSWORD})
        assert reply.status_code == 200, reply.text
        return reply.json["data"]

    def answer(self, token: object, code: str, **more: object) -> Any:
        return self.http.post(FACTOR, json={"mfa_token": token, "code": code, **more})
