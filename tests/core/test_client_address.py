"""Who is calling: the address that limits and the record go by (threat 117)."""

import pytest

from gatehouse.core.headers import client_address, network_of

PEER = "198.51.100.7"
SPOOFED = "203.0.113.9"
REAL = "192.0.2.44"


def address(peer: str, forwarded: str | None, hops: int, **others: str) -> str | None:
    environ = {"REMOTE_ADDR": peer, **others}
    if forwarded is not None:
        environ["HTTP_X_FORWARDED_FOR"] = forwarded
    return client_address(environ, hops)


@pytest.mark.parametrize(
    ("forwarded", "hops", "expected"),
    [
        # Without a proxy the header is the caller's own words.
        (None, 0, PEER),
        (SPOOFED, 0, PEER),
        (", ".join([SPOOFED] * 20), 0, PEER),
        ("", 0, PEER),
        # One proxy: the last entry is what it saw.
        (REAL, 1, REAL),
        (f"{SPOOFED}, {REAL}", 1, REAL),
        (f"{SPOOFED},{REAL}", 1, REAL),
        (f"{SPOOFED} ,\t{REAL} ", 1, REAL),
        (", ".join([SPOOFED] * 19 + [REAL]), 1, REAL),
        (None, 1, PEER),
        ("", 1, PEER),
        # Two proxies: the last but one.
        (f"{REAL}, 10.0.0.2", 2, REAL),
        (f"{SPOOFED}, {REAL}, 10.0.0.2", 2, REAL),
        (", ".join([SPOOFED] * 18 + [REAL, "10.0.0.2"]), 2, REAL),
        # Fewer entries than proxies: somebody came in past them.
        (SPOOFED, 2, PEER),
        (None, 2, PEER),
        # IPv6, and IPv4 inside IPv6, have one spelling each.
        ("2001:DB8:0:0::1", 1, "2001:db8::1"),
        ("::ffff:192.0.2.44", 1, REAL),
        ("::FFFF:c000:022c", 1, REAL),
        # What is no address counts for nothing.
        ("unknown", 1, PEER),
        ("_hidden", 1, PEER),
        ("localhost", 1, PEER),
        (f"{REAL}:4711", 1, PEER),
        ("[2001:db8::1]:4711", 1, PEER),
        ("[2001:db8::1]", 1, PEER),
        ("fe80::1%eth0", 1, PEER),
        ("2001:db8::1%25", 1, PEER),
        ("192.0.2", 1, PEER),
        ("192.0.2.256", 1, PEER),
        ("192.0.2.044", 1, PEER),
        ("0xc000022c", 1, PEER),
        ("3221225516", 1, PEER),
        ("192.0.2.44/32", 1, PEER),
        ("192.0.2.44\n", 1, REAL),
        ("192.0.2.44 192.0.2.45", 1, PEER),
        ("١٩٢.0.2.44", 1, PEER),
        ('"192.0.2.44"', 1, PEER),
        (f"{SPOOFED}, ", 1, PEER),
        (f"{SPOOFED}, junk", 1, PEER),
        (f"{SPOOFED}, junk, 10.0.0.2", 2, PEER),
        ("A" * 65_536, 1, PEER),
        ("," * 10_000, 1, PEER),
    ],
)
def test_only_what_trusted_proxies_vouch_for_counts(forwarded, hops, expected):
    """Threat 117."""
    assert address(PEER, forwarded, hops) == expected


@pytest.mark.parametrize("hops", [0, 1, 2])
@pytest.mark.parametrize(
    "header",
    [
        "HTTP_FORWARDED",
        "HTTP_X_REAL_IP",
        "HTTP_X_CLIENT_IP",
        "HTTP_TRUE_CLIENT_IP",
        "HTTP_CF_CONNECTING_IP",
        "HTTP_X_FORWARDED",
        "HTTP_FORWARDED_FOR",
    ],
)
def test_no_other_header_names_an_address(hops, header):
    """Threats 117 and 189."""
    value = f"for={SPOOFED}" if header == "HTTP_FORWARDED" else SPOOFED

    assert address(PEER, None, hops, **{header: value}) == PEER


@pytest.mark.parametrize(
    ("peer", "expected"),
    [
        (PEER, PEER),
        ("::1", "::1"),
        ("::ffff:198.51.100.7", PEER),
        ("fe80::1%eth0", None),
        ("", None),
        ("unix:", None),
        ("<script>", None),
    ],
)
def test_the_peer_is_an_address_or_unknown(peer, expected):
    assert address(peer, None, 0) == expected


def test_a_server_that_names_no_peer_is_no_failure():
    assert client_address({}, 0) is None
    assert client_address({}, 1) is None


@pytest.mark.parametrize(
    ("one", "network"),
    [
        ("192.0.2.44", "192.0.2.44"),
        ("2001:db8:1:2:3:4:5:6", "2001:0db8:0001:0002::/64"),
        ("2001:db8:1:2::", "2001:0db8:0001:0002::/64"),
        ("::1", "0000:0000:0000:0000::/64"),
        (None, "unknown"),
    ],
)
def test_a_limit_counts_ipv4_addresses_and_ipv6_networks(one, network):
    assert network_of(one) == network


@pytest.mark.parametrize(
    ("one", "other", "are_one"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("2001:db8:1::1", "2001:db8:1:0:1::", True),
        ("192.0.2.1", "192.0.2.2", False),
    ],
)
def test_all_addresses_of_a_64_are_one_caller(one, other, are_one):
    """Threat 203."""
    assert (network_of(one) == network_of(other)) is are_one
