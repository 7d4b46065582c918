"""A real browser for tests: Chromium, driven over the WebDriver protocol (W3C WebDriver 2), with
authenticators that are not of metal (W3C WebAuthn 11).
"""

import base64
import json
import os
import shutil
import signal
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, Self

from tests.processes import Server

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
DRIVER = "chromedriver"
REMEDY = "scripts/install_test_tools.sh installs Debian's, or put both on the PATH"
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Where /dev/shm is small, as in many containers.
    "--disable-dev-shm-usage",
)
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the key of an element's id (WebDriver, 12)
TAB, ENTER = "\ue004", "\ue007"  # keys that have no character (WebDriver, 17.4.2)
AXE = Path(__file__).parent / "axe-core" / "axe.min.js"
# A contrast that axe-core cannot judge, as over a gradient, is as good as a bad one.
RUN_AXE = """
    const [wanted, done] = arguments;
    axe.run(document, {resultTypes: ["violations", "incomplete"], ...wanted}).then(found =>
        done(found.violations.concat(found.incomplete.filter(one => one.id == "color-contrast"))));
"""
EVERY_RULE = {"rules": {"target-size": {"enabled": True}}}
COLOURS_ONLY = {"runOnly": ["color-contrast", "link-in-text-block"]}
# What an authenticator can do, and who is there (WebAuthn 11.2).
PLATFORM = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserConsenting": True,
    "isUserVerified": True,
}
# What has the focus, in a word, and whether one can see that it has.
FOCUS = """
    const one = document.activeElement, look = getComputedStyle(one);
    const place = one.getBoundingClientRect();
    const seen = parseFloat(look.outlineWidth) >= 2 && place.top >= 0 && place.left >= 0;
    return (one.name || one.textContent.trim()) + (seen ? "" : " (not to be seen)");
"""


def what_is_missing() -> str:
    """The programs that a browser test needs and that are not there."""
    found = {"chromium": _browser(), DRIVER: shutil.which(DRIVER)}
    return " and ".join(name for name, path in found.items() if path is None)


def _browser() -> str | None:
    return next(filter(None, map(shutil.which, BROWSERS)), None)


class ChromeDriver(Server):
    """The program that starts browsers."""

    ends_on = signal.SIGTERM

    def open(self) -> "Browser":
        """A fresh browser, without what an earlier one kept."""
        profile = self.directory / f"profile-{os.urandom(4).hex()}"
        options = {"binary": _browser(), "args": [*FLAGS, f"--user-data-dir={profile}"]}
        wanted = {"browserName": "chrome", "goog:chromeOptions": options}
        wanted["goog:loggingPrefs"] = {"browser": "ALL"}
        session = self.ask("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
        return Browser(self, f"/session/{session['sessionId']}")

    def ask(self, method: str, path: str, content: Any = None) -> Any:
        """One command. Raises RuntimeError with what the driver says of a failure."""
        raw = None if content is None else json.dumps(content).encode()
        kind = {"Content-Type": "application/json"}
        url = f"http://127.0.0.1:{self.port}{path}"
        request = urllib.request.Request(url, raw, kind, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as reply:  # noqa: S310
                return json.load(reply)["value"]
        except urllib.error.HTTPError as error:
            with error:
                raise RuntimeError(json.load(error)["value"]["message"]) from None

    def _prepare(self) -> None:
        """Nothing to lay out."""

    def _command(self) -> list[str]:
        return [str(shutil.which(DRIVER)), f"--port={self.port}"]

    def _answers(self) -> bool:
        try:
            return bool(self.ask("GET", "/status")["ready"])
        except OSError:
            return False

    def _options(self) -> dict[str, Any]:
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.directory)}
        return super()._options() | {"env": environment}


