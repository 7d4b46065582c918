"""From where a certificate may be used (threats 214 and 225; SSH-09)."""

from typing import Any

import pytest

from tests.ssh_ca.asking import HERS, MINE, asked, networks, policy, why

pytestmark = pytest.mark.unit

TEN = {"source_cidrs": networks("10.0.0.0/8")}
BOTH = {"source_cidrs": networks("198.51.100.0/24", "192.0.2.0/24", "2001:db8::/32")}
PIN = {"pin_source_ip": True}
OUTSIDE = "SOURCE_ADDRESS_NOT_ALLOWED"
SOURCES: dict[str, tuple[dict[str, Any], list[str] | None, str | None, str | None]] = {
    "anywhere": ({}, None, MINE, None),
    "where I say": ({}, ["10.0.0.0/8"], MINE, "10.0.0.0/8"),
    "two places, in order": ({}, ["192.0.2.7", "10.0.0.0/8"], MINE, "10.0.0.0/8,192.0.2.7/32"),
    "one place twice": ({}, ["10.0.0.1", "10.0.0.1/32"], MINE, "10.0.0.1/32"),
    "an empty list, which asks for nothing": (TEN, [], MINE, "10.0.0.0/8"),
    "where the policy says": (TEN, None, MINE, "10.0.0.0/8"),
    "where the policy says, in order": (
        BOTH, None, MINE, "192.0.2.0/24,198.51.100.0/24,2001:db8::/32",
    ),
    "a part of the policy's": (TEN, ["10.1.0.0/16"], MINE, "10.1.0.0/16"),
    "outside of the policy's": (TEN, ["192.0.2.7"], MINE, OUTSIDE),
    "around the policy's": (TEN, ["0.0.0.0/0"], MINE, OUTSIDE),
    "partly outside": (TEN, ["10.0.0.1", "192.0.2.7"], MINE, OUTSIDE),
    "IPv6, where the policy says IPv4": (TEN, ["2001:db8::1"], MINE, OUTSIDE),
    "the whole of IPv6, where the policy says IPv4": (TEN, ["::/0"], MINE, OUTSIDE),
    "my own address": (PIN, None, MINE, "192.0.2.7/32"),
    "my own address of IPv6": (PIN, None, "2001:db8::7", "2001:db8::7/128"),
    "my own address of IPv4 within IPv6": (PIN, None, f"::ffff:{MINE}", "192.0.2.7/32"),
    "my own address, which is one of the policy's": (PIN | BOTH, None, MINE, "192.0.2.7/32"),
    "my own address, which is none of the policy's": (PIN | TEN, None, MINE, OUTSIDE),
    "my own address, which nobody knows": (PIN, None, None, OUTSIDE),
    "my own address, which is none": (PIN, None, "unix:", OUTSIDE),
    "my own address, as I say": (PIN, [MINE], MINE, "192.0.2.7/32"),
    "another's address": (PIN, [HERS], MINE, OUTSIDE),
    "mine and another's": (PIN, [MINE, HERS], MINE, OUTSIDE),
    "my whole network": (PIN, ["192.0.2.0/24"], MINE, OUTSIDE),
    "no network": ({}, ["10.0.0.0/8", "here"], MINE, "INVALID_SOURCE_ADDRESS"),
    "host bits": ({}, ["127.0.0.1/8"], MINE, "INVALID_SOURCE_ADDRESS"),
    "64 addresses": (
        {}, [f"10.0.0.{2 * n}" for n in range(64)], MINE,
        ",".join(f"10.0.0.{2 * n}/32" for n in range(64)),
    ),
    "65 addresses": ({}, [f"10.0.0.{2 * n}" for n in range(65)], MINE, "INVALID_SOURCE_ADDRESS"),
}  # fmt: skip


@pytest.mark.parametrize(("demands", "wish", "ip", "result"), SOURCES.values(), ids=SOURCES)
def test_a_certificate_is_good_from(
    demands: dict[str, Any], wish: list[str] | None, ip: str | None, result: str | None
):
    scene = {"source_addresses": None if wish is None else tuple(wish), "ip": ip}
    if result is not None and result.isupper() and "_" in result:
        assert why(asked, policy("a", **demands), **scene)[0] == result
    else:
        options = asked(policy("a", **demands), **scene).critical_options
        assert options.get("source-address") == result


def test_a_place_that_is_not_allowed_is_named_beside_those_that_are():
    refused = why(asked, policy("a", **TEN), source_addresses=("10.0.0.1", "192.0.2.7"))
    assert refused[1] == {"denied": ["192.0.2.7/32"], "allowed": ["10.0.0.0/8"]}
    refused = why(asked, policy("a", **TEN, **PIN))
    assert refused[1] == {"denied": ["192.0.2.7/32"], "allowed": ["10.0.0.0/8"]}
    refused = why(asked, source_addresses=("here", "10.0.0.1/8", "10.0.0.1"))
    assert refused[1] == {"invalid": ["here", "10.0.0.1/8"]}
