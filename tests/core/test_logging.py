"""Log lines: no secrets, one line each, nothing that a terminal acts on."""

import json
import logging
import sys
from time import perf_counter

import pytest

from gatehouse.core.logging import Lines, RequestLog, blank
from gatehouse.core.settings import read_settings
from gatehouse.core.tokens import SESSION, mint

SECRET = "hunter2-and-then-some"
# What moves a cursor, breaks a line, or begins an escape sequence.
EVIL = "\r\nforged line\x1b[2J\x07\x00\x9b31m\u2028next"
CONTROLS = [chr(n) for n in [*range(32), *range(127, 160)]]


def record(message: str, *arguments: object, error: BaseException | None = None, **extra: str):
    trace = (type(error), error, error.__traceback__) if error else None
    made = logging.LogRecord("gatehouse", logging.ERROR, __file__, 1, message, arguments, trace)
    vars(made).update(extra)
    return made


def settings(**overrides: str):
    return read_settings({"FLASK_ENV": "testing", "LOG_LEVEL": "info", **overrides})


@pytest.mark.parametrize(
    "text",
    [
        f"Authorization: Bearer {SECRET}",
        f"authorization: bearer {SECRET}",
        f"Authorization: Basic {SECRET}",
        f"postgresql+psycopg://gatehouse:{SECRET}@db:5432/x",
        f"redis://:{SECRET}@127.0.0.1:6379/0",
        f"password={SECRET}",
        f"password = {SECRET} host=db",
        f'{{"password": "{SECRET}"}}',
        f"{{'new_password': '{SECRET}', 'x': 1}}",
        f"PASSWORD: {SECRET}",
        f"client_secret={SECRET}",
        f"refresh_token={SECRET}&x=1",
        f"/callback?code={SECRET}&state=x",
        f"api_key: {SECRET}",
        f"SECRET_KEY={SECRET}",
        f"ENCRYPTION_KEY={SECRET}",
    ],
)
def test_a_secret_that_can_be_recognised_is_blanked(text):
    """Threat 75."""
    assert SECRET not in blank(text)
    assert "[blanked]" in blank(text)


@pytest.mark.parametrize("quote", ['"', "'"])
def test_a_quoted_secret_is_blanked_to_its_end(quote):
    text = f"{{{quote}password{quote}: {quote}correct horse, battery & staple{quote}}}"

    assert not any(word in blank(text) for word in ("correct", "horse", "battery", "staple"))


def test_our_own_tokens_are_blanked_wherever_they_stand():
    token = mint(SESSION)

    for text in (token, f"/reset/{token}/x", f"[{token}]", f"x{token}"):
        assert token[4:] not in blank(text)


@pytest.mark.parametrize(
    "text",
    [
        "The password was changed.",
        "GET /api/v1/auth/me 200",
        "passwords in a row: none",
        "refused: login_required: Nobody",
        "https://id.example.org/path",
    ],
)
def test_what_is_no_secret_stays(text):
    assert blank(text).split()[:2] == text.split()[:2]


@pytest.mark.parametrize("as_json", [True, False])
def test_messages_and_traces_leave_without_secrets(as_json):
    error = RuntimeError(f"connecting to postgresql://u:{SECRET}@db failed")
    made = record("token=%s", SECRET, error=error)

    line = Lines(as_json=as_json).format(made)

    assert SECRET not in line
    assert "RuntimeError" in line


@pytest.mark.parametrize("as_json", [True, False])
def test_a_message_cannot_forge_a_line(as_json):
    """Threat 207."""
    line = Lines(as_json=as_json).format(record("sign-in of %s", EVIL, request_id="r-1234567"))

    assert "\n" not in line
    assert not any(sign in line for sign in CONTROLS), ascii(line)
    assert "r-1234567" in line


