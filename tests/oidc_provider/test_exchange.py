"""A person's token for a narrower one (RFC 8693; TEX-01..05, threats 35 and 43)."""

from typing import Any

import pytest

from gatehouse.accounts.models import User
from gatehouse.audit.models import AuditEntry
from gatehouse.clients.models import Client
from gatehouse.clients.service import end_tokens
from gatehouse.core.context import Origin, unit_of_work
from gatehouse.core.runtime import Runtime
from gatehouse.oidc_provider.rules.exchange import ACCESS_TOKEN, actors, policy_of, scopes_left
from gatehouse.organizations.models import Organization
from tests.factories import Factory
from tests.relying import ISSUER, Person, Rp, serve

GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"
TYPE = "urn:ietf:params:oauth:token-type:"
SCOPE = "openid things:read things:write"


class Chain:
    """An application, the service that it calls, and one that this calls in turn."""

    def __init__(self, make_rp: Any, runtime: Runtime, org: Any, user: User) -> None:
        self.runtime = runtime
        self.front = f"https://front.example/{user.id}"
        self.back = f"https://back.example/{user.id}"
        scopes = ["openid", "offline_access", "things:read", "things:write"]
        grants = ["authorization_code", "refresh_token"]
        self.app: Rp = make_rp(org, resources=[self.front], scopes=scopes, grant_types=grants)
        policy = {
            "subject_clients": [self.app.client_id],
            "audiences": [self.back],
            "scopes": ["things:read", "openid", "offline_access"],
        }
        self.service: Rp = make_rp(org, grant_types=[GRANT], token_exchange_policy=policy)
        serve(runtime, self.service, self.front)

    def change(self, rp: Rp, **settings: Any) -> None:
        with unit_of_work(self.runtime, Origin("test")) as ctx:
            ctx.outwait_leases()
            row = ctx.db.get(Client, rp.client.id)
            row.settings = {**row.settings, **settings}

    def exchange(self, token: str, rp: Rp | None = None, **sent: Any) -> Any:
        usual = {
            "grant_type": GRANT,
            "subject_token": token,
            "subject_token_type": ACCESS_TOKEN,
            "audience": self.back,
        }
        return (rp or self.service).token(**{**usual, **sent})


@pytest.fixture
def chain(make_rp: Any, runtime: Runtime, make: Factory, user: User) -> Chain:
    org = make.organization()
    make.member(org, user=user)
    return Chain(make_rp, runtime, org, user)


def test_a_service_gets_a_narrower_token(
    chain: Chain, person: Person, user: User, runtime: Runtime
):
    """TEX-01, 04: who acts for whom stands in it; it holds no longer than what it came of."""
    tokens = person.tokens_for(chain.app, scope=SCOPE, resource=chain.front)
    subject = chain.app.read(tokens["access_token"]).claims

    answer = chain.exchange(tokens["access_token"])

    assert answer.status_code == 200, answer.text
    made = answer.json
    assert (made["issued_token_type"], made["token_type"]) == (ACCESS_TOKEN, "Bearer")
    assert made["scope"] == "things:read"
    assert not {"refresh_token", "id_token"} & made.keys()
    claims = chain.service.read(made["access_token"]).claims
    assert (claims["sub"], claims["aud"]) == (str(user.id), chain.back)
    assert claims["client_id"] == chain.service.client_id
    assert claims["act"] == {"sub": chain.service.client_id}
    assert claims["exp"] <= subject["exp"]
    told = chain.service.introspect(made["access_token"]).json
    assert (told["active"], told["act"]) == (True, claims["act"])
    assert chain.service.userinfo(made["access_token"]).status_code == 401
    with runtime.reading() as db:
        found = db.query(AuditEntry).filter_by(action="token.exchanged", user_id=user.id).count()
    assert found == 1


