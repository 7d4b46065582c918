"""What ``ssh-keygen -L`` shows of a certificate, as values."""

import re
from datetime import UTC, datetime
from pathlib import Path

from tests.openssh import keygen

MOST = 2**64 - 1


def shown(file: Path) -> dict:
    """Read what is shown, of which lines deeper than the rest belong to a list."""
    text = keygen("-L", "-f", file)
    plain = dict(re.findall(r"^ {8}([A-Z][A-Za-z ]+?): ?(.*)$", text, re.MULTILINE))
    return {
        "type": plain["Type"].split()[0],
        "kind": plain["Type"].split()[1],
        "subject": plain["Public key"].split()[1],
        "authority": plain["Signing CA"].split()[1],
        "signed with": plain["Signing CA"].split()[3].rstrip(")"),
        "key_id": plain["Key ID"][1:-1],
        "serial": int(plain["Serial"]),
        "valid": validity(plain["Valid"]),
        "principals": under(text, "Principals"),
        "critical_options": options(text, "Critical Options"),
        "extensions": options(text, "Extensions"),
    }


def under(text: str, title: str) -> list[str]:
    """The lines below a title, or none."""
    block = re.search(rf"^ {{8}}{title}: ?(.*)\n((?: {{16}}.*\n)*)", text, re.MULTILINE)
    assert block
    return [line.strip() for line in block[2].splitlines()]


def options(text: str, title: str) -> dict[str, str]:
    pairs = [line.partition(" ") for line in under(text, title)]
    return {name: unknown(rest) for name, _, rest in pairs}


def unknown(value: str) -> str:
    """The value of an option that ssh-keygen does not know it shows with its length, in hex."""
    if value == "UNKNOWN FLAG OPTION":
        return ""
    found = re.fullmatch(r"UNKNOWN OPTION: (\w*) \(len \d+\)", value)
    return bytes.fromhex(found[1])[4:].decode() if found else value


def validity(text: str) -> tuple[int, int]:
    words = dict(re.findall(r"(from|after|to|before) (\S+)", text))
    assert words or text == "forever"
    after, before = (words.get("from", words.get("after")), words.get("to", words.get("before")))
    return seconds(after) if after else 0, seconds(before) if before else MOST


def seconds(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())
