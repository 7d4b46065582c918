"""What production refuses to start with, all of it named at once (threat 76)."""

import pytest

from gatehouse.core.settings import DEVELOPMENT_SECRET, SettingsRefused, read_settings

GOOD_SECRET = "kX9vQ2mT7pL4wZ8rB3nY6cF1hJ5dG0sA"
GOOD = {
    "FLASK_ENV": "production",
    "SECRET_KEY": GOOD_SECRET,
    "ENCRYPTION_KEY": GOOD_SECRET[::-1],
    "DATABASE_URL": "postgresql://u:p@db/gatehouse",
    "APP_URL": "https://id.example.org",
}


def refusal(**overrides: str) -> str:
    with pytest.raises(SettingsRefused) as refused:
        read_settings({**GOOD, **overrides})
    return str(refused.value)


def test_good_settings_are_accepted():
    assert read_settings(GOOD).in_production


def test_an_empty_environment_is_refused_with_every_missing_setting():
    text = refusal(SECRET_KEY="", ENCRYPTION_KEY="", DATABASE_URL="", APP_URL="http://id.test")

    assert "SECRET_KEY is missing" in text
    assert "ENCRYPTION_KEY is missing" in text
    assert "DATABASE_URL is missing" in text
    assert "APP_URL must be https" in text
    assert "openssl rand -hex 32" in text


@pytest.mark.parametrize("name", ["SECRET_KEY", "ENCRYPTION_KEY"])
@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("", "missing"),
        ("   ", "missing"),
        (GOOD_SECRET[:31], "shorter than 32"),
        (DEVELOPMENT_SECRET, "a well-known value"),
        ("changeme-changeme-changeme-changeme", "a well-known value"),
    ],
)
def test_a_missing_short_or_well_known_secret_is_refused(name, value, says):
    """Threat 76."""
    text = refusal(**{name: value})

    assert f"{name} is {says}" in text


@pytest.mark.parametrize("name", ["SECRET_KEY", "ENCRYPTION_KEY"])
def test_a_secret_of_few_characters_is_called_what_it_is(name):
    text = refusal(**{name: "x" * 64})

    assert f"{name} can be guessed: it has fewer than 8 different characters." in text
    assert "well-known" not in text


@pytest.mark.parametrize("value", ["", GOOD_SECRET[:31], DEVELOPMENT_SECRET, "x" * 64])
def test_every_refused_secret_is_told_how_to_make_one(value):
    (line,) = [line for line in refusal(SECRET_KEY=value).splitlines() if "SECRET_KEY" in line]

    assert line.endswith("Make one with: openssl rand -hex 32")


def test_a_missing_database_is_told_once():
    lines = [line for line in refusal(DATABASE_URL="").splitlines() if "DATABASE_URL" in line]

    assert lines == [
        "  - DATABASE_URL is missing. Name a database: postgresql://user:password@host/name"
    ]


def test_one_weak_key_among_several_is_refused():
    assert "ENCRYPTION_KEY" in refusal(ENCRYPTION_KEY=f"{GOOD_SECRET},{DEVELOPMENT_SECRET}")


def test_a_refusal_never_repeats_the_secret():
    short = GOOD_SECRET[:31]

    assert short not in refusal(SECRET_KEY=short)


@pytest.mark.parametrize("rounds", ["4", "11"])
def test_cheap_hashes_are_refused(rounds):
    assert "BCRYPT_LOG_ROUNDS must be at least 12" in refusal(BCRYPT_LOG_ROUNDS=rounds)


@pytest.mark.parametrize(
    "url",
    [
        "http://id.example.org",
        "http://localhost.example.org",
        "http://127.0.0.1.example.org",
        "http://localhost@id.example.org",
        "http://0.0.0.0",
        "http://10.0.0.1",
    ],
)
def test_plain_http_is_refused(url):
    assert "APP_URL must be https" in refusal(APP_URL=url)


@pytest.mark.parametrize(
    "url", ["http://localhost:5000", "http://127.0.0.1:5000", "http://[::1]:5000", GOOD["APP_URL"]]
)
def test_https_and_this_machine_are_accepted(url):
    assert read_settings({**GOOD, "APP_URL": url}).app_url == url


def test_all_that_is_weak_is_named_at_once():
    text = refusal(
        SECRET_KEY=DEVELOPMENT_SECRET,
        ENCRYPTION_KEY="short",
        APP_URL="http://id.example.org",
        BCRYPT_LOG_ROUNDS="4",
        CORS_ORIGINS="*",
    )

    for name in ("SECRET_KEY", "ENCRYPTION_KEY", "APP_URL", "BCRYPT_LOG_ROUNDS", "CORS_ORIGINS"):
        assert f"- {name} " in text