@pytest.mark.parametrize(
    ("sent", "error"),
    [
        ({"subject_token": None}, "invalid_request"),
        ({"subject_token": "nonsense"}, "invalid_request"),
        ({"subject_token_type": None}, "invalid_request"),
        ({"subject_token_type": f"{TYPE}refresh_token"}, "invalid_request"),
        ({"subject_token_type": f"{TYPE}id_token"}, "invalid_request"),
        ({"requested_token_type": f"{TYPE}refresh_token"}, "invalid_request"),
        ({"actor_token": "x", "actor_token_type": ACCESS_TOKEN}, "invalid_request"),
        ({"audience": None}, "invalid_target"),
        ({"audience": "https://elsewhere.example"}, "invalid_target"),
        ({"audience": ISSUER}, "invalid_target"),
        ({"resource": f"{ISSUER}/api/v1"}, "invalid_target"),
        ({"scope": "things:write"}, "invalid_scope"),
        ({"scope": "things:read all"}, "invalid_scope"),
        ({"scope": "openid"}, "invalid_scope"),
        ({"scope": "offline_access"}, "invalid_scope"),
    ],
    ids=str,
)
def test_what_is_malformed_or_wider_is_refused(
    chain: Chain, person: Person, sent: dict[str, Any], error: str
):
    """TEX-02, 04."""
    tokens = person.tokens_for(chain.app, scope=SCOPE, resource=chain.front)

    answer = chain.exchange(tokens["access_token"], **sent)

    assert (answer.status_code, answer.json["error"]) == (400, error)


def test_only_tokens_that_were_meant_for_it_are_taken(
    chain: Chain, person: Person, make_rp: Any, make: Factory, user: User
):
    """TEX-03, threat 43: of the right kind, client, audience and organization."""
    tokens = person.tokens_for(chain.app, scope=f"{SCOPE} offline_access", resource=chain.front)
    right = tokens["access_token"]
    for_us = person.tokens_for(chain.app, scope=SCOPE)["access_token"]
    foreign = make_rp(make.organization(), access_policy="everyone", scopes=["things:read"])
    of_foreign = person.tokens_for(foreign, scope="things:read")["access_token"]
    policy = chain.service.client.settings["token_exchange_policy"]
    names = [chain.app.client_id, foreign.client_id, chain.service.client_id]
    policy = {**policy, "subject_clients": names}
    chain.change(chain.service, token_exchange_policy=policy)
    own = make_rp(grant_types=[GRANT])

    for token in (tokens["id_token"], tokens["refresh_token"], for_us, of_foreign):
        answer = chain.exchange(token)
        assert (answer.status_code, answer.json["error"]) == (400, "invalid_request")
    for rp in (own, chain.app):
        answer = chain.exchange(right, rp)
        assert (answer.status_code, answer.json["error"]) == (400, "unauthorized_client")
    assert chain.exchange(right).status_code == 200
    chain.change(chain.service, token_exchange_policy={**policy, "subject_clients": []})
    assert chain.exchange(right).json["error"] == "invalid_request"
    chain.change(chain.service, token_exchange_policy=None)
    assert chain.exchange(right).json["error"] == "unauthorized_client"


