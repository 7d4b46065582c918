"""What is shipped for deployment says what we mean, and the image holds all that it needs."""

import configparser
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from gatehouse.core.settings import ROOT, setting_names

DEPLOY = ROOT / "deploy"
DOCKERFILE = (DEPLOY / "Dockerfile").read_text()
COMPOSE = yaml.safe_load((DEPLOY / "docker-compose.yml").read_text())
NGINX = (DEPLOY / "nginx.conf").read_text()
README = (DEPLOY / "README.md").read_text()
SECRET = "kX9vQ2mT7pL4wZ8rB3nY6cF1hJ5dG0sA"  # 32 characters


def instructions(name: str) -> list[str]:
    whole = DOCKERFILE.replace("\\\n", " ")
    return re.findall(rf"^{name} (.+)$", whole, re.MULTILINE)


@pytest.mark.unit
def test_the_image_is_slim_runs_as_nobody_special_and_tells_its_health():
    assert all(image.split()[0] == "python:3.11-slim" for image in instructions("FROM"))
    assert instructions("USER") == ["gatehouse"]
    assert "/api/health/live" in instructions("HEALTHCHECK")[0]
    assert "--require-hashes" in DOCKERFILE
    assert "ADD " not in DOCKERFILE


@pytest.mark.slow
def test_the_image_holds_all_that_it_needs(tmp_path: Path):
    """Its COPY instructions, carried out without an engine; then its commands."""
    for line in instructions("COPY"):
        *sources, target = line.split()
        if sources[0].startswith("--from") or target.startswith("/"):
            continue
        for source in sources:
            here = ROOT / source
            place = tmp_path / target / ("" if here.is_dir() else here.name)
            copy = shutil.copytree if here.is_dir() else shutil.copy
            copy(here, place)
    settings = {
        "PATH": os.defpath,
        "FLASK_ENV": "production",
        "APP_URL": "https://id.example.test",
        "SECRET_KEY": SECRET,
        "ENCRYPTION_KEY": SECRET[::-1],
        "DATABASE_URL": f"sqlite:///{tmp_path / 'gatehouse.db'}",
    }

    def run(*command: str) -> str:
        done = subprocess.run(  # noqa: S603
            [sys.executable, *command],
            cwd=tmp_path,
            env=settings,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    assert "The schema went from nothing" in run("manage.py", "db", "upgrade")
    assert "cleanup_sessions" in run("manage.py", "jobs", "list")
    assert str(tmp_path) in run("-c", "import wsgi, gatehouse; print(gatehouse.__file__)")
    assert "verify_email_mail" in run("manage.py", "mail", "preview")


@pytest.mark.unit
def test_the_build_sends_nothing_that_it_does_not_copy():
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    sent = {line.removeprefix("!") for line in ignored if line.startswith("!")}
    copied = {source.split("/")[0] for line in instructions("COPY") for source in line.split()[:-1]}

    assert ignored[0] == "*"
    assert sent == {source for source in copied if source and not source.startswith("--")}


@pytest.mark.unit
def test_the_composition_is_what_we_document():
    services = COMPOSE["services"]

    assert set(services) == {"api", "worker", "postgres", "redis", "nginx"}
    assert services["nginx"]["ports"] == ["80:80", "443:443"]
    assert services["api"]["ports"] == ["127.0.0.1:5000:5000"]
    assert services["worker"]["command"][-1] == "worker"
    assert services["redis"]["command"][1:3] == ["--appendonly", "yes"]
    assert not any(services[name].get("ports") for name in ("postgres", "redis", "worker"))
    for name in ("api", "worker"):
        assert services[name]["read_only"] is True
        assert services[name]["cap_drop"] == ["ALL"]
        assert set(services[name]["environment"]) <= setting_names()
        assert services[name]["env_file"] == [".env"]
    assert all(":latest" not in str(service.get("image")) for service in services.values())


@pytest.mark.unit
def test_redis_and_the_database_are_out_of_reach_of_the_proxy_and_redis_wants_a_password():
    services = COMPOSE["services"]
    redis = services["redis"]
    assert {name: service["networks"] for name, service in services.items()} == {
        "api": ["front", "data"],
        "worker": ["front", "data"],
        "postgres": ["data"],
        "redis": ["data"],
        "nginx": ["front"],
    }
    assert COMPOSE["networks"] == {"front": None, "data": {"internal": True}}

    password = redis["command"][redis["command"].index("--requirepass") + 1]
    assert password.startswith("${REDIS_PASSWORD:?")
    assert redis["environment"]["REDISCLI_AUTH"] == password
    assert services["api"]["environment"]["REDIS_URL"] == f"redis://:{password}@redis:6379/0"
    assert "REDIS_PASSWORD=$(openssl" in README


@pytest.mark.unit
def test_every_setting_reaches_server_and_worker_but_what_the_composition_is_made_of():
    """What it sets itself wins over the file, so it sets nothing that somebody may choose."""
    service = COMPOSE["services"]["api"]

    fixed = {name for name, value in service["environment"].items() if ":?" not in value}
    assert fixed == {"FLASK_ENV", "HOST", "PORT", "TRUSTED_PROXY_HOPS"}
    assert service["environment"] == COMPOSE["services"]["worker"]["environment"]
    state = service["volumes"][0].partition(":")[2]
    assert state in DOCKERFILE
    assert f"AUDIT_HEAD_FILE={state}/" in README


@pytest.mark.unit
def test_the_steps_for_systemd_are_whole_and_in_order():
    """User, packages, database, settings, schema, units, proxy, and whether all is well."""
    steps = [
        *(
            "useradd",
            "pip install",
            "createdb",
            "/etc/gatehouse/environment",
            "gatehouse db upgrade",
        ),
        *("cp deploy/systemd", "daemon-reload", "enable --now gatehouse gatehouse-worker"),
        *("nginx.conf", "gatehouse doctor", "create-operator"),
    ]
    text = README.partition("## With systemd")[2]
    places = [text.index(step) for step in steps]

    assert places == sorted(places)
    named = set(re.findall(r"^([A-Z_]+)=", README, re.MULTILINE))
    assert named <= setting_names() | {"POSTGRES_PASSWORD", "REDIS_PASSWORD"}


@pytest.mark.unit
def test_the_proxy_shows_nobody_the_metrics():
    assert re.search(r"location = /metrics \{\s+return 404;\s+\}", NGINX)


@pytest.mark.unit
def test_the_proxy_writes_down_no_path_and_keeps_no_answer_on_disk():
    """Paths of links hold what opens an account (threat 83); answers without end fill a disk."""
    servers = NGINX.split("server {")[1:]

    for line in ("access_log off;", "error_log /var/log/nginx/error.log crit;"):
        assert [server.count(line) for server in servers] == [1, 1]
    assert re.search(r"proxy_max_temp_file_size (\d|[1-5]\d)m;", NGINX)
    assert "send_timeout 30s;" in NGINX


@pytest.mark.unit
def test_the_proxy_finds_a_new_container_of_the_api():
    assert re.search(r"server api:5000 resolve;", NGINX)
    assert "resolver 127.0.0.11" in NGINX
    assert COMPOSE["services"]["nginx"]["image"] == "nginx:1.27-alpine"


@pytest.mark.unit
def test_nobody_else_reads_the_settings_from_the_moment_they_are_written():
    files = re.findall(r"cat > (\S+)\)? <<END", README)

    assert files == [".env)", "/etc/gatehouse/environment)"]
    assert README.count("(umask 077 && cat > ") == len(files)


@pytest.mark.unit
def test_no_secret_has_a_default():
    for name in ("SECRET_KEY", "ENCRYPTION_KEY", "APP_URL"):
        assert COMPOSE["services"]["api"]["environment"][name].startswith(f"${{{name}:?")
    assert (
        "POSTGRES_PASSWORD:?" in COMPOSE["services"]["postgres"]["environment"]["POSTGRES_PASSWORD"]
    )


@pytest.mark.unit
def test_the_proxy_does_what_operations_demand():
    assert NGINX.count("{") == NGINX.count("}")
    for line in (
        "underscores_in_headers off;",
        "proxy_request_buffering on;",
        "proxy_set_header X-Forwarded-For $remote_addr;",
        "return 308 https://$host$request_uri;",
    ):
        assert line in NGINX
    assert COMPOSE["services"]["api"]["environment"]["TRUSTED_PROXY_HOPS"] == "1"


@pytest.mark.unit
@pytest.mark.parametrize("unit", ["gatehouse", "gatehouse-worker"])
def test_the_units_are_whole(unit: str):
    parser = configparser.ConfigParser(strict=True, interpolation=None)
    parser.optionxform = str
    parser.read(DEPLOY / "systemd" / f"{unit}.service")

    assert parser["Service"]["User"] == "gatehouse"
    assert parser["Service"]["NoNewPrivileges"] == "true"
    assert "manage.py" in parser["Service"]["ExecStart"]
    assert parser["Install"]["WantedBy"] == "multi-user.target"
