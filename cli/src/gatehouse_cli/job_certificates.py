"""Asking the server for the certificate of a job, by the job's token."""

import time
from hashlib import sha256
from typing import Any

from gatehouse_cli.api import UNAUTHORIZED, told_by
from gatehouse_cli.failures import Refused
from gatehouse_cli.refusals import UNAVAILABLE
from gatehouse_cli.ssh_keys import PublicKey, sign
from gatehouse_cli.transport import answer_of, send

NAMESPACE = "ssh-workload@gatehouse"
TRIES, LONGEST_WAIT = 4, 5  # seconds


def signed(
    server: str, token: str, organization: str, rule: str | None, key: PublicKey
) -> dict[str, Any]:
    """What the API tells of the certificate. Raises Refused."""
    body = {
        "organization": organization,
        "public_key": key.text,
        "signature": sign(key, sha256(token.encode()).hexdigest(), NAMESPACE),
        **({"rule_id": rule} if rule else {}),
    }
    headers = {"Authorization": f"Bearer {token}"}
    for left in reversed(range(TRIES)):
        answer = send("POST", f"{server}/api/v1/ssh/workloads/sign", json=body, headers=headers)
        if answer.status_code != UNAVAILABLE or not left:
            break
        # Many jobs that begin at once wait for the keys of the same issuer.
        time.sleep(_wait(answer.headers.get("Retry-After", "")))
    if answer.status_code == UNAUTHORIZED:
        raise Refused(str(answer_of(answer).get("message")), "INVALID_WORKLOAD_TOKEN")
    return told_by(answer)


def _wait(said: str) -> int:
    return min(int(said), LONGEST_WAIT) if said.isdecimal() else 1
