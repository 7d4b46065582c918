"""An SMTP server on loopback that keeps what it is given, for tests of mails."""

import ssl
from asyncio import get_running_loop
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.processes import free_port


@dataclass
class Sink:
    """``refuses`` maps recipients to what they are answered, such as ``550 unknown``."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    refuses: dict[str, str] = field(default_factory=dict)
    answer: str = "250 OK"
    connections: int = 0
    transports: list[Any] = field(default_factory=list)
    on_recipient: Callable[[str], None] = lambda _address: None

    # The names are aiosmtpd's.
    async def handle_EHLO(self, server, session, _envelope, hostname, responses):  # noqa: N802
        self.connections += 1
        self.transports.append(server.transport)
        session.host_name = hostname
        return responses

    async def handle_RCPT(self, _server, _session, envelope, address, _options):  # noqa: N802
        await get_running_loop().run_in_executor(None, self.on_recipient, address)
        if address in self.refuses:
            return self.refuses[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802
        if not self.answer.startswith("250"):
            return self.answer
        self.mails.append(message_from_bytes(envelope.content, policy=default))
        self.recipients += envelope.rcpt_tos
        return self.answer

    @property
    def settings(self) -> dict[str, str]:
        """What to set so that mails come here."""
        return {
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": str(self.port),
            "SMTP_USE_TLS": "false",
            "SMTP_FROM": "Gatehouse <gatehouse@example.test>",
        }


@contextmanager
def sink(**options: Any):
    """A running sink on a free port. Options are those of aiosmtpd's controller."""
    kept = Sink()
    kept.port = free_port()
    controller = Controller(kept, hostname="127.0.0.1", port=kept.port, **options)
    controller.start()
    try:
        yield kept
    finally:
        # Whoever keeps a connection for the next mail would leave it open.
        for transport in kept.transports:
            controller.loop.call_soon_threadsafe(transport.close)
        controller.stop()


def only(user: str, password: str):
    """An authenticator that lets one user in."""

    def check(_server, _session, _envelope, _mechanism, data):
        is_right = (data.login, data.password) == (user.encode(), password.encode())
        return AuthResult(success=is_right, handled=False)

    return check


def certificate(folder: Path, *names: str) -> tuple[Path, ssl.SSLContext]:
    """A self-signed certificate for 127.0.0.1 or ``names``: its file, and a server's context."""
    given: list[x509.GeneralName] = [x509.DNSName(name) for name in names]
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName(given or [x509.IPAddress(ip_address("127.0.0.1"))]),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    certificates, keys = folder / "certificate.pem", folder / "key.pem"
    certificates.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    keys.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificates, keys)
    return certificates, context