def test_a_json_line_is_one_object_and_keeps_the_message():
    line = json.loads(Lines(as_json=True).format(record('a "quoted" %s', EVIL, job="purge")))

    assert line["message"].startswith('a "quoted"')
    assert "forged line" in line["message"]
    assert (line["level"], line["logger"], line["job"]) == ("error", "gatehouse", "purge")
    assert line["time"].endswith("Z")


def test_a_trace_for_people_holds_nothing_that_a_terminal_acts_on():
    """Threat 207: what a caller sent may stand in the text of an error."""
    error = ValueError("\x1b[2J\x9b31m\x07")

    line = Lines(as_json=False).format(record("Unexpected error", error=error))

    assert not any(sign in line for sign in CONTROLS if sign != "\n"), ascii(line)


def environ(**changes: object):
    return {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": "/nowhere",
        "QUERY_STRING": f"token={SECRET}",
        "gatehouse.request_id": "r-12345678",
        "gatehouse.client": "192.0.2.1",
        **changes,
    }


@pytest.mark.parametrize("log_format", ["json", "text"])
def test_the_line_of_a_request_has_no_query_string(capfd, log_format):
    """Threat 83."""
    RequestLog(settings(LOG_FORMAT=log_format)).write(environ(), 404, 1.234)

    line = capfd.readouterr().out
    assert SECRET not in line
    assert "?" not in line
    assert "GET" in line
    assert "/nowhere" in line
    assert "404" in line


def test_the_line_of_a_request_names_the_route_rather_than_the_path(capfd):
    changes = {"gatehouse.route": "/orgs/<uuid:org_id>", "gatehouse.user": "u-1"}

    RequestLog(settings(LOG_FORMAT="json")).write(environ(**changes), 200, 1.234)

    line = json.loads(capfd.readouterr().out)
    assert line["path"] == "/orgs/<uuid:org_id>"
    assert (line["status"], line["ms"], line["user"]) == (200, 1.23, "u-1")
    assert (line["request_id"], line["client"]) == ("r-12345678", "192.0.2.1")


@pytest.mark.parametrize("log_format", ["json", "text"])
def test_a_path_cannot_forge_a_line(capfd, log_format):
    """Threat 207."""
    log = RequestLog(settings(LOG_FORMAT=log_format))

    log.write(environ(PATH_INFO=f"/x{EVIL}", REQUEST_METHOD="GET\r\nX"), 404, 1)

    out = capfd.readouterr().out
    assert out.count("\n") == 1
    assert not any(sign in out.rstrip("\n") for sign in CONTROLS), ascii(out)


def test_a_token_in_a_path_is_blanked(capfd):
    token = mint(SESSION)

    RequestLog(settings()).write(environ(PATH_INFO=f"/reset/{token}"), 404, 1)

    assert token[4:] not in capfd.readouterr().out


@pytest.mark.parametrize(
    ("level", "is_on"), [("debug", True), ("info", True), ("warning", False), ("error", False)]
)
def test_requests_are_logged_from_level_info_down(level, is_on):
    assert RequestLog(settings(LOG_LEVEL=level)).is_on is is_on


def test_a_line_is_written_whole_at_once(capfd, monkeypatch):
    """Several workers share the stream, so buffers of their own would mix their lines."""
    monkeypatch.setattr(sys, "stdout", None)

    RequestLog(settings()).write(environ(), 200, 1)

    assert capfd.readouterr().out.endswith("\n")


@pytest.mark.parametrize("part", ["a", "password", "a_", "://", 'token="', "gha_", "bearer "])
def test_the_time_to_blank_grows_with_the_text_and_not_faster(part):
    """Threat 65: what a caller sends must not buy seconds of ours."""
    started = perf_counter()

    blank(part * (100_000 // len(part)))

    assert perf_counter() - started < 1


def test_a_long_path_is_cut_in_the_line_of_a_request(capfd):
    RequestLog(settings(LOG_FORMAT="json")).write(environ(PATH_INFO="/" + "a" * 9000), 404, 1.0)

    assert len(capfd.readouterr().out) < 600
