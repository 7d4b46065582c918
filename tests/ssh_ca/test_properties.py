"""What holds of every certificate, whatever is demanded and asked for (threats 214 and 217)."""

from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_network
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gatehouse.ssh_ca.rules.networks import Networks, read_network
from gatehouse.ssh_ca.rules.policies import (
    STANDARD,
    AuthorityLimits,
    DepartmentPolicy,
    OrganizationPolicy,
)
from gatehouse.ssh_ca.rules.principals import Granted, narrowed
from gatehouse.ssh_ca.rules.refusals import Refused
from gatehouse.ssh_ca.rules.requests import Key, Request
from gatehouse.ssh_ca.rules.terms import Terms, explain
from tests.ssh_ca.asking import ED25519, NOW, RSA, SK, id_of, merge, terms

pytestmark = pytest.mark.unit

NAMES = ("prod", "dev", "root", "user:ann", "*", "a b")
DEPARTMENTS = ("a", "b", "c")
EXTENSIONS = (*sorted(STANDARD), "login@github.com")
NETWORKS = ("10.0.0.0/8", "10.1.0.0/16", "192.0.2.0/24", "192.0.2.7", "0.0.0.0/0", "2001:db8::/32")
SECONDS = st.integers(1, 100_000)


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


def some(*values: str) -> st.SearchStrategy[frozenset[str]]:
    return st.frozensets(st.sampled_from(values))


def list_of(*values: str) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(values), max_size=4).map(tuple)


def of_texts(texts: tuple[str, ...]) -> Networks:
    return tuple(map(read_network, texts))


Demands = dict[str, st.SearchStrategy[Any]]
SWITCHES = ("allow_user_expiry", "require_fido", "require_pin", "pin_source_ip")
CALM: Demands = {
    "extensions": some(*EXTENSIONS).map(lambda found: found | {"permit-pty"}),
    "source_cidrs": st.sampled_from([(), ("10.0.0.0/8",), ("10.1.0.0/16", "192.0.2.0/24")]).map(
        of_texts
    ),
    "force_command": st.sampled_from([None, "backup"]),
    "allowed_key_types": maybe(some(ED25519, SK).map(lambda found: found | {SK})),
}


def policy_of(name: str, demands: Demands | None = None) -> st.SearchStrategy[DepartmentPolicy]:
    usual = {
        "default_seconds": SECONDS,
        "max_seconds": SECONDS,
        "extensions": st.just(STANDARD) | some(*EXTENSIONS),
        "source_cidrs": st.just(()) | list_of(*NETWORKS).map(of_texts),
        "force_command": st.sampled_from([None, None, None, "backup", "restore"]),
        "mfa_max_age": maybe(SECONDS),
        "allowed_key_types": maybe(some(ED25519, SK, RSA).filter(bool)),
        "allowed_principals": maybe(some(*NAMES)),
        **dict.fromkeys(SWITCHES, st.booleans()),
    }
    named = {"department_id": st.just(id_of(name)), "name": st.just(name)}
    return st.builds(DepartmentPolicy, **named, **{**usual, **(demands or {})})


