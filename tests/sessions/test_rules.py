"""When a session ends, and what device it speaks of, as tables."""

from datetime import UTC, datetime, timedelta

import pytest

from gatehouse.sessions.rules import device_in_words, device_of, is_worth_writing, slack, slid

NOW = datetime(2026, 3, 14, 12, tzinfo=UTC)
IDLE = timedelta(minutes=15)


def after(**time: float) -> datetime:
    return NOW + timedelta(**time)


@pytest.mark.parametrize(
    ("ends_at", "expires_at"),
    [
        (after(hours=8), after(minutes=15)),
        (after(minutes=15), after(minutes=15)),
        (after(minutes=14, seconds=59), after(minutes=14, seconds=59)),
        (after(seconds=1), after(seconds=1)),
        (NOW, NOW),
    ],
)
def test_a_session_slides_by_its_idle_time_and_never_past_its_end(ends_at, expires_at):
    assert slid(NOW, IDLE, ends_at) == expires_at


@pytest.mark.parametrize(
    ("idle", "most"),
    [
        (timedelta(seconds=15), timedelta(seconds=1)),
        (timedelta(minutes=5), timedelta(seconds=20)),
        (timedelta(minutes=15), timedelta(seconds=60)),
        (timedelta(days=30), timedelta(seconds=60)),
    ],
)
def test_the_stored_expiry_lags_by_a_minute_or_a_fifteenth_of_the_idle_time(idle, most):
    assert slack(idle) == most


@pytest.mark.parametrize(
    ("later_by", "is_written"),
    [
        (timedelta(seconds=-1), False),
        (timedelta(0), False),
        (timedelta(seconds=60), False),
        (timedelta(seconds=60, microseconds=1), True),
        (timedelta(hours=1), True),
    ],
)
def test_a_new_expiry_is_written_once_it_is_later_by_more_than_the_slack(later_by, is_written):
    assert is_worth_writing(NOW, NOW + later_by, IDLE) is is_written


WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) "
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) "
WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko) "


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (WINDOWS + WEBKIT + "Chrome/126.0 Safari/537.36", ("Chrome", "Windows", "desktop")),
        (WINDOWS + WEBKIT + "Chrome/126.0 Safari/537.36 Edg/126.0", ("Edge", "Windows", "desktop")),
        (MAC + WEBKIT + "Chrome/126.0 Safari/537.36 OPR/112.0", ("Opera", "macOS", "desktop")),
        (MAC + "AppleWebKit/605.1.15 Version/17.5 Safari/605.1", ("Safari", "macOS", "desktop")),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Safari/604.1",
            ("Safari", "iPhone", "mobile"),
        ),
        (
            "Mozilla/5.0 (Linux; Android 14) " + WEBKIT + "Chrome/126.0 Mobile Safari/537.36",
            ("Chrome", "Android", "mobile"),
        ),
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0",
            ("Firefox", "Linux", "desktop"),
        ),
        ("Mozilla/5.0 (X11; CrOS x86_64) Chrome/126.0", ("Chrome", "ChromeOS", "desktop")),
        ("curl/8.5.0", ("curl", None, None)),
        ("python-requests/2.32", ("Python", None, None)),
        ("something else", (None, None, None)),
        ("", (None, None, None)),
        (None, (None, None, None)),
    ],
)
def test_a_user_agent_tells_browser_system_and_device(agent, words):
    assert tuple(device_of(agent)[key] for key in ("browser", "os", "device")) == words


LONG, OURS = "a" * 65, "Gatehouse command line"


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (
            "Gatehouse-CLI/1.0.0 (Linux; kims-laptop)",
            f"{OURS} on Linux, kims-laptop",
        ),
        ("Gatehouse-CLI/1.0.0 (Mac OS X; kim.local)", f"{OURS} on macOS, kim.local"),
        ("Gatehouse-CLI/1.0.0 (Linux; )", f"{OURS} on Linux"),
        ("Gatehouse-CLI/1.0.0 (Linux; say yes)", f"{OURS} on Linux"),
        (f"Gatehouse-CLI/1.0.0 (Linux; {LONG})", f"{OURS} on Linux"),
        ("Gatehouse-CLI/1.0.0 (Plan 9; glenda)", OURS),
        ("Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0", "Firefox on Linux"),
        (None, "Unknown device"),
    ],
)
def test_a_device_is_called_as_people_would(agent: str | None, words: str):
    """SSH-34: a command line by its machine, and only by what can be the name of one."""
    assert str(device_in_words(agent)) == words
