"""How long the doors take: nobody learns by the clock which addresses have an account.

Measured in processor time of the thread that answers, without the garbage
collector: so a busy machine changes little, and one hash that is left out shows.
"""

import gc
import io
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median
from time import thread_time
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import delete
from werkzeug.test import EnvironBuilder

from gatehouse.accounts.adapters import Bcrypt, Hashers
from gatehouse.accounts.models import AccountStatus, Credential
from gatehouse.core.roles import Role
from gatehouse.core.runtime import Runtime
from gatehouse.core.settings import read_settings
from tests.conftest import client_of
from tests.factories import Factory

LOGIN = "/api/v1/auth/login"
REGISTER = "/api/v1/auth/register"
GOOD = "zebra lantern forty-two orbit"
# Of each kind. `PARITY_SAMPLES=200` is how a figure is taken that is told to others.
SAMPLES = int(os.environ.get("PARITY_SAMPLES", "60"))
TRIES = 4  # of each account: the fifth would be told to wait
Body = dict[str, str]


@contextmanager
def undisturbed() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def time_of(
    app: Flask, path: str, body: Body, address: str, headers: Body | None = None
) -> tuple[int, float]:
    """Send one request; return its status and the processor's seconds it took."""
    sent = io.BytesIO(json.dumps(body).encode())
    origin = {"REMOTE_ADDR": address}
    builder = EnvironBuilder(
        path,
        method="POST",
        content_type="application/json",
        content_length=len(sent.getvalue()),
        input_stream=sent,
        environ_base=origin,
        headers=headers,
    )
    environ = builder.get_environ()
    seen: list[str] = []

    def start(status: str, headers: Any, _error: Any = None) -> Any:
        seen.append(status)

    before = thread_time()
    b"".join(app.wsgi_app(environ, start))
    return int(seen[0][:3]), thread_time() - before


def times(
    app: Flask,
    path: str,
    address: str,
    kinds: dict[str, Callable[[int], Body]],
    status: set[int],
    headers: Body | None = None,
) -> dict[str, list[float]]:
    """Ask in turn for each kind, so that whatever happens to the machine happens to all."""
    found: dict[str, list[float]] = {name: [] for name in kinds}
    with undisturbed():
        for number in range(SAMPLES):
            for name, body in kinds.items():
                told, seconds = time_of(app, path, body(number), address, headers)
                assert told in status, name
                found[name].append(seconds)
    return found


def how_often_later(one: list[float], other: list[float]) -> float:
    """The chance that a sample of ``other`` takes longer than one of ``one`` (Mann-Whitney)."""
    wins = sum((b > a) + (b == a) / 2 for a in one for b in other)
    return wins / (len(one) * len(other))


@pytest.mark.slow
def test_a_wrong_password_takes_as_long_for_every_kind_of_account(
    open_app: Flask, make: Factory, address: str
):
    """Threat 112: of somebody, be they active or suspended, and of nobody."""
    states = (AccountStatus.ACTIVE, AccountStatus.SUSPENDED)
    count = SAMPLES // TRIES
    somebody = [make.user(status=states[number % 2]).email for number in range(count)]
    nobody = [f"user-{uuid4().hex[:12]}@example.test" for _ in range(count)]

    found = times(
        open_app,
        LOGIN,
        address,
        {
            "somebody": lambda n: {"email": somebody[n % count], "password": "wrong"},
            "nobody": lambda n: {"email": nobody[n % count], "password": "wrong"},
        },
        {401},
    )

    somebodys, nobodys = found["somebody"], found["nobody"]
    sides = {"active": somebodys[::2], "suspended": somebodys[1::2], "nobody": nobodys}
    told = ", ".join(f"{name}: {median(seconds):.6f} s" for name, seconds in sides.items())
    assert 0.8 < median(nobodys) / median(somebodys) < 1.25, told
    assert 0.25 < how_often_later(somebodys, nobodys) < 0.75, told
    assert 0.25 < how_often_later(sides["active"], sides["suspended"]) < 0.75, told


@pytest.mark.slow
def test_a_taken_address_takes_about_as_long_as_a_new_one(
    build: Callable[..., Flask], make: Factory, address: str
):
    """Threat 112: the answer tells (ruling 22), but no sooner than after the hash."""
    taken = make.user().email

    def registration(email: str) -> Body:
        return {"email": email, "password": GOOD, "password_confirm": GOOD}

    found = times(
        build({"BCRYPT_LOG_ROUNDS": "7"}),  # so that a hash outweighs the rows that are written
        REGISTER,
        address,
        {
            "new": lambda _: registration(f"user-{uuid4().hex}@example.test"),
            "taken": lambda _: registration(taken),
        },
        {201, 409},
    )

    told = ", ".join(f"{name}: {median(seconds):.6f} s" for name, seconds in found.items())
    assert 0.5 < median(found["taken"]) / median(found["new"]) < 1.5, told