class Browser:
    """One browser, and the window that is looked at."""

    def __init__(self, driver: ChromeDriver, path: str) -> None:
        self._driver, self._path = driver, path
        self._scripts: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._driver.ask("DELETE", self._path)

    def start_over(self, *, scripts: bool) -> None:
        """As new: no cookie, no authenticator, nothing in the console, a light desk; pages may run
        scripts or not.
        """
        self.go("about:blank")
        self._devtools("WebAuthn.disable")
        while self._scripts:
            known = self._scripts.pop()
            self._devtools("Page.removeScriptToEvaluateOnNewDocument", identifier=known)
        self._devtools("Network.clearBrowserCookies")
        self._devtools("Emulation.setScriptExecutionDisabled", value=not scripts)
        self.look_like()
        self.console()

    def look_like(self, *, width: int = 1280, height: int = 800, scheme: str = "light") -> None:
        """Take this width, narrower ones as a phone, and this colour scheme."""
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self._devtools("Emulation.setEmulatedMedia", features=[feature])
        self._devtools(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )

    def go(self, url: str) -> None:
        self._ask("POST", "/url", {"url": url})

    def back(self) -> None:
        self._ask("POST", "/back", {})

    @property
    def url(self) -> str:
        return str(self._ask("GET", "/url"))

    @property
    def source(self) -> str:
        return str(self._ask("GET", "/source"))

    def cookies(self) -> dict[str, str]:
        return {cookie["name"]: cookie["value"] for cookie in self._ask("GET", "/cookie")}

    def windows(self) -> list[str]:
        return list(self._ask("GET", "/window/handles"))

    def look_at(self, window: str) -> None:
        self._ask("POST", "/window", {"handle": window})

    def close(self) -> None:
        """Close the window that is looked at: another one has to be looked at next."""
        self._ask("DELETE", "/window")

    def text(self, selector: str = "body") -> str:
        return str(self._ask("GET", f"/element/{self._find(selector)}/text"))

    def click(self, selector: str) -> None:
        self._ask("POST", f"/element/{self._find(selector)}/click", {})

    def fill(self, **fields: str) -> None:
        """Type into fields, by their ids."""
        for name, text in fields.items():
            self._ask("POST", f"/element/{self._find(f'#{name}')}/value", {"text": text})

    def press(self, keys: str) -> None:
        kinds = ("keyDown", "keyUp")
        strokes = [{"type": kind, "value": key} for key in keys for kind in kinds]
        hands = [{"type": "key", "id": "keys", "actions": strokes}]
        self._ask("POST", "/actions", {"actions": hands})

    def focus(self) -> str:
        """What has the focus: its name or its words, and a remark if that cannot be seen."""
        return str(self.run(FOCUS))

    def run_first(self, script: str) -> None:
        """Run this in each page from now on, before any script of its own."""
        made = self._devtools("Page.addScriptToEvaluateOnNewDocument", source=script)
        self._scripts.append(made["identifier"])

    def alerts(self) -> list[str]:
        """What a screen reader is told at once: the alerts of the accessibility tree."""
        nodes = self._devtools("Accessibility.getFullAXTree")["nodes"]
        names = {one["nodeId"]: one.get("name", {}).get("value", "") for one in nodes}
        below = {one["nodeId"]: one.get("childIds", []) for one in nodes}
        alerts = [one for one in nodes if one.get("role", {}).get("value") == "alert"]
        return [" ".join(names[child] for child in below[one["nodeId"]]) for one in alerts]

    def run(self, script: str) -> Any:
        return self._ask("POST", "/execute/sync", {"script": script, "args": []})

    def console(self) -> list[str]:
        """What the browser complained of since the last time, in a line each."""
        said = self._ask("POST", "/se/log", {"type": "browser"})
        return [one["message"] for one in said if one["level"] in ("WARNING", "SEVERE")]

    def violations(self, rules: dict[str, Any] = EVERY_RULE) -> list[str]:
        """What axe-core finds wrong with the page, in a line each."""
        if not self.run("return Boolean(window.axe)"):
            self._devtools("Runtime.evaluate", expression=AXE.read_text())
        found = self._ask("POST", "/execute/async", {"script": RUN_AXE, "args": [rules]})
        return [f"{one['id']}: {node['html']}" for one in found for node in one["nodes"]]

    def picture(self) -> bytes:
        """The whole page as a PNG."""
        kept = self._devtools("Page.captureScreenshot", captureBeyondViewport=True)
        return base64.b64decode(kept["data"])

    def authenticator(self, **traits: Any) -> "VirtualAuthenticator":
        """Plug one in: that of a phone or computer that knows its user, unless told otherwise."""
        wanted = PLATFORM | traits
        name = self._ask("POST", "/webauthn/authenticator", wanted)
        return VirtualAuthenticator(self, f"/webauthn/authenticator/{name}")

    def _find(self, selector: str) -> str:
        wanted = {"using": "css selector", "value": selector}
        return str(self._ask("POST", "/element", wanted)[ELEMENT])

    def _devtools(self, command: str, **parameters: Any) -> Any:
        return self._ask("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def _ask(self, method: str, path: str, content: Any = None) -> Any:
        return self._driver.ask(method, self._path + path, content)


class VirtualAuthenticator:
    """An authenticator that the browser finds, until it is unplugged."""

    def __init__(self, browser: Browser, path: str) -> None:
        self._browser, self._path = browser, path

    def passkeys(self) -> list[dict[str, Any]]:
        """The passkeys that it holds (WebAuthn 11.4)."""
        return list(self._browser._ask("GET", f"{self._path}/credentials"))  # noqa: SLF001

    def verifies(self, *, right: bool) -> None:
        """Whether its user proves to be who they are from now on."""
        said = {"isUserVerified": right}
        self._browser._ask("POST", f"{self._path}/uv", said)  # noqa: SLF001

    def waits(self, *, for_a_touch: bool) -> None:
        """Whether what is asked from now on waits for somebody who never comes."""
        self._browser._devtools(  # noqa: SLF001
            "WebAuthn.setAutomaticPresenceSimulation",
            authenticatorId=self._path.rpartition("/")[2],
            enabled=not for_a_touch,
        )

    def unplug(self) -> None:
        self._browser._ask("DELETE", self._path)  # noqa: SLF001
