"""Somebody who asks for a certificate: everything is in order unless a test says otherwise."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import NAMESPACE_DNS, UUID, uuid5

import pytest

from gatehouse.ssh_ca.rules.networks import Networks, read_network
from gatehouse.ssh_ca.rules.policies import (
    AuthorityLimits,
    DepartmentPolicy,
    Merged,
    OrganizationPolicy,
    conflicts,
    strictest,
)
from gatehouse.ssh_ca.rules.principals import Granted, select
from gatehouse.ssh_ca.rules.refusals import Refused
from gatehouse.ssh_ca.rules.requests import Key, Request
from gatehouse.ssh_ca.rules.terms import Explanation, Terms, explain

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ED25519, SK, RSA = "ssh-ed25519", "sk-ssh-ed25519@openssh.com", "ssh-rsa"
PTY, AGENT, PORTS = "permit-pty", "permit-agent-forwarding", "permit-port-forwarding"
HOUR = 3600
MINE, HERS = "192.0.2.7", "203.0.113.9"
PLAIN, USUAL = OrganizationPolicy(), AuthorityLimits()


def id_of(department: str) -> UUID:
    return uuid5(NAMESPACE_DNS, department)


def policy(name: str, **demands: Any) -> DepartmentPolicy:
    return DepartmentPolicy(department_id=id_of(name), name=name, **demands)


def networks(*texts: str) -> Networks:
    return tuple(map(read_network, texts))


def granted(name: str, *departments: str, direct: bool = False) -> Granted:
    return Granted(name, direct or not departments, tuple(map(id_of, departments)))


def key(**facts: Any) -> Key:
    proved = {"type": ED25519, "bits": 256, "is_fido": False, "verified_at": NOW}
    return Key(**{**proved, **facts})


def fido(**facts: Any) -> Key:
    return key(**{"type": SK, "is_fido": True, "proved_with_pin": True, **facts})


def request(**wishes: Any) -> Request:
    return Request(**{"key": key(), "now": NOW, "ip": MINE, **wishes})


def arguments(
    *policies: DepartmentPolicy,
    has: Sequence[Granted] | None = None,
    organization: OrganizationPolicy = PLAIN,
    limits: AuthorityLimits = USUAL,
    **wishes: Any,
) -> tuple[Any, ...]:
    """Of a call: with ``prod`` from all departments, unless something else is told."""
    all_of_them = (granted("prod", *(one.name for one in policies)),)
    return request(**wishes), all_of_them if has is None else has, policies, organization, limits


def terms(*given: Any) -> Terms:
    """What will be signed. Raises the first refusal, as all of these do."""
    told = explain(*given)
    _raise_first(told.refusals)
    assert told.terms is not None
    return told.terms


def merge(policies: Sequence[DepartmentPolicy], limits: AuthorityLimits) -> Merged:
    _raise_first(conflicts(policies))
    return strictest(policies, limits)


def choose(granted: Sequence[Granted], asked: Sequence[str] | None) -> tuple[str, ...]:
    choice = select(granted, asked)
    _raise_first(choice.refusals)
    return choice.names


def _raise_first(refusals: Sequence[Refused]) -> None:
    for refused in refusals:
        raise refused


def asked(*policies: DepartmentPolicy, **scene: Any) -> Terms:
    return terms(*arguments(*policies, **scene))


def told(*policies: DepartmentPolicy, **scene: Any) -> Explanation:
    return explain(*arguments(*policies, **scene))


def why(function: Callable[..., Any], *given: Any, **scene: Any) -> tuple[str, dict[str, Any]]:
    """The reason and the details with which something is refused."""
    with pytest.raises(Refused) as caught:
        function(*given, **scene)
    return caught.value.reason.value, caught.value.details