POLICIES = st.tuples(*map(policy_of, DEPARTMENTS)) | st.tuples(policy_of("a"))
LIMITS = st.builds(
    AuthorityLimits,
    default_seconds=SECONDS,
    max_seconds=SECONDS,
    backdate_seconds=st.integers(0, 900),
)
ORGANIZATIONS = st.builds(OrganizationPolicy, reverify_days=maybe(st.integers(1, 90)))
HELD = st.lists(
    st.builds(
        Granted,
        name=st.sampled_from(NAMES[:4]) | st.sampled_from(NAMES),
        direct=st.booleans(),
        departments=list_of(*DEPARTMENTS).map(lambda names: tuple(map(id_of, names))),
    ),
    unique_by=lambda one: one.name,
)
MOMENTS = st.integers(0, 999_999).map(lambda micro: NOW + timedelta(microseconds=micro))
LATER = st.integers(2, 50_000).map(lambda seconds: NOW + timedelta(seconds=seconds))
AROUND_NOW = st.integers(-200_000, 10).map(lambda seconds: NOW + timedelta(seconds=seconds))
CERTAIN = st.sampled_from([True])
GOOD_KEY = st.builds(
    Key,
    type=st.just(SK),
    bits=st.just(256),
    is_fido=CERTAIN,
    verified_at=st.just(NOW),
    proved_with_pin=CERTAIN,
)
ANY_KEY = st.builds(
    Key,
    type=st.sampled_from([ED25519, SK, RSA]),
    bits=st.sampled_from([256, 2048, 4096]),
    is_fido=st.booleans(),
    verified_at=maybe(AROUND_NOW),
    expires_at=maybe(st.integers(-5, 50_000).map(lambda s: NOW + timedelta(seconds=s))),
    proved_with_pin=st.booleans(),
)
REQUESTS = st.builds(
    Request,
    key=GOOD_KEY | ANY_KEY,
    now=MOMENTS,
    principals=maybe(list_of(*NAMES)),
    ttl_seconds=maybe(st.integers(-10, 120_000)),
    source_addresses=maybe(list_of(*NETWORKS, "here", "127.0.0.1/8")),
    extensions=maybe(list_of(*EXTENSIONS, "permit-all")),
    clamp=st.booleans(),
    ip=st.sampled_from(["192.0.2.7", "10.1.2.3", "2001:db8::7", None, "unix:"]),
    mfa_time=st.just(NOW) | maybe(AROUND_NOW),
)
SCENES = st.tuples(REQUESTS, HELD, POLICIES, ORGANIZATIONS, LIMITS)
# Those who mostly get what they ask for.
CALM_POLICIES = st.tuples(*(policy_of(name, CALM) for name in DEPARTMENTS))
CALM_REQUESTS = st.builds(
    Request,
    key=st.builds(replace, GOOD_KEY, expires_at=maybe(LATER)),
    now=MOMENTS,
    principals=maybe(st.just(("prod",))),
    ttl_seconds=maybe(SECONDS),
    source_addresses=maybe(st.sampled_from([(), ("10.1.0.0/16",), ("10.1.2.3",)])),
    extensions=maybe(st.sampled_from([(), ("permit-pty",)])),
    clamp=CERTAIN,
    ip=st.just("10.1.2.3"),
    mfa_time=st.just(NOW),
)
CALM_HELD = HELD.map(
    lambda held: [
        Granted("prod", direct=True, departments=tuple(map(id_of, "ab"))),
        *(one for one in held if one.name in NAMES[1:4]),
    ]
)
CALM_SCENES = st.tuples(CALM_REQUESTS, CALM_HELD, CALM_POLICIES, ORGANIZATIONS, LIMITS)
Scene = tuple[
    Request, list[Granted], tuple[DepartmentPolicy, ...], OrganizationPolicy, AuthorityLimits
]


def signed(scene: Scene) -> Terms | None:
    try:
        return terms(*scene)
    except Refused:
        return None


def lies_within(sources: str, policy: DepartmentPolicy) -> bool:
    """Whether all networks of the option are in those of the policy, none of which lie side by
    side.
    """
    outer = [ip_network(str(one)) for one in policy.source_cidrs]
    return all(
        any(one.version == other.version and one.subnet_of(other) for other in outer)
        for one in map(ip_network, sources.split(","))
    )


@given(SCENES | CALM_SCENES)
def test_what_is_explained_is_what_will_be_signed_and_nothing_is_if_anything_is_refused(
    scene: Scene,
):
    explained = explain(*scene)
    found = explained.terms
    assert (found is None) == bool(explained.refusals)
    if found is not None:
        assert explained.ttl == found.ttl
        assert explained.extensions == found.extensions
        assert explained.critical_options == found.critical_options
        assert tuple(one.name for one in explained.principals if one.is_in) == found.principals