@pytest.mark.parametrize("how", ["token", "family", "grant", "session", "client", "membership"])
def test_it_ends_with_what_it_came_of(
    chain: Chain, person: Person, user: User, make: Factory, runtime: Runtime, how: str, client: Any
):
    """Threat 43: and what came of it in turn."""
    scope = SCOPE if how == "session" else f"{SCOPE} offline_access"
    tokens = person.tokens_for(chain.app, scope=scope, resource=chain.front)
    first = chain.exchange(tokens["access_token"]).json["access_token"]
    serve(runtime, chain.service, chain.back)
    policy = chain.service.client.settings["token_exchange_policy"]
    names = [*policy["subject_clients"], chain.service.client_id]
    chain.change(chain.service, token_exchange_policy={**policy, "subject_clients": names})
    second = chain.exchange(first).json["access_token"]
    claims = chain.service.read(second).claims
    assert claims["act"]["act"] == {"sub": chain.service.client_id}
    for token in (first, second):
        assert chain.service.introspect(token).json["active"] is True

    if how == "token":
        chain.app.revoke(tokens["access_token"])
    elif how == "family":
        chain.app.revoke(tokens["refresh_token"])
    elif how == "session":
        person.post("/logout", person.open("/logout"))
    elif how == "client":
        with unit_of_work(runtime, Origin("test")) as ctx:
            ctx.outwait_leases()
            ctx.db.get(Client, chain.app.client.id).is_active = False
    elif how == "grant":
        headers = make.bearer(user)
        (one,) = client.get("/api/v1/users/me/consents", headers=headers).json["data"]["consents"]
        client.delete(f"/api/v1/users/me/consents/{one['id']}", headers=headers)
    else:
        org_id = chain.app.client.org_id
        left = client.post(f"/api/v1/organizations/{org_id}/leave", headers=make.bearer(user))
        assert left.status_code == 200

    for token in (first, second):
        assert chain.service.introspect(token).json == {"active": False}
    assert chain.exchange(first).json["error"] == "invalid_request"


def test_who_acted_on_the_way_counts_as_well(
    chain: Chain, person: Person, make_rp: Any, runtime: Runtime
):
    """Threat 43: a token is good for nothing while, and after, one of those was switched off."""
    service = chain.service
    third = f"{chain.back}/third"
    policy = {
        "subject_clients": [service.client_id],
        "audiences": [third],
        "scopes": ["things:read"],
    }
    with unit_of_work(runtime, Origin("test")) as ctx:
        org = ctx.db.get(Organization, service.client.org_id)
    last: Rp = make_rp(org, grant_types=[GRANT], token_exchange_policy=policy)
    serve(runtime, last, chain.back)
    tokens = person.tokens_for(chain.app, scope=SCOPE, resource=chain.front)
    first = chain.exchange(tokens["access_token"]).json["access_token"]
    made = chain.exchange(first, last, audience=third).json["access_token"]
    assert last.introspect(made).json["active"] is True

    for is_active in (False, True):
        with unit_of_work(runtime, Origin("test")) as ctx:
            row = ctx.db.get_one(Client, service.client.id)
            end_tokens(ctx, row)
            row.is_active = is_active

        assert last.introspect(made).json == {"active": False}


def test_tokens_of_clients_themselves_are_not_exchanged(chain: Chain, make_rp: Any):
    chain.change(chain.app, grant_types=["client_credentials"])
    asked = {"grant_type": "client_credentials", "scope": "things:read", "resource": chain.front}
    token = chain.app.token(**asked).json["access_token"]

    assert chain.exchange(token).json["error"] == "invalid_request"


def test_what_stays_offline_stays(chain: Chain, person: Person):
    """A token that outlives the session is exchanged for one that does."""
    tokens = person.tokens_for(chain.app, scope=f"{SCOPE} offline_access", resource=chain.front)
    made = chain.exchange(tokens["access_token"]).json["access_token"]

    person.post("/logout", person.open("/logout"))

    assert chain.service.introspect(made).json["active"] is True


def test_the_rules_let_through_what_is_listed_alone():
    policy = policy_of({"scopes": ["a", "b", "openid"]})

    assert scopes_left(policy, ["a", "c", "openid"], None) == ("a",)
    assert scopes_left(policy, ["a", "b"], ["b"]) == ("b",)
    assert scopes_left(policy, ["a"], ["b"]) is None
    assert scopes_left(policy_of({}), ["a"], None) == ()


def test_a_chain_of_those_who_act_has_an_end():
    chain: Any = None
    for name in "abcd":
        chain = actors(name, chain)
        assert chain["sub"] == name

    assert chain["act"]["act"]["act"] == {"sub": "a"}
    assert actors("e", chain) is None
