"""A machine with an sshd of its own, which goes by what stands in a folder like /etc."""

import json
from pathlib import Path
from typing import Any

from tests.cli.programs import Cli, Done, Running
from tests.openssh import keygen
from tests.processes import wait_until
from tests.sshd import Sshd

CONFIGURATION = """
Include "{ssh}/sshd_config.d/*.conf"
ListenAddress 127.0.0.1:{port}
HostKey "{ssh}/ssh_host_ed25519_key"
HostKey "{ssh}/ssh_host_ecdsa_key"
PidFile "{pid}"
AuthorizedKeysFile none
AuthenticationMethods publickey
PermitRootLogin yes
UsePAM no
StrictModes no
PrintMotd no
PrintLastLog no
UseDNS no
LogLevel VERBOSE
"""
LISTENS = "Server listening on"


class Box(Sshd):
    """``run`` is the command on this machine, as root runs it there."""

    def __init__(self, directory: Path, cli: Cli) -> None:
        super().__init__(directory)
        self.cli = cli
        self.etc = self.directory / "etc with blanks"
        self.ssh, self.pidfile = self.etc / "ssh", self.directory / "sshd.pid"
        (self.ssh / "sshd_config.d").mkdir(parents=True)
        for kind in ("ed25519", "ecdsa"):
            key = self.ssh / f"ssh_host_{kind}_key"
            keygen("-q", "-t", kind, "-N", "", "-C", "", "-f", key)
        self.host_key = self.ssh / "ssh_host_ed25519_key"
        self.host_line = self.host_key.with_suffix(".pub").read_text().strip()
        self.configure()

    @property
    def config(self) -> Path:
        return self.ssh / "sshd_config"

    @property
    def drop_in(self) -> Path:
        return self.ssh / "sshd_config.d" / "gatehouse.conf"

    @property
    def folder(self) -> Path:
        return self.ssh / "gatehouse"

    @property
    def certificate(self) -> Path:
        return self.ssh / "ssh_host_ed25519_key-cert.pub"

    @property
    def principals_file(self) -> Path:
        return self.folder / "principals" / self.account

    @property
    def kept(self) -> Any:
        """What the machine knows of itself."""
        return json.loads((self.folder / "state.json").read_text())

    def keep(self, **changes: Any) -> None:
        (self.folder / "state.json").write_text(json.dumps({**self.kept, **changes}))

    @property
    def used(self) -> dict[str, bytes]:
        """All that sshd uses, beside its own keys."""
        found = [path for path in self.ssh.rglob("*") if path.is_file()]
        own = {"state.json", "state.json.lock", "sshd_config"}
        return {
            str(path.relative_to(self.ssh)): path.read_bytes()
            for path in found
            if path.name not in own and not path.name.endswith(("_key", "_key.pub"))
        }

    def configure(self, *lines: str) -> None:
        """Write the configuration, with these lines at its end."""
        text = CONFIGURATION.format(ssh=self.ssh, port=self.port or 22, pid=self.pidfile)
        self.config.write_text(text + "".join(f"{line}\n" for line in lines))

    def run(self, *arguments: str, given: str = "", **env: str) -> Done:
        return self.start_command(*arguments, **env).ended(given)

    def start_command(self, *arguments: str, **env: str) -> Running:
        return self.cli.start("host", *arguments, "--etc", str(self.etc), **env)

    def enroll(self, token: str, *arguments: str) -> Done:
        """Enrol it, with sshd reloaded when this returns."""
        heard = self.said().count(LISTENS)
        done = self.run("enroll", token, *arguments)
        if done.code == 0 and self.is_running and "Reload sshd" not in done.err:
            assert wait_until(lambda: self.said().count(LISTENS) > heard), self.said()
        return done

    def sync(self, *arguments: str) -> Done:
        return self.run("sync", *arguments)

    def _command(self) -> list[str]:
        self.configure()
        (self.directory / "config").unlink(missing_ok=True)
        command = super()._command()
        return [self.config.__fspath__() if one.endswith("/config") else one for one in command]
