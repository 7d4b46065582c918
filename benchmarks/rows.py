"""The rows of the table: what is measured, and what we demand of it."""

from collections.abc import Callable
from dataclasses import dataclass
from operator import ge, le
from statistics import median

from benchmarks import certificates, factors, machines, measures, openid, policies
from benchmarks.measures import LIVE, ME, Measure, Measured


@dataclass(frozen=True, slots=True)
class Unit:
    """How a figure is written, and which side of the floor is the good one."""

    text: str
    is_held: Callable[[float, float], bool] = ge
    sign: str = ">="


RATIO = Unit("{:.2f}")
SECONDS = Unit("{:.2f} s", le, "<=")
MILLISECONDS = Unit("{:.1f} ms", le, "<=")
MEGABYTES = Unit("{:.0f} MB", le, "<=")


@dataclass(frozen=True, slots=True)
class Row:
    """One figure. Below the ``floor`` it fails; the ``goal`` is where we want to be."""

    name: str
    title: str
    unit: Unit
    measure: Measure
    floor: float | None = None
    goal: float | None = None

    def verdict(self, measured: Measured) -> str:
        """Say how the median stands to floor and goal."""
        value = median(measured.values)
        if self.floor is not None and not self.unit.is_held(value, self.floor):
            return "FAIL"
        if self.goal is not None and self.unit.is_held(value, self.goal):
            return "goal"
        return "info" if self.floor is None else "pass"


ROWS = (
    Row(
        "me-redis",
        "GET me, PostgreSQL and Redis",
        RATIO,
        measures.throughput(ME, "redis", is_signed_in=True),
        floor=0.38,
        goal=0.50,
    ),
    Row(
        "me-postgresql",
        "GET me, PostgreSQL alone",
        RATIO,
        measures.throughput(ME, "postgresql", is_signed_in=True),
        goal=0.25,
    ),
    Row(
        "me-sqlite",
        "GET me, SQLite",
        RATIO,
        measures.throughput(ME, "sqlite", is_signed_in=True),
    ),
    Row(
        "live",
        "GET health/live",
        RATIO,
        measures.throughput(LIVE, "sqlite"),
        floor=0.80,
    ),
    Row("login", "POST login, to bcrypt alone", RATIO, measures.login, floor=0.92),
    Row(
        "second-factor",
        "what a code of an app adds",
        MILLISECONDS,
        factors.code_of_app,
        floor=5.0,
    ),
    Row(
        "ssh-certificate",
        "SSH certificate, stored, to a loop of ssh-keygen",
        RATIO,
        certificates.certificate,
        floor=6.0,
        goal=8.0,
    ),
    Row(
        "krl-unchanged",
        "revocation list that a machine has: 304",
        RATIO,
        machines.unchanged,
        floor=0.6,
    ),
    Row("krl", "list of 100,000 serials", MILLISECONDS, machines.revocation_list, floor=300),
    Row("ssh-ensure", "gatehouse ssh ensure, nothing to do", MILLISECONDS, machines.ensured, 100),
    Row("ssh-quick", "the same by the lines for ssh", MILLISECONDS, machines.not_asked, 10),
    *(
        Row(
            f"suspend-{backend}",
            f"suspending 10,000 members, {name}",
            SECONDS,
            policies.suspending(10_000, backend),
            floor=60,
        )
        for backend, name in (("redis", "PostgreSQL"), ("sqlite", "SQLite"))
    ),
    Row("start-sqlite", "start-up, SQLite", SECONDS, measures.start_up("sqlite"), floor=2.5),
    Row(
        "start-postgresql",
        "start-up, PostgreSQL and Redis",
        SECONDS,
        measures.start_up("redis"),
        floor=2.5,
    ),
    Row(
        "start-serve",
        "start-up of manage.py serve",
        SECONDS,
        measures.start_up("sqlite", "serve"),
    ),
    Row("memory", "memory of an idle worker", MEGABYTES, measures.memory("redis"), floor=120),
    Row(
        "gunicorn-me-redis",
        "GET me, both, under gunicorn",
        RATIO,
        measures.throughput(ME, "redis", program="gunicorn", is_signed_in=True),
    ),
    Row(
        "gunicorn-live",
        "GET health/live, under gunicorn",
        RATIO,
        measures.throughput(LIVE, "sqlite", program="gunicorn"),
    ),
    Row(
        "token-rs256",
        "machine token, RS256 each",
        RATIO,
        openid.against_node(
            openid.machine_token(),
            alg="RS256",
            node_ask=openid.machine_token(resource="urn:bench"),
        ),
        floor=1.5,
        goal=2.0,
    ),
    Row(
        "token-es256",
        "machine token, ES256 to opaque",
        RATIO,
        openid.against_node(openid.machine_token()),
        floor=1.2,
        goal=3.0,
    ),
    Row(
        "introspection",
        "introspection",
        RATIO,
        openid.against_node(openid.introspection),
        floor=0.9,
        goal=3.0,
    ),
    Row("userinfo", "userinfo", RATIO, openid.against_node(openid.userinfo), floor=1.0, goal=2.5),
    Row("refresh", "refresh", RATIO, openid.against_node(openid.refresh)),
    *(
        Row(f"django-{name}", f"{name}, to Django", RATIO, openid.against_toolkit(ask), floor=5.0)
        for name, ask in (
            ("token", openid.machine_token()),
            ("introspection", openid.introspection),
            ("userinfo", openid.userinfo),
            ("refresh", openid.refresh),
        )
    ),
    Row("generator", "a WSGI callable, no framework", RATIO, measures.generator),
)
