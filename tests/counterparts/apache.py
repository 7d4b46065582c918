"""Apache with mod_auth_openidc (Debian's libapache2-mod-auth-openidc) as an ordinary process."""

import shutil
import signal
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from tests.processes import Server
from tests.servers import give_away, open_the_way, privileges

MODULES = Path("/usr/lib/apache2/modules")
NEEDED = (
    *("mpm_event", "authn_core", "authz_core", "authz_user"),
    *("dir", "headers", "auth_openidc"),
)
REMEDY = "scripts/install_test_tools.sh installs Debian's"
PATHS = "/usr/sbin:/usr/bin:/sbin:/bin"
CONFIGURATION = """
ServerRoot {root}
ServerName localhost
Listen 127.0.0.1:{port}
PidFile {root}/pid
Mutex file:{root}
ErrorLog {root}/error.log
LogLevel warn
StartServers 1
ThreadsPerChild 8
DocumentRoot {root}/site
DirectoryIndex page.txt

OIDCProviderMetadataURL {issuer}/.well-known/openid-configuration
OIDCClientID {client_id}
OIDCClientSecret {secret}
OIDCRedirectURI {url}/closed/callback
OIDCCryptoPassphrase {secret}
OIDCScope "openid profile email offline_access"
OIDCPKCEMethod S256
OIDCProviderTokenEndpointAuth {method}
OIDCResponseMode {response_mode}
OIDCCacheType file
OIDCCacheDir {root}/cache
OIDCCookieSameSite Off
OIDCRemoteUserClaim email
OIDCRefreshAccessTokenBeforeExpiry 0
OIDCInfoHook iat access_token id_token userinfo refresh_token session
OIDCOAuthClientID {client_id}
OIDCOAuthClientSecret {secret}
OIDCOAuthServerMetadataURL {issuer}/.well-known/oauth-authorization-server
OIDCOAuthRemoteUserClaim sub

<Location /closed>
  AuthType openid-connect
  Require valid-user
  Header set X-Person "expr=%{{REMOTE_USER}}"
</Location>
<Location /api>
  AuthType oauth20
  Require claim client_id:{client_id}
  Header set X-Person "expr=%{{REMOTE_USER}}"
</Location>
"""


def what_is_missing() -> str:
    """What is needed and not there, and what to do about it."""
    missing = [name for name in NEEDED if not (MODULES / f"mod_{name}.so").exists()]
    if shutil.which("apache2", path=PATHS) is None:
        missing.insert(0, "apache2")
    return f"{' and '.join(missing)} of Apache not found: {REMEDY}" if missing else ""


class Apache(Server):
    """A site of which one part is for people who signed in, and one for who has a token."""

    ends_on = signal.SIGTERM

    def __init__(self, directory: Path, **told: str) -> None:
        super().__init__(directory)
        self._told = told

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def _prepare(self) -> None:
        open_the_way(self.directory)
        for path in ("site/closed", "site/api", "cache"):
            (self.directory / path).mkdir(parents=True, exist_ok=True)
            (self.directory / path / "page.txt").write_text("What is behind the door.")
        for path in (self.directory, *self.directory.rglob("*")):
            give_away(path)

    def _command(self) -> list[str]:
        loads = [f"LoadModule {name}_module {MODULES}/mod_{name}.so" for name in NEEDED]
        text = CONFIGURATION.format(root=self.directory, port=self.port, url=self.url, **self._told)
        file = self.directory / "apache.conf"
        file.write_text("\n".join([*loads, text]))
        give_away(file)
        program = str(shutil.which("apache2", path=PATHS))
        return [program, "-f", str(file), "-DFOREGROUND"]

    def _answers(self) -> bool:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=1)
        try:
            connection.request("GET", "/nothing")
            return connection.getresponse().status > 0
        except OSError:
            return False
        finally:
            connection.close()

    def _options(self) -> dict[str, Any]:
        return super()._options() | privileges()