# How quickly a busy machine thinks up policies says nothing of them.
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(POLICIES | CALM_POLICIES, LIMITS)
def test_together_they_never_allow_what_one_of_them_does_not(
    policies: tuple[DepartmentPolicy, ...], limits: AuthorityLimits
):
    try:
        merged = merge(policies, limits)
    except Refused:
        return
    assert merged.default.seconds <= merged.longest.seconds <= limits.max_seconds
    assert merged.default.seconds <= limits.default_seconds
    for one in policies:
        assert merged.default.seconds <= min(one.default_seconds, one.max_seconds)
        assert merged.longest.seconds <= one.longest
        assert merged.extensions <= one.extensions
        assert merged.force_command == (one.force_command or merged.force_command)
        assert merged.require_fido >= one.require_fido
        assert merged.require_pin >= one.require_pin
        assert merged.pin_source_ip >= one.pin_source_ip
        assert one.mfa_max_age is None or (merged.mfa_max_age or 10**9) <= one.mfa_max_age
        assert one.allowed_key_types is None or (merged.key_types or set()) <= one.allowed_key_types
        if one.source_cidrs:
            assert lies_within(",".join(map(str, merged.networks or ())), one)


@given(SCENES | CALM_SCENES)
def test_every_certificate_keeps_to_what_its_policies_say(scene: Scene):
    request, held, policies, _, limits = scene
    found = signed(scene)
    if found is None:
        return
    left = {one.name: one for one in narrowed(held, policies)}
    assert found.principals
    assert set(found.principals) <= set(left) - {"*", "a b"}
    assert found.critical_options.get("source-address") != ""
    giving = {d for name in found.principals for d in left[name].departments}
    for one in policies:
        if one.department_id in giving:
            assert found.ttl.seconds <= one.longest
            assert set(found.extensions) <= one.extensions
            sources = found.critical_options.get("source-address", "::/0")
            assert not one.source_cidrs or lies_within(sources, one)
            assert request.key.is_fido or not (one.require_fido or one.require_pin)
            assert "verify-required" in found.critical_options or not one.require_pin
    assert found.ttl.seconds <= limits.max_seconds


@given(SCENES | CALM_SCENES)
def test_a_life_is_counted_from_now(scene: Scene):
    request, _, _, _, limits = scene
    found = signed(scene)
    if found is None:
        return
    now = request.now.replace(microsecond=0)
    assert found.valid_before == now + timedelta(seconds=found.ttl.seconds)
    assert found.valid_after == now - timedelta(seconds=limits.backdate_seconds)
    assert found.ttl.seconds >= 1
    assert found.ttl.seconds <= (request.ttl_seconds or found.ttl.seconds)
    assert request.key.expires_at is None or found.valid_before <= request.key.expires_at


@given(SCENES | CALM_SCENES)
def test_who_asks_gets_no_more_than_who_does_not(scene: Scene):
    """With the same principals; fewer of them may well come with fewer demands."""
    request, *rest = scene
    found = signed(scene)
    if found is None:
        return
    plain = Request(
        key=request.key,
        now=request.now,
        ip=request.ip,
        mfa_time=request.mfa_time,
        principals=found.principals,
    )
    usual = terms(plain, *rest)
    longest = explain(plain, *rest).longest
    assert usual.principals == found.principals
    assert set(found.extensions) <= set(usual.extensions)
    assert longest is not None
    assert found.ttl.seconds <= longest.seconds
    assert usual.critical_options.items() - found.critical_options.items() <= {
        ("source-address", usual.critical_options.get("source-address"))
    }
    allowed = usual.critical_options.get("source-address")
    if allowed is not None:
        inner = map(ip_network, found.critical_options["source-address"].split(","))
        outer = [ip_network(one) for one in allowed.split(",")]
        assert all(
            any(o.version == one.version and one.subnet_of(o) for o in outer) for one in inner
        )


@given(SCENES | CALM_SCENES)
def test_the_order_in_which_departments_are_told_changes_nothing(scene: Scene):
    request, held, policies, organization, limits = scene
    turned = (request, held[::-1], policies[::-1], organization, limits)
    assert signed(scene) == signed(turned)
