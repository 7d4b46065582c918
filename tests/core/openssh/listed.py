"""What ssh-keygen says of revocation lists, as values."""

import base64
import re
from pathlib import Path

from gatehouse.core.openssh.krl import Krl
from tests.core.openssh.made_keys import fingerprint
from tests.openssh import keygen

Ranges = list[tuple[int, int]]


def listed(file: Path) -> dict:
    """What ``ssh-keygen -Q -l`` finds in a list."""
    head, *parts = keygen("-Q", "-l", "-f", file).split("# CA key ")
    found: dict = {
        "version": int(re.findall(r"^# KRL version (\d+)$", head, re.MULTILINE)[0]),
        "comment": "".join(re.findall(r"^# Comment: (.*)$", head, re.MULTILINE)),
        "hashes": {as_hex(text) for text in re.findall(r"^hash: SHA256:(\S+)", head, re.MULTILINE)},
        "sha1": set(re.findall(r"^# hash SHA1:(\S+)", head, re.MULTILINE)),
        "serials": {},
        "key_ids": {},
    }
    for part in parts:
        authority = part.splitlines()[0].split()[1]
        ranges = re.findall(r"^serial: (\d+)(?:-(\d+))?$", part, re.MULTILINE)
        found["serials"][authority] = [(int(first), int(last or first)) for first, last in ranges]
        found["key_ids"][authority] = set(re.findall(r"^id: (.*)$", part, re.MULTILINE))
    return found


def as_hex(text: str) -> str:
    """Fingerprints of keys are shown in base64, those that were listed as such in hex."""
    is_hex = re.fullmatch(r"[0-9a-f]{64}", text)
    return text if is_hex else base64.b64decode(text + "=").hex()


def described(krl: Krl) -> dict:
    """What we have read, as ``listed`` says what ssh-keygen lists."""
    authorities = {*krl.serials, *krl.key_ids}
    return {
        "version": krl.version,
        "comment": krl.comment,
        "hashes": {as_hex(fingerprint(blob).removeprefix("SHA256:")) for blob in krl.keys}
        | {digest.hex() for digest in krl.sha256},
        "sha1": {digest.hex() for digest in krl.sha1},
        "serials": {fingerprint(by): ranges_of(krl, by) for by in authorities},
        "key_ids": {fingerprint(by): set(krl.key_ids.get(by, ())) for by in authorities},
    }


def ranges_of(krl: Krl, authority: bytes) -> Ranges:
    found = krl.serials.get(authority)
    return list(zip(found.firsts, found.lasts, strict=True)) if found else []


def revoked(krl: Path, *keys: Path) -> dict[str, bool]:
    """What ``ssh-keygen -Q`` says of each key: by its file, whether it is revoked."""
    said = keygen("-Q", "-f", krl, *keys, expect=(0, 1))
    lines = re.findall(r"^(.+?) \(.*\): (ok|REVOKED)$", said, re.MULTILINE)
    assert len(lines) == len(keys)
    return {Path(file).name: verdict == "REVOKED" for file, verdict in lines}
