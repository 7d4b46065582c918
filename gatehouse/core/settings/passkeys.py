"""What is wrong with settings of passkeys (WebAuthn 5.1.2, 5.11)."""

import re
from pathlib import Path

from gatehouse.core.settings.hosts import host_of, is_address_of_machine, is_loopback, is_origin
from gatehouse.core.settings.model import WebauthnSettings

APP = re.compile(r"android:apk-key-hash:[A-Za-z0-9_-]{43}")
DOMAIN = re.compile(r"(?!-)[a-z0-9-]+(\.(?!-)[a-z0-9-]+)*")


def problems_of_passkeys(webauthn: WebauthnSettings) -> list[str]:
    problems = [
        f"WEBAUTHN_ORIGIN must hold origins such as https://id.example.com, not {origin!r}."
        for origin in webauthn.origins
        if not may_use_passkeys(origin)
    ]
    if not DOMAIN.fullmatch(webauthn.rp_id) and not is_address_of_machine(webauthn.rp_id):
        problems.append("WEBAUTHN_RP_ID must be a domain, such as example.com.")
    elif webauthn.origins and not is_at_home(webauthn.origins[0], webauthn.rp_id):
        problems.append("WEBAUTHN_RP_ID must be the host of the first origin, or a part behind it.")
    return [*problems, *_unreadable_roots(webauthn.attestation_roots)]


def related_origins(webauthn: WebauthnSettings) -> list[str]:
    """Web pages elsewhere, which browsers ask us about before they let them use our passkeys."""
    return [
        origin
        for origin in webauthn.origins
        if not APP.fullmatch(origin) and not is_at_home(origin, webauthn.rp_id)
    ]


def is_at_home(origin: str, rp_id: str) -> bool:
    """Whether browsers allow pages of ``origin`` the passkeys of ``rp_id`` without asking us."""
    host = host_of(origin)
    return host == rp_id or (host.endswith(f".{rp_id}") and "." in rp_id)


def may_use_passkeys(origin: str) -> bool:
    """Browsers have them on safe pages alone; an application of Android has an origin, too."""
    if APP.fullmatch(origin):
        return True
    is_safe = origin.startswith("https://") or is_loopback(host_of(origin))
    return is_origin(origin) and is_safe


def _unreadable_roots(path: Path | None) -> list[str]:
    if path is None:
        return []
    try:
        is_there = b"-----BEGIN CERTIFICATE-----" in path.read_bytes()
    except OSError as error:
        return [f"WEBAUTHN_ATTESTATION_ROOTS cannot be read: {error}."]
    return [] if is_there else ["WEBAUTHN_ATTESTATION_ROOTS must hold certificates as PEM."]
