"""A peer of the provider: django-oauth-toolkit, as its documentation has it, in one file.

``python django_toolkit.py prepare`` makes its tables and writes the tokens that it is asked with to
the file that FILE names. It runs in an environment of its own (benchmarks/requirements.txt).
"""

import json
import os
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application

PLACE = urlsplit(os.environ["DATABASE"])
SECRET = os.environ["SECRET"]
SCOPE = "openid profile email"
LONG = 36_000  # seconds
settings.configure(
    SECRET_KEY=SECRET,
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF="django_toolkit",
    USE_TZ=True,
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "oauth2_provider"],
    MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": PLACE.path.strip("/"),
            "USER": PLACE.username,
            "PASSWORD": PLACE.password,
            "HOST": PLACE.hostname,
            "PORT": PLACE.port,
            # A connection of its own for each thread, kept.
            "CONN_MAX_AGE": None,
        }
    },
    OAUTH2_PROVIDER={
        "OIDC_ENABLED": True,
        "OIDC_RSA_PRIVATE_KEY": Path(os.environ["KEY"]).read_text(encoding="utf-8"),
        "SCOPES": {name: name for name in (*SCOPE.split(), "introspection", "api:read")},
        "OAUTH2_VALIDATOR_CLASS": "django_toolkit.Validator",
        "ROTATE_REFRESH_TOKEN": False,
        "ACCESS_TOKEN_EXPIRE_SECONDS": LONG,
    },
)
django.setup()

from django.contrib.auth import get_user_model  # noqa: E402 - there are no models before
from django.core.management import call_command  # noqa: E402
from django.urls import include, path  # noqa: E402
from django.utils import timezone  # noqa: E402
from oauth2_provider.models import AccessToken, Application, RefreshToken  # noqa: E402
from oauth2_provider.oauth2_validators import OAuth2Validator  # noqa: E402

urlpatterns = [path("o/", include("oauth2_provider.urls", namespace="oauth2_provider"))]
app = get_wsgi_application()


class Validator(OAuth2Validator):
    """Who the person is, for the endpoint that says so."""

    def get_additional_claims(self, request: Any) -> dict[str, Any]:
        return {"name": "Kim Example", "email": request.user.email, "email_verified": True}


def prepare(count: int) -> dict[str, list[str]]:
    """Make an application, a person and tokens."""
    call_command("migrate", verbosity=0)
    person = get_user_model().objects.create_user("kim", "kim@bench.test", "kim")
    common = {
        "client_type": Application.CLIENT_CONFIDENTIAL,
        "client_secret": SECRET,
        # As a secret that we made has it: a slow hash for each call is another question.
        "hash_client_secret": False,
        "algorithm": Application.RS256_ALGORITHM,
    }
    for name, kind in (
        ("machine", Application.GRANT_CLIENT_CREDENTIALS),
        ("bench", Application.GRANT_AUTHORIZATION_CODE),
    ):
        Application.objects.create(
            client_id=name,
            authorization_grant_type=kind,
            redirect_uris="https://app.example.com/callback",
            **common,
        )
    owner = {"user": person, "application": Application.objects.get(client_id="bench")}
    found: dict[str, list[str]] = {"access": [], "refresh": []}
    ends = timezone.now() + timedelta(seconds=LONG)
    for number in range(count):
        access = AccessToken.objects.create(
            token=f"access-{number:032d}", scope=SCOPE, expires=ends, **owner
        )
        refresh = f"refresh-{number:032d}"
        RefreshToken.objects.create(token=refresh, access_token=access, **owner)
        found["access"].append(access.token)
        found["refresh"].append(refresh)
    return found


if __name__ == "__main__" and sys.argv[1:] == ["prepare"]:
    tokens = prepare(int(os.environ["COUNT"]))
    Path(os.environ["FILE"]).write_text(json.dumps(tokens), encoding="utf-8")
