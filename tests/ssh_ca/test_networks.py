"""Networks of certificates: what is one, what is in which, and what OpenSSH says of them."""

from pathlib import Path

import pytest

from gatehouse.ssh_ca.rules.networks import common, in_order, lies_in, own_network, read_network
from tests.openssh import keygen, make_key
from tests.ssh_ca.asking import networks, why

pytestmark = pytest.mark.unit

GOOD = {
    "192.0.2.7": "192.0.2.7/32",
    "192.0.2.0/24": "192.0.2.0/24",
    "10.0.0.0/08": "10.0.0.0/8",
    "0.0.0.0/0": "0.0.0.0/0",
    "2001:DB8:0::/32": "2001:db8::/32",
    "2001:db8::1": "2001:db8::1/128",
    "::/0": "::/0",
}
BAD = {
    "host bits": "127.0.0.1/8",
    "host bits of IPv6": "2001:db8::1/32",
    "a blank": " 10.0.0.0/8",
    "a line break": "10.0.0.0/8\n",
    "two": "10.0.0.0/8,192.0.2.0/24",
    "a negation": "!10.0.0.0/8",
    "a pattern": "10.0.*.*",
    "a mask": "10.0.0.0/255.0.0.0",
    "a mask turned round": "10.0.0.0/0.255.255.255",
    "a prefix that is too long": "10.0.0.0/33",
    "a negative prefix": "10.0.0.0/-1",
    "no prefix": "10.0.0.0/",
    "three numbers": "10.0.0/8",
    "one number": "167772160",
    "octal": "010.0.0.0/8",
    "a zone with a comma": "fe80::1%a,0.0.0.0/0",
    "a zone": "fe80::1%eth0/128",
    "digits of another script": "١٠.0.0.0/8",  # noqa: RUF001
    "an address of IPv4 within IPv6": "::ffff:192.0.2.7",
    "a network of IPv4 within IPv6": "::ffff:0:0/96",
    "a name": "bastion.example.com",
    "nothing": "",
}


@pytest.mark.parametrize(("text", "normal"), GOOD.items())
def test_a_network_has_one_spelling(text: str, normal: str):
    assert str(read_network(text)) == normal


@pytest.mark.parametrize("text", BAD.values(), ids=BAD)
def test_what_is_no_network_is_named(text: str):
    assert why(read_network, text) == ("INVALID_SOURCE_ADDRESS", {"invalid": [text]})


@pytest.fixture(scope="module")
def sign_from(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("keys")
    authority, key = make_key(folder), make_key(folder)

    def sign(sources: str, **expected: tuple[int, ...]) -> Path:
        certificate = Path(f"{key.path}-cert.pub")
        option = ("-O", f"source-address={sources}")
        keygen(
            *("-q", "-s", authority.path, "-I", "id", "-n", "prod"), *option,
            f"{key.path}.pub", **expected,
        )  # fmt: skip
        return certificate

    return sign


def test_openssh_takes_all_networks_as_we_write_them(sign_from):
    written = ",".join(map(str, in_order(networks(*GOOD))))
    assert f"source-address {written}\n" in keygen("-L", "-f", sign_from(written))


@pytest.mark.parametrize("text", ["127.0.0.1/8", "10.0.0.0/33", "10.0.0.0/8, 192.0.2.0/24"])
def test_openssh_does_not_take_host_bits_long_prefixes_and_blanks(sign_from, text: str):
    sign_from(text, expect=(255,))


@pytest.mark.parametrize(
    ("address", "own"),
    [
        ("192.0.2.7", "192.0.2.7/32"),
        ("2001:db8::7", "2001:db8::7/128"),
        ("::ffff:192.0.2.7", "192.0.2.7/32"),
        ("fe80::1%eth0", "None"),
        ("unix socket", "None"),
        ("", "None"),
        (None, "None"),
    ],
)
def test_the_network_of_one_address(address: str | None, own: str):
    assert str(own_network(address)) == own


@pytest.mark.parametrize(
    ("first", "second", "both"),
    [
        ("10.0.0.0/8", "10.1.0.0/16", "10.1.0.0/16"),
        ("10.1.0.0/16", "10.0.0.0/8", "10.1.0.0/16"),
        ("10.0.0.0/8", "192.0.2.0/24", ""),
        ("10.0.0.0/8", "10.0.0.0/8", "10.0.0.0/8"),
        ("0.0.0.0/0", "::/0", ""),
        ("0.0.0.0/0 2001:db8::/32", "2001:db8::1 192.0.2.7", "192.0.2.7/32 2001:db8::1/128"),
        ("10.0.0.0/9 10.128.0.0/9", "10.0.0.0/7", "10.0.0.0/8"),
        ("10.0.0.0/30", "10.0.0.1 10.0.0.3", "10.0.0.1/32 10.0.0.3/32"),
    ],
)
def test_what_two_lists_have_in_common(first: str, second: str, both: str):
    found = common(networks(*first.split()), networks(*second.split()))
    assert " ".join(map(str, found)) == both


def test_two_halves_hold_the_whole():
    halves = in_order(networks("10.128.0.0/9", "10.0.0.0/9"))
    assert lies_in(read_network("10.0.0.0/8"), halves)
    assert not lies_in(read_network("10.0.0.0/7"), halves)
    assert not lies_in(read_network("::/0"), halves)
