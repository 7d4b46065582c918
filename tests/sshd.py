"""OpenSSH's own server and client as counterpart: whether somebody gets in with what we signed."""

import os
import pwd
import re
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from subprocess import DEVNULL, run

from tests.openssh import keygen
from tests.processes import Server, wait_until
from tests.tools import the_program

NAME = "db1.example.com"
CONFIGURATION = """
ListenAddress 127.0.0.1:{port}
HostKey {folder}/host
{host_certificate}
TrustedUserCAKeys {folder}/authorities
RevokedKeys {folder}/revoked
AuthorizedPrincipalsFile {folder}/principals/%u
AuthorizedKeysFile none
AuthenticationMethods publickey
PermitRootLogin yes
UsePAM no
StrictModes no
PidFile none
PrintMotd no
PrintLastLog no
UseDNS no
LogLevel VERBOSE
"""
ENDS = r"(?:Connection (?:closed|reset)|Disconnected|Received disconnect)[^\n]* port {port}\b"
# OpenSSH has it since 9.8: whom we let fail often is not to wait.
NO_PENALTIES = ("-o", "PerSourcePenalties=no")


@dataclass(frozen=True)
class Login:
    """What became of a login: what ``ssh`` answered, and what the server wrote meanwhile."""

    code: int
    out: str
    err: str
    log: str

    @property
    def is_in(self) -> bool:
        return self.code == 0 and "Accepted publickey" in self.log


class Sshd(Server):
    """A server that believes in certificates alone, for the account of whoever runs the tests.

    What it believes may be changed while it runs: it reads the files at each login.
    """

    ends_on = signal.SIGTERM

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.program = the_program("sshd")
        self.account = pwd.getpwuid(os.getuid()).pw_name
        (self.directory / "principals").mkdir(parents=True)
        self.host_key = self.directory / "host"
        keygen("-q", "-t", "ed25519", "-N", "", "-C", "", "-f", self.host_key)
        self.host_line = self.host_key.with_suffix(".pub").read_text().strip()
        self.trust()
        # sshd without this file lets nobody in.
        self.revoke(b"")

    def trust(self, *authorities: str) -> None:
        """Believe in what these keys sign, which are lines of text; and in no others."""
        (self.directory / "authorities").write_text("".join(f"{line}\n" for line in authorities))

    def revoke(self, krl: bytes) -> None:
        """Use this revocation list."""
        (self.directory / "revoked").write_bytes(krl)

    def admit(self, *principals: str) -> None:
        """Let certificates in that have one of these lines, and no others."""
        text = "".join(f"{line}\n" for line in principals)
        (self.directory / "principals" / self.account).write_text(text)

    def admit_nobody(self) -> None:
        """Have no file with principals for the account."""
        (self.directory / "principals" / self.account).unlink(missing_ok=True)

    def show(self, certificate: str) -> None:
        """Show clients a host certificate from now on, and start anew for it."""
        self.host_key.with_name("host-cert.pub").write_text(f"{certificate}\n")
        self.restart()

    def login(
        self,
        key: Path,
        certificate: str,
        *command: str,
        known: Sequence[str] = (),
        options: Sequence[str] = (),
        name: str = NAME,
        passphrase: str = "",
    ) -> Login:
        """Run ``ssh`` with a key and its certificate, and nothing of this machine's own.

        ``known`` are lines of known_hosts; without any the client knows the server's key.
        ``passphrase`` is typed if it asks for one.
        """
        written = self.directory / "client-cert.pub"
        written.write_text(f"{certificate}\n")
        hosts = self.directory / "known_hosts"
        hosts.write_text("".join(f"{line}\n" for line in known or (f"{name} {self.host_line}",)))
        said = len(self.said())
        done = run(  # noqa: S603
            [
                *(the_program("ssh"), "-F", "/dev/null", "-p", str(self.port), "-l", self.account),
                *("-o", f"BatchMode={'no' if passphrase else 'yes'}", "-o", "IdentityAgent=none"),
                *("-o", "IdentitiesOnly=yes", "-o", "PreferredAuthentications=publickey"),
                *("-i", str(key), "-o", f"CertificateFile={written}"),
                # The quickest: how they agree on a secret is not what we ask.
                *("-o", "KexAlgorithms=curve25519-sha256"),
                *("-o", "StrictHostKeyChecking=yes", "-o", f"UserKnownHostsFile={hosts}"),
                *("-o", "GlobalKnownHostsFile=/dev/null", "-o", f"HostKeyAlias={name}"),
                *(part for option in options for part in ("-o", option)),
                *("127.0.0.1", "--", *(command or ("true",))),
            ],
            stdin=DEVNULL,
            capture_output=True,
            check=False,
            timeout=30,
            env={"PATH": os.defpath, "TERM": "dumb", **self._typing(passphrase)},
        )
        return Login(done.returncode, done.stdout.decode(), done.stderr.decode(), self._rest(said))

    def _typing(self, passphrase: str) -> dict[str, str]:
        """What lets ``ssh`` ask a program for the passphrase (ssh(1), "SSH_ASKPASS")."""
        if not passphrase:
            return {}
        typed, program = self.directory / "typed", self.directory / "askpass"
        typed.write_text(f"{passphrase}\n")
        program.write_text(f"#!/bin/sh\ncat {typed}\n")
        program.chmod(0o700)
        return {"SSH_ASKPASS": str(program), "SSH_ASKPASS_REQUIRE": "force", "DISPLAY": "none"}

    def said(self) -> str:
        """All that the server wrote so far."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def _rest(self, start: int) -> str:
        """What the server wrote since, to the end of the connection that began there."""

        def is_over() -> bool:
            new = self.said()[start:]
            begun = re.search(r"Connection from 127\.0\.0\.1 port (\d+)", new)
            return begun is None or re.search(ENDS.format(port=begun[1]), new) is not None

        assert wait_until(is_over), self.said()[start:]
        return self.said()[start:]

    def _prepare(self) -> None:
        self.log.unlink(missing_ok=True)
        if os.geteuid() == 0:
            # As root it shuts its first process up there, and refuses to make the folder itself.
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)

    def _command(self) -> list[str]:
        certificate = self.host_key.with_name("host-cert.pub")
        shown = f"HostCertificate {certificate}" if certificate.exists() else ""
        text = CONFIGURATION.format(folder=self.directory, port=self.port, host_certificate=shown)
        (self.directory / "config").write_text(text)
        plain = [self.program, "-e", "-f", str(self.directory / "config")]
        tried = run([*plain, "-t", *NO_PENALTIES], capture_output=True, check=False)  # noqa: S603
        return [*plain, "-D", *(() if tried.returncode else NO_PENALTIES)]

    def _answers(self) -> bool:
        # Asking it would leave lines of ours among those of the first login.
        return f"Server listening on 127.0.0.1 port {self.port}." in self.said()
