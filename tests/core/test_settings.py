"""Reading settings: defaults, files, and what is refused in every environment."""

from datetime import timedelta
from pathlib import Path

import pytest

from gatehouse.core.settings import (
    DEVELOPMENT_SECRET,
    ROOT,
    Environment,
    SettingsRefused,
    is_loopback,
    is_origin,
    read_settings,
    setting_names,
)
from gatehouse.core.settings.checks import is_monotonous, is_well_known
from gatehouse.core.settings.strange import strange_names

GOOD_SECRET = "kX9vQ2mT7pL4wZ8rB3nY6cF1hJ5dG0sA"  # 32 characters


@pytest.fixture(autouse=True)
def _nothing_is_set(monkeypatch: pytest.MonkeyPatch):
    for name in setting_names():
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(f"{name}_FILE", raising=False)


def read(**overrides: str):
    return read_settings({"FLASK_ENV": "testing", **overrides})


def refusal(**overrides: str) -> str:
    with pytest.raises(SettingsRefused) as refused:
        read(**overrides)
    return str(refused.value)


def test_development_is_the_default_and_needs_nothing():
    settings = read_settings({"FLASK_ENV": "development"})

    assert settings.environment is Environment.DEVELOPMENT
    assert settings.database_url == f"sqlite:///{ROOT / 'instance' / 'gatehouse.db'}"
    assert settings.secret_key == DEVELOPMENT_SECRET
    assert settings.encryption_keys == (DEVELOPMENT_SECRET,)
    assert settings.bcrypt_log_rounds == 12
    assert (settings.log_level, settings.log_format) == ("info", "text")
    assert not settings.in_production


def test_testing_has_a_database_of_its_own_and_cheap_hashes():
    settings = read()

    assert settings.environment is Environment.TESTING
    assert settings.database_url.endswith("/instance/testing.db")
    assert settings.bcrypt_log_rounds == 4


def test_what_nobody_set_has_the_documented_value():
    settings = read()

    assert settings.redis_url == ""
    assert settings.app_url == "http://localhost:5000"
    assert (settings.host, settings.port) == ("127.0.0.1", 5000)
    assert settings.cors_origins == ()
    assert settings.trusted_proxy_hops == 0
    assert settings.registration_enabled
    assert settings.password_hasher == "bcrypt"
    assert settings.sessions.idle == timedelta(minutes=15)
    assert settings.sessions.absolute == timedelta(hours=8)
    assert settings.sessions.remember_idle is None
    assert settings.sessions.remember_absolute is None
    assert settings.sessions.persist_interval == timedelta(seconds=60)
    assert settings.ratelimit_enabled
    assert settings.ratelimits == {
        "login": "20/minute;100/hour",
        "register": "10/minute;50/hour",
        "forgot": "5/minute;20/hour",
        "reset": "10/minute;30/hour",
        "contact": "5/hour",
        "api": "600/minute",
        "authorize": "300/minute;3000/hour",
        "client": "60/minute;600/hour",
        "device": "5/minute;30/hour",
        "registration": "20/hour",
        "ssh_sign": "30/minute",
        "ssh_files": "6000/minute",
    }
    assert (settings.jobs.name, settings.jobs.interval_seconds) == ("", 300)


def test_production_writes_its_log_as_json():
    settings = read_settings(
        {
            "FLASK_ENV": "production",
            "SECRET_KEY": GOOD_SECRET,
            "ENCRYPTION_KEY": GOOD_SECRET[::-1],
            "DATABASE_URL": "postgresql://u:p@db/gatehouse",
            "APP_URL": "https://id.example.org/",
        }
    )

    assert settings.in_production
    assert settings.is_https
    assert settings.app_url == "https://id.example.org"
    assert settings.log_format == "json"
    assert settings.bcrypt_log_rounds == 12


def test_the_own_address_follows_the_port():
    assert read(PORT="8123").app_url == "http://localhost:8123"


def test_the_environment_is_read_and_blanks_around_values_do_not_count(monkeypatch):
    monkeypatch.setenv("FLASK_ENV", "testing")
    monkeypatch.setenv("HOST", "  0.0.0.0 ")
    monkeypatch.setenv("PORT", "")

    settings = read_settings()

    assert (settings.host, settings.port) == ("0.0.0.0", 5000)  # noqa: S104


def test_settings_are_frozen():
    with pytest.raises(AttributeError):
        read().secret_key = "another"


def test_a_secret_can_be_mounted_as_a_file(monkeypatch, tmp_path: Path):
    (tmp_path / "secret").write_text(f"{GOOD_SECRET}\n")
    monkeypatch.setenv("SECRET_KEY_FILE", str(tmp_path / "secret"))

    assert read().secret_key == GOOD_SECRET


def test_a_secret_file_that_is_not_there_is_refused_by_name(monkeypatch, tmp_path: Path):
    monkeypatch.setenv("SECRET_KEY_FILE", str(tmp_path / "missing"))

    assert "SECRET_KEY" in refusal()


