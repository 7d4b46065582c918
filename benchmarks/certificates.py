"""SSH certificates: decided, signed, stored and then answered, against a loop of ssh-keygen."""

import subprocess
from contextlib import ExitStack
from pathlib import Path
from secrets import token_hex
from time import perf_counter
from uuid import UUID

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from benchmarks.load import LoadError, Run, answer_to, put_load, request
from benchmarks.measures import Effort, Measured, Side
from benchmarks.stage import Stage
from gatehouse.accounts.service import create_account
from gatehouse.app import create_app
from gatehouse.core.context import Context, Origin, unit_of_work
from gatehouse.core.openssh.keys import read_blob
from gatehouse.core.openssh.signatures import public_blob
from gatehouse.core.roles import Role
from gatehouse.core.settings import read_settings
from gatehouse.departments.models import Department, DepartmentMember
from gatehouse.departments.rules import name_key
from gatehouse.organizations.models import Member, Organization
from gatehouse.principals.models import Principal, PrincipalDepartment, PrincipalMember
from gatehouse.sessions.service import open_session
from gatehouse.ssh_ca.models import AuthorityKind
from gatehouse.ssh_ca.service import create_authority
from gatehouse.ssh_keys.models import SshKey

SIGN = "/api/v1/ssh/sign"
PEOPLE = 16
NO_PASSWORD = "-"  # noqa: S105 - nobody signs in
A_SECOND = 250  # certificates that ssh-keygen signs in about a second
EACH = "ssh-keygen -q -s ca -I id -n prod,web -V -5m:+1h -z $n key.pub"
LOOP = f'for n in $(seq "$1"); do {EACH}; done'


def certificate(stage: Stage, effort: Effort) -> Measured:
    """Measure certificates a second, each for a person with two principals."""
    settings = stage.prepare("redis")
    ours, peer = Side("Gatehouse"), Side("ssh-keygen")
    org_id, tokens = people_of(settings)
    # As the command line asks.
    wish = orjson.dumps({"organization_id": str(org_id)})
    asked = [request("POST", SIGN, wish, token=token) for token in tokens]
    folder = _keys(stage.place("ssh-keygen"))
    with ExitStack() as stack:
        server = stack.enter_context(stage.gatehouse("redis"))
        if b"ssh-ed25519-cert-v01" not in answer_to(server.port, asked[0]):
            raise LoadError("The server signs no certificate.")
        put_load(server.port, asked, seconds=effort.warm_up, in_turn=True)
        for _ in range(effort.pairs):
            peer.runs.append(_loop(stage, folder, round(A_SECOND * effort.seconds)))
            before = server.cpu_seconds()
            ours.runs.append(put_load(server.port, asked, seconds=effort.seconds, in_turn=True))
            ours.cpu_seconds += server.cpu_seconds() - before
    pairs = zip(ours.runs, peer.runs, strict=True)
    return Measured([one.rate / other.rate for one, other in pairs], ours, peer)


def _loop(stage: Stage, folder: Path, count: int) -> Run:
    command = ["/bin/sh", "-c", LOOP, "sh", str(count)]
    with stage.cores.of_the_server():
        began = perf_counter()
        subprocess.run(command, cwd=folder, check=True, capture_output=True)  # noqa: S603
        seconds = perf_counter() - began
    return Run(seconds, 0.0, [0.0] * count)


def _keys(folder: Path) -> Path:
    folder.mkdir(parents=True)
    for name in ("ca", "key"):
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)]
        subprocess.run(command, check=True)  # noqa: S603
    return folder


def people_of(settings: dict[str, str]) -> tuple[UUID, list[str]]:
    """An organization, and sessions of people who may have a certificate there: with one principal,
    and one by department.
    """
    runtime = create_app(read_settings(settings)).extensions["gatehouse"]
    try:
        with unit_of_work(runtime, Origin("bench")) as ctx:
            org_id = _organization(ctx)
            return org_id, _people(ctx, org_id)
    finally:
        runtime.engine.dispose()


def _organization(ctx: Context) -> UUID:
    org = Organization(name="SSH bench", slug=f"ssh-bench-{token_hex(4)}")
    ctx.db.add(org)
    ctx.db.flush()
    create_authority(
        ctx,
        org.id,
        kind=AuthorityKind.USER,
        key_type="ed25519",
        name="People",
        default_seconds=3600,
        max_seconds=86_400,
        backdate_seconds=300,
    )
    return org.id


def _people(ctx: Context, org_id: UUID) -> list[str]:
    own, shared = (Principal(org_id=org_id, name=name) for name in ("prod", "web"))
    team = Department(org_id=org_id, name="Ops", name_key=name_key("Ops"))
    ctx.db.add_all([own, shared, team])
    ctx.db.flush()
    ctx.db.add(PrincipalDepartment(principal_id=shared.id, department_id=team.id))
    tokens = []
    for number in range(PEOPLE):
        email = f"ssh-{number}-{org_id.hex}@bench.test"
        user = create_account(ctx, email=email, password_hash=NO_PASSWORD, full_name=None)
        key = read_blob(public_blob(Ed25519PrivateKey.generate()))
        row = SshKey(user_id=user.id, type=key.type, blob=key.blob, bits=key.bits, comment="")
        row.fingerprint, row.name, row.verified_at = key.fingerprint, key.type, ctx.now
        ctx.db.add_all(
            [
                row,
                Member(org_id=org_id, user_id=user.id, role=Role.MEMBER),
                PrincipalMember(principal_id=own.id, user_id=user.id),
                DepartmentMember(department_id=team.id, user_id=user.id),
            ]
        )
        tokens.append(open_session(ctx, user.id, amr=("pwd",))[0])
    return tokens
