"""Log lines: one JSON object each in production, one readable line in development. No secrets."""

import logging
import os
import re
import sys
import traceback
from datetime import UTC, datetime
from typing import Any

import orjson

from gatehouse.core.settings import Settings

STANDARD_OUTPUT = 1
LOGGER = logging.getLogger("gatehouse")
LINE = orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE
LONGEST_PATH = 200  # characters of a path that is no route of ours
BLANK = "[blanked]"

# Our own tokens by their prefix, signed ones (RFC 7519), bearer and basic credentials; passwords
# inside URLs, such as a driver's error message repeats them; and pairs whose name says that the
# value is a secret. The error login_required looks like one of our tokens, and is none. Each part
# is bounded, so that the time is linear in what a caller sends.
SECRETS = re.compile(
    r"gat_[A-Za-z0-9._=-]{8,4000}|(?!gin_required\b)g[a-z]{2}_[A-Za-z0-9]{8,}|eyJ[A-Za-z0-9_-]{8,300}\.[A-Za-z0-9_.-]+"
    r"|(?<=bearer )\S+|(?<=basic )\S+"
    r"|(?<=://)[^/\s:@]*:[^/\s@]+(?=@)"
    r"|(?:password|secret|token|api_?key|encryption_key|(?<![a-z_])code)[a-z_]{0,20}"
    r"[\"']?\s{0,3}[=:]\s{0,3}(?:\"[^\"]*\"?|'[^']*'?|[^\s\"'&,}]+)",
    re.IGNORECASE,
)


def blank(text: str) -> str:
    """Take every secret that we can recognise out of ``text``."""
    return SECRETS.sub(BLANK, text)


class Lines(logging.Formatter):
    """Formats records as JSON lines (``as_json``) or for a person at a terminal."""

    def __init__(self, *, as_json: bool) -> None:
        super().__init__()
        self._as_json = as_json

    def format(self, record: logging.LogRecord) -> str:
        extra = {k: v for k, v in vars(record).items() if k in ("request_id", "job")}
        message = _printable(blank(record.getMessage()))
        trace = _trace(record)
        if not self._as_json:
            fields = "".join(f" {key}={value}" for key, value in extra.items())
            return "\n".join([f"{record.levelname.lower()} {message}{fields}", *trace])
        line = {
            "time": _time(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": message,
            **extra,
        }
        return orjson.dumps(line | ({"trace": trace} if trace else {}), default=str).decode()


def _trace(record: logging.LogRecord) -> list[str]:
    """The lines of the exception that a record carries, if any."""
    if not record.exc_info:
        return []
    text = blank("".join(traceback.format_exception(*record.exc_info)))
    return [_printable(line) for line in text.splitlines()]


def install(settings: Settings) -> None:
    """Send our log and the libraries' warnings to standard output, in one form."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(Lines(as_json=settings.log_format == "json"))
    LOGGER.handlers[:] = [handler]
    LOGGER.setLevel(settings.log_level.upper())
    LOGGER.propagate = False


class RequestLog:
    """One line per request, written with one system call: several workers share the stream."""

    def __init__(self, settings: Settings) -> None:
        self._as_json = settings.log_format == "json"
        self.is_on = settings.log_level in ("debug", "info")

    def write(self, environ: dict[str, Any], status: int, milliseconds: float) -> None:
        asked = environ.get("PATH_INFO", "")[:LONGEST_PATH]
        path = _printable(environ.get("gatehouse.route") or blank(asked))
        if self._as_json:
            fields = {
                "time": datetime.now(UTC),
                "level": "info",
                "event": "request",
                "method": environ.get("REQUEST_METHOD", ""),
                "path": path,
                "status": status,
                "ms": round(milliseconds, 2),
                "request_id": environ["gatehouse.request_id"],
                "client": environ["gatehouse.client"],
                "user": environ.get("gatehouse.user"),
            }
            line = orjson.dumps(fields, default=_printable, option=LINE)
        else:
            text = f"{environ.get('REQUEST_METHOD', '')} {path} {status} {milliseconds:.0f} ms"
            line = _printable(text).encode() + b"\n"
        os.write(STANDARD_OUTPUT, line)


def _printable(text: Any) -> str:
    """Leave nothing that a terminal or a line-based reader would act on."""
    said = str(text)
    if said.isprintable():
        return said
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in said)


def _time() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
