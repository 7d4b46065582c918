"""The OIDC token of the job that we run in: asked for, or found in the environment."""

import os
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode

from gatehouse_cli.addresses import split
from gatehouse_cli.failures import Failure, Misused
from gatehouse_cli.transport import answer_of, send

REQUEST_URL, REQUEST_TOKEN = "ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"
OF_GITLAB = "GATEHOUSE_ID_TOKEN"
NO_TOKEN = f"""There is no token of a job here. What gives it one:
  GitHub Actions: permissions: {{{{id-token: write}}}}
  Forgejo Actions: enable-openid-connect: true
  GitLab: id_tokens: {{{{{OF_GITLAB}: {{{{aud: {{audience}}}}}}}}}}
  elsewhere: --token-env VAR"""
NOT_GIVEN = "{place} gave no token: HTTP {status}."


def token_of_job(variable: str | None, audience: str) -> str:
    """The token from the variable that is named; else what GitHub or Forgejo gives for the
    audience; else that of GitLab. Raises Misused, Failure.
    """
    env = os.environ
    if variable is not None:
        found = env.get(variable, "").strip()
        if not found:
            raise Misused(f"{variable} is not set, or empty.")
    elif env.get(REQUEST_URL) and env.get(REQUEST_TOKEN):
        found = _asked_for(env, audience)
    else:
        found = env.get(OF_GITLAB, "").strip()
    if not found:
        raise Failure(NO_TOKEN.format(audience=audience))
    if not all("!" <= letter <= "~" for letter in found):
        raise Misused("This is no token: it has letters that none has.")
    return found


def _asked_for(env: Mapping[str, str], audience: str) -> str:
    """GitHub and Forgejo give a token for whatever audience they are asked for."""
    parts = split(env[REQUEST_URL])
    asked = [one for one in parse_qsl(parts.query) if one[0] != "audience"]
    url = parts._replace(query=urlencode([*asked, ("audience", audience)])).geturl()
    answer = send("GET", url, headers={"Authorization": f"Bearer {env[REQUEST_TOKEN]}"})
    found = answer_of(answer).get("value")
    if not answer.is_success or not isinstance(found, str):
        raise Failure(NOT_GIVEN.format(place=parts.hostname, status=answer.status_code))
    return found
