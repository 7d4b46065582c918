"""An organization that goes by models of authenticators (threat 134)."""

from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient

from gatehouse.core.roles import Role
from gatehouse.core.runtime import Runtime
from gatehouse.policies.rules import Mode
from tests.factories import Factory
from tests.mfa.owners import KeyOwner

COMPLIANCE = "/api/v1/users/me/mfa-compliance"


@pytest.fixture
def holder(client: FlaskClient, make: Factory, runtime: Runtime) -> KeyOwner:
    return KeyOwner(client, make, runtime)


def test_a_listed_model_has_to_be_vouched_for(holder: KeyOwner, demanding: Any):
    """Threat 134: anybody can say that a key is of it."""
    model = uuid4()
    place = demanding(Mode.REQUIRE_WEBAUTHN, allowed_aaguids=[str(model)])
    place.join(Role.MEMBER, user=holder.user)
    options = holder.options()
    assert options["attestation"] == "direct"

    forged = holder.send(holder.key.lying(aaguid=model.bytes).make(options))
    other = holder.send(holder.key.lying(aaguid=uuid4().bytes).make(holder.options()))

    assert (forged.status_code, other.status_code) == (400, 201)
    assert forged.json["error"]["details"] == {"reason": "model_not_proven"}
    told = holder.http.get(COMPLIANCE, headers=holder.headers).json["data"]
    assert told["missing_methods"] == ["webauthn"]


def test_nobody_else_is_asked_what_they_use(holder: KeyOwner, demanding: Any):
    demanding(Mode.REQUIRE_WEBAUTHN).join(Role.MEMBER, user=holder.user)

    assert holder.options()["attestation"] == "none"
