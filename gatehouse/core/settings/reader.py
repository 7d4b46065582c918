"""Reading single settings: overrides, then files named by NAME_FILE, then the environment."""

import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from environs import Env

ROOT = Path(__file__).resolve().parents[3]


class Reader:
    """Environs, plus overrides, plus ``NAME_FILE`` for secrets that are mounted as files."""

    def __init__(self, overrides: Mapping[str, str]) -> None:
        self.names: set[str] = set()
        self.problems: list[str] = []
        self._env = Env()
        self._overrides = overrides
        if self.text("FLASK_ENV", "development") == "development":
            self._env.read_env(str(ROOT / ".env"), recurse=False)

    def text(self, name: str, default: str = "") -> str:
        self.names.add(name)
        if name in self._overrides:
            return self._overrides[name].strip()
        if path := self._env.str(f"{name}_FILE", ""):
            return self._content_of(name, path)
        return self._env.str(name, "").strip() or default

    def _content_of(self, name: str, path: str) -> str:
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            self.problems.append(f"{name}_FILE cannot be read: {error}.")
            return ""

    def number(self, name: str, default: int) -> int:
        text = self.text(name, str(default))
        if not re.fullmatch(r"[0-9]{1,9}", text):
            self.problems.append(f"{name} must be a whole number of at most 9 digits.")
            return default
        return int(text)

    def flag(self, name: str, *, default: bool) -> bool:
        text = self.text(name, str(default)).lower()
        if text not in ("true", "1", "yes", "on", "false", "0", "no", "off"):
            self.problems.append(f"{name} must be true or false, not {text!r}.")
            return default
        return text in ("true", "1", "yes", "on")

    def many(self, name: str, default: str = "") -> tuple[str, ...]:
        return tuple(part.strip() for part in self.text(name, default).split(",") if part.strip())

    def duration(self, name: str, default: int) -> timedelta:
        return timedelta(seconds=self.number(name, default))

    def choice(self, name: str, choices: tuple[str, ...]) -> str:
        text = self.text(name, choices[0]).lower()
        if text not in choices:
            self.problems.append(f"{name} must be one of {', '.join(choices)}, not {text!r}.")
            return choices[0]
        return text