def test_several_encryption_keys_are_kept_in_their_order():
    keys = read(ENCRYPTION_KEY=f"{GOOD_SECRET} , {GOOD_SECRET[::-1]},").encryption_keys

    assert keys == (GOOD_SECRET, GOOD_SECRET[::-1])


@pytest.mark.parametrize(
    ("given", "read_as"),
    [
        ("postgres://u:p@db/x", "postgresql+psycopg://u:p@db/x"),
        ("postgresql://u:p@db/x", "postgresql+psycopg://u:p@db/x"),
        ("postgresql+psycopg://u:p@db/x", "postgresql+psycopg://u:p@db/x"),
        ("sqlite:////tmp/x.db", "sqlite:////tmp/x.db"),
    ],
)
def test_a_database_address_names_its_driver(given, read_as):
    assert read(DATABASE_URL=given).database_url == read_as


def test_the_folder_of_a_database_file_is_never_made_elsewhere_than_in_its_default_place(tmp_path):
    folder = tmp_path / "mistyped"

    with pytest.raises(SettingsRefused, match=f"DATABASE_URL names a file in {folder}, "):
        read(DATABASE_URL=f"sqlite:///{folder}/x.db?timeout=5")

    assert not folder.exists()
    for url in ("sqlite://", "sqlite:///:memory:", "sqlite:///file:x?mode=memory&uri=true"):
        assert read(DATABASE_URL=url).database_url == url
    assert read(DATABASE_URL="").database_url.startswith(f"sqlite:///{ROOT}/instance/")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("FLASK_ENV", "staging"),
        ("PORT", "80a"),
        ("PORT", "-1"),
        ("PORT", "1.5"),
        ("PORT", "٣"),
        ("PORT", "²"),
        ("PORT", "9" * 5000),
        ("TRUSTED_PROXY_HOPS", "one"),
        ("SESSION_IDLE_TIMEOUT", "15m"),
        ("SESSION_ABSOLUTE_TIMEOUT", "9" * 30),
        ("SESSION_IDLE_TIMEOUT", "0"),
        ("SESSION_IDLE_TIMEOUT", "28801"),
        ("SESSION_REMEMBER_IDLE_TIMEOUT", "60"),
        ("REGISTRATION_ENABLED", "maybe"),
        ("PORT", "0"),
        ("PORT", "65536"),
        ("SMTP_PORT", "99999"),
        ("RATELIMIT_ENABLED", "2"),
        ("PASSWORD_HASHER", "md5"),
        ("LOG_LEVEL", "loud"),
        ("LOG_FORMAT", "xml"),
        ("BCRYPT_LOG_ROUNDS", "3"),
        ("BCRYPT_LOG_ROUNDS", "17"),
        ("DATABASE_URL", "mysql://u:p@db/x"),
        ("DATABASE_URL", "postgresql://u:p@db:port/x"),
        ("DATABASE_URL", "postgresql://u:p@[::1/x"),
        ("DATABASE_URL", "sqlite://x.db"),
        ("REDIS_URL", "http://redis"),
        ("REDIS_URL", "redis://:with#hash@redis:6379/0"),
        ("REDIS_URL", "redis://[::1"),
        ("APP_URL", "localhost:5000"),
        ("APP_URL", "ftp://id.example.org"),
        ("APP_URL", "https://"),
        ("APP_URL", "https://id.example.org/?x=1"),
        ("APP_URL", "https://id.example.org/#x"),
        ("APP_URL", "http://[::1"),
        ("CORS_ORIGINS", "*"),
        ("CORS_ORIGINS", "https://app.example.org,null"),
        ("CORS_ORIGINS", "https://[::1"),
        ("SECRET_KEY", "short"),
        ("ENCRYPTION_KEY", f"{GOOD_SECRET},short"),
        ("ENCRYPTION_KEY", ","),
    ],
)
def test_a_wrong_value_is_refused_by_the_name_of_its_setting(name, value):
    assert name in refusal(**{name: value})


def test_an_address_of_another_kind_wants_no_driver(monkeypatch):
    monkeypatch.setattr("gatehouse.core.settings.checks.find_spec", lambda _name: None)

    other = refusal(DATABASE_URL="mysql://u:p@db/x", REDIS_URL="http://redis")
    ours = refusal(DATABASE_URL="postgresql://u:p@db/x", REDIS_URL="redis://redis")

    assert "driver" not in other
    assert ours.count("driver") == 2


def test_a_refused_address_is_told_without_its_password():
    text = refusal(DATABASE_URL="postgresql://u:hunter2@db:p/x", REDIS_URL="redis://:hunter2#@r")

    assert "%23" in text
    assert "hunter2" not in text


def test_remember_me_times_go_together_and_idle_is_the_shorter():
    assert "go together" in refusal(SESSION_REMEMBER_ABSOLUTE_TIMEOUT="60")
    assert "SESSION_REMEMBER_IDLE_TIMEOUT" in refusal(
        SESSION_REMEMBER_IDLE_TIMEOUT="61", SESSION_REMEMBER_ABSOLUTE_TIMEOUT="60"
    )
    settings = read(SESSION_REMEMBER_IDLE_TIMEOUT="60", SESSION_REMEMBER_ABSOLUTE_TIMEOUT="60")
    assert settings.sessions.remember_idle == timedelta(seconds=60)