@pytest.mark.slow
@pytest.mark.parametrize("path", ["forgot-password", "resend-verification", "resend-activation"])
def test_asking_for_a_link_takes_as_long_for_everybody(
    open_app: Flask, make: Factory, address: str, path: str
):
    """Threat 112: nothing is looked up before the answer."""
    known = [make.user().email for _ in range(20)]

    found = times(
        open_app,
        f"/api/v1/auth/{path}",
        address,
        {
            "known": lambda n: {"email": known[n % len(known)]},
            "unknown": lambda _: {"email": f"user-{uuid4().hex[:12]}@example.test"},
        },
        {200},
    )

    assert_alike(found)


@pytest.mark.slow
def test_an_invitation_takes_as_long_for_everybody(
    build: Callable[..., Flask], make: Factory, address: str
):
    """Threat 112: whether somebody has an account is the same to whoever invites them."""
    known = iter([make.user().email for _ in range(SAMPLES)])
    nobody = iter([f"user-{uuid4().hex[:12]}@example.test" for _ in range(SAMPLES)])
    org = make.organization()
    headers = make.bearer(make.member(org, Role.OWNER))

    found = times(
        build({"RATELIMIT_ENABLED": "false"}),
        f"/api/v1/organizations/{org.id}/invites",
        address,
        {
            "known": lambda _: {"email": next(known), "role": "member"},
            "unknown": lambda _: {"email": next(nobody), "role": "member"},
        },
        {201},
        headers,
    )

    assert_alike(found)


@pytest.mark.slow
def test_an_enquiry_takes_as_long_for_everybody(
    build: Callable[..., Flask], make: Factory, address: str
):
    """Threat 112."""
    known = [make.user().email for _ in range(20)]

    def enquiry(email: str) -> Body:
        return {"name": "Kim", "email": email, "enquiry_type": "general", "message": "Good day."}

    found = times(
        build({"RATELIMIT_ENABLED": "false"}),
        "/api/v1/contact",
        address,
        {
            "known": lambda n: enquiry(known[n % len(known)]),
            "unknown": lambda _: enquiry(f"user-{uuid4().hex[:12]}@example.test"),
        },
        {202},
    )

    assert_alike(found)


def assert_alike(found: dict[str, list[float]]) -> None:
    told = ", ".join(f"{name}: {median(seconds):.6f} s" for name, seconds in found.items())
    assert 0.8 < median(found["unknown"]) / median(found["known"]) < 1.25, told
    assert 0.3 < how_often_later(found["known"], found["unknown"]) < 0.7, told


class Counting(Bcrypt):
    """The real method, which remembers what it was asked for."""

    def __init__(self) -> None:
        super().__init__(4)
        self.asked: list[str] = []

    def hash(self, password: bytes) -> str:
        self.asked.append("hash")
        return super().hash(password)

    def verify(self, password_hash: str, password: bytes) -> bool:
        self.asked.append("verify")
        return super().verify(password_hash, password)


class CountingHashers(Hashers):
    """The real port, over the method that counts: a decoy counts only if it is looked at."""

    def __init__(self) -> None:
        super().__init__(read_settings({"FLASK_ENV": "testing"}))
        self._bcrypt = self.method = Counting()


@pytest.mark.parametrize("kind", ["known", "unknown", "suspended", "without a password"])
def test_every_wrong_password_costs_one_look_at_a_hash(
    build, make: Factory, runtime: Runtime, address, kind
):
    """Threat 112."""
    states = {"suspended": AccountStatus.SUSPENDED}
    user = make.user(status=states.get(kind, AccountStatus.ACTIVE))
    if kind == "without a password":
        with runtime.writing() as db:
            db.execute(delete(Credential).where(Credential.user_id == user.id))
            db.commit()
    hasher = CountingHashers()
    client = client_of(build(PasswordHasher=hasher), address)
    email = f"{uuid4().hex}@example.test" if kind == "unknown" else user.email

    reply = client.post(LOGIN, json={"email": email, "password": "wrong"})

    assert reply.status_code == 401
    assert hasher.method.asked == ["verify"]


@pytest.mark.parametrize("is_taken", [True, False])
def test_every_registration_costs_one_hash(build, make: Factory, address, is_taken):
    """Threat 112."""
    hasher = CountingHashers()
    client = client_of(build(PasswordHasher=hasher), address)
    email = make.user().email if is_taken else f"{uuid4().hex}@example.test"

    reply = client.post(REGISTER, json={"email": email, "password": GOOD, "password_confirm": GOOD})

    assert reply.status_code == (409 if is_taken else 201)
    assert hasher.method.asked == ["hash"]
