"""asyncssh, the other implementation of SSH that people run, reads and believes what we write."""

import asyncio
from collections.abc import Iterator
from typing import Any

import asyncssh
import pytest

from gatehouse.core.openssh.certificates import issue
from gatehouse.core.openssh.keys import read_public_key
from gatehouse.core.openssh.terms import Kind
from tests.core.openssh.conftest import KINDS, Pair, pairs
from tests.core.openssh.made_certificates import good_now
from tests.core.openssh.made_keys import ALL, ED25519, RSA, SIGNING, authority, public_line, subject
from tests.sshd import NAME, Sshd

__all__ = ["pairs"]

pytestmark = pytest.mark.integration

OURS, OTHER = authority(ED25519), authority("ecdsa-sha2-nistp384")
TRUSTED = public_line(OURS.blob)
HERE = "127.0.0.1"
ALICE = "alice"


@pytest.fixture(scope="module")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    with Sshd(tmp_path_factory.mktemp("sshd") / "server") as found:
        found.admit("prod")
        yield found


@pytest.mark.parametrize("by", SIGNING)
@pytest.mark.parametrize("of_type", ALL)
def test_it_reads_every_type_of_key_by_every_type_of_authority(of_type: str, by: str):
    """With the signature, which it verifies."""
    signer = authority(by)
    line = issue(good_now(subject(of_type)), signer.blob, signer.sign)

    found: Any = asyncssh.import_certificate(line)

    assert found.signing_key.public_data == signer.blob
    assert (found.principals, found.is_x509) == (["prod"], False)
    found.validate(asyncssh.public_key.CERT_TYPE_USER, "prod")
    with pytest.raises(ValueError, match="principal"):
        found.validate(asyncssh.public_key.CERT_TYPE_USER, "root")
    with pytest.raises(ValueError, match="type"):
        found.validate(asyncssh.public_key.CERT_TYPE_HOST, "prod")


@pytest.mark.parametrize("by", [ED25519, "ecdsa-sha2-nistp256", RSA])
@pytest.mark.parametrize("of_type", KINDS)
def test_its_client_logs_in_where_openssh_decides(
    sshd: Sshd, pairs: dict[str, Pair], of_type: str, by: str
):
    signer, pair = authority(by), pairs[of_type]
    sshd.trust(public_line(signer.blob))
    line = issue(good_now(pair.public.blob), signer.blob, signer.sign)

    assert asyncio.run(_said(sshd.port, pair, line, username=sshd.account)) == "in\n"

    sshd.trust(public_line(OTHER.blob))
    with pytest.raises(asyncssh.PermissionDenied):
        asyncio.run(_said(sshd.port, pair, line, username=sshd.account))


async def _said(port: int, pair: Pair, line: str, *, known: Any = None, **options: Any) -> str:
    """What a command answers there, to its client."""
    key = asyncssh.read_private_key(str(pair.path))
    keys = [(key, asyncssh.import_certificate(line))]
    async with asyncssh.connect(
        *(HERE, port), client_keys=keys, known_hosts=known, config=None, agent_path=None, **options
    ) as connection:
        done = await connection.run("echo in", check=True)
    return str(done.stdout)


async def _tried(pair: Pair, line: str, allowed: str) -> str:
    """The same at a server of its own, whose lines of authorized_keys are ``allowed``."""
    server = await asyncssh.listen(
        *(HERE, 0),
        server_host_keys=[asyncssh.generate_private_key(ED25519)],
        authorized_client_keys=asyncssh.import_authorized_keys(allowed),
        process_factory=_answer,
    )
    async with server:
        return await _said(server.get_port(), pair, line, username=ALICE)


def _answer(process: Any) -> None:
    process.stdout.write(f"{process.command}\n")
    process.exit(0)


BELIEVED = f'cert-authority,principals="prod" {TRUSTED}\n'
LATE = {"valid_after": 1_000_000, "valid_before": 2_000_000}


@pytest.mark.parametrize(
    ("allowed", "by", "says", "heard"),
    [
        (BELIEVED, OURS, {}, "echo in\n"),
        (BELIEVED, OURS, {"critical_options": {"force-command": "date"}}, "date\n"),
        (BELIEVED, OURS, {"critical_options": {"source-address": "127.0.0.0/8"}}, "echo in\n"),
        (BELIEVED, OURS, {"critical_options": {"source-address": "10.0.0.0/8"}}, None),
        (BELIEVED, OURS, {"principals": ("web",)}, None),
        (BELIEVED, OURS, LATE, None),
        (BELIEVED, OTHER, {}, None),
        (f"cert-authority {TRUSTED}\n", OURS, {"principals": (ALICE,)}, "echo in\n"),
        (f"cert-authority {TRUSTED}\n", OURS, {}, None),
        (f"{TRUSTED}\n", OURS, {}, None),
    ],
    ids=[
        *("good", "forced command", "from here", "from elsewhere", "another principal", "over"),
        *("unknown authority", "the account as principal", "no such account", "a plain key"),
    ],
)
def test_its_server_goes_by_what_a_certificate_says(
    pairs: dict[str, Pair], allowed: str, by: Any, says: dict[str, Any], heard: str | None
):
    pair = pairs[ED25519]
    line = issue(good_now(pair.public.blob, **says), by.blob, by.sign)

    if heard is None:
        with pytest.raises(asyncssh.PermissionDenied):
            asyncio.run(_tried(pair, line, allowed))
    else:
        assert asyncio.run(_tried(pair, line, allowed)) == heard


@pytest.mark.parametrize(
    ("known", "name", "is_known"),
    [
        (f"@cert-authority *.example.com {TRUSTED}", NAME, True),
        (f"@cert-authority *.example.com {TRUSTED}", "db2.example.com", False),
        (f"@cert-authority *.example.com {public_line(OTHER.blob)}", NAME, False),
        (f"@cert-authority *.example.com {TRUSTED}\n@revoked * {TRUSTED}", NAME, False),
    ],
    ids=["known", "another name", "another authority", "revoked"],
)
def test_its_client_knows_a_host_by_its_certificate(
    sshd: Sshd, pairs: dict[str, Pair], known: str, name: str, *, is_known: bool
):
    host = read_public_key(sshd.host_line).blob
    terms = good_now(host, kind=Kind.HOST, principals=(NAME,), extensions={})
    sshd.show(issue(terms, OURS.blob, OURS.sign))
    sshd.trust(TRUSTED)
    pair = pairs[ED25519]
    line = issue(good_now(pair.public.blob), OURS.blob, OURS.sign)
    hosts = asyncssh.import_known_hosts(f"{known}\n")
    there = {"known": hosts, "username": sshd.account, "host_key_alias": name}

    if is_known:
        assert asyncio.run(_said(sshd.port, pair, line, **there)) == "in\n"
    else:
        with pytest.raises(asyncssh.HostKeyNotVerifiable):
            asyncio.run(_said(sshd.port, pair, line, **there))