def test_wrong_values_are_all_named_at_once():
    text = refusal(PORT="x", TRUSTED_PROXY_HOPS="y", REDIS_URL="http://redis", LOG_LEVEL="loud")

    assert all(name in text for name in ("PORT", "TRUSTED_PROXY_HOPS", "REDIS_URL", "LOG_LEVEL")), (
        text
    )


@pytest.mark.parametrize("word", ["true", "1", "YES", "On", "false", "0", "no", "OFF"])
def test_flags_take_the_usual_words(word):
    is_on = word.lower() in ("true", "1", "yes", "on")

    assert read(REGISTRATION_ENABLED=word).registration_enabled is is_on


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("https://app.example.org", True),
        ("http://localhost:3000", True),
        ("https://[::1]:8443", True),
        ("https://app.example.org/", False),
        ("https://app.example.org/path", False),
        ("https://app.example.org?x", False),
        ("https://app.example.org#x", False),
        ("https://user@app.example.org", False),
        ("https://user:pass@app.example.org", False),
        ("https://app.example.org:port", False),
        ("https://app.example.org:99999", False),
        ("https://*.example.org", False),
        ("ftp://app.example.org", False),
        ("app.example.org", False),
        ("//app.example.org", False),
        ("https://", False),
        ("null", False),
        ("*", False),
        ("", False),
    ],
)
def test_an_origin_is_scheme_host_and_port_only(text, is_one):
    assert is_origin(text) is is_one


@pytest.mark.parametrize(
    ("host", "is_one"),
    [
        ("localhost", True),
        ("id.localhost", True),
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("0.0.0.0", False),  # noqa: S104
        ("10.0.0.1", False),
        ("127.0.0.1.example.org", False),
        ("localhost.example.org", False),
        ("notlocalhost", False),
        ("", False),
    ],
)
def test_loopback_is_this_machine_only(host, is_one):
    assert is_loopback(host) is is_one


@pytest.mark.parametrize(
    ("secret", "is_one"),
    [
        (DEVELOPMENT_SECRET, True),
        ("changeme" * 4, True),
        ("CHANGE-ME-CHANGE-ME-CHANGE-ME-123", True),
        ("please_change_me_before_production_9", True),
        ("your-secret-key-of-thirty-two-chars", True),
        ("an-example-key-of-thirty-two-characters", True),
        ("a" * 64, False),
        (GOOD_SECRET, False),
        ("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", False),
    ],
)
def test_a_default_or_a_placeholder_is_well_known(secret, is_one):
    assert is_well_known(secret) is is_one


@pytest.mark.parametrize(
    ("secret", "is_one"),
    [("a" * 64, True), ("0123456" * 10, True), ("01234567" * 10, False), (GOOD_SECRET, False)],
)
def test_a_secret_of_few_characters_is_monotonous(secret, is_one):
    assert is_monotonous(secret) is is_one


def test_no_secret_shows_when_settings_are_printed():
    settings = read(SECRET_KEY=GOOD_SECRET, DATABASE_URL="postgresql://u:hunter2@db/x")

    assert GOOD_SECRET not in repr(settings)
    assert "hunter2" not in repr(settings)


def test_names_that_nobody_reads_are_told_with_the_nearest(tmp_path):
    file = tmp_path / ".env"
    file.write_text(
        "SMTP_HOTS=hunter2\nSMTP_PORT=25\nSECRET_KEY_FILE=/x\nMY_OWN=1\nFLASK_APP=x\n"
        "FLASK_EVN=production\nPYTHONPATH=.\nsmtp_user=kim\n"
        "DATABASE_PASSWORD\nk9Zs3condL1neOfASecret\nk9Zs3condL1neOfASecret==\n"
    )
    around = {"REDIS_URI": "hunter2", "HOSTS": "x", "LANG": "C", "SMTP_HOTS": "x", "PORT": "1"}

    told = list(strange_names(sorted(setting_names()), around, file))

    assert told == [
        ".env names SMTP_HOTS, which is no setting. Is SMTP_HOST meant?",
        ".env names MY_OWN, which is no setting.",
        ".env names FLASK_EVN, which is no setting. Is FLASK_ENV meant?",
        ".env names smtp_user, which is no setting. Is SMTP_USER meant?",
        "REDIS_URI is set, and is no setting. Is REDIS_URL meant?",
    ]


def test_an_address_whose_password_is_not_escaped_is_refused_without_it():
    with pytest.raises(SettingsRefused) as refusal:
        read(DATABASE_URL="postgresql://u:Tr0ub4dor@Zx9secret@127.0.0.1/db")

    assert "more than one @" in str(refusal.value)
    assert "Zx9secret" not in str(refusal.value)


def test_every_setting_is_a_name_that_is_read(tmp_path):
    known = sorted(setting_names())

    assert list(strange_names(known, dict.fromkeys(known, ""), None)) == []
    assert list(strange_names(known, {}, tmp_path / "missing")) == []
