"""Which addresses we call for others: every way to spell an inner one is refused (threat 197)."""

from ipaddress import ip_address

import pytest

from gatehouse.core.addresses import Allowed, is_public, target_of

pytestmark = pytest.mark.unit

INNER = """
0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.100.100.200 100.127.255.255 127.0.0.1
127.1.2.3 168.63.129.16 169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.1 192.0.0.192
192.0.2.1 192.88.99.1 192.168.0.1 198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1
239.1.1.1 240.0.0.1 255.255.255.255 :: ::1 ::127.0.0.1 ::ffff:127.0.0.1 ::ffff:8.8.8.8
::ffff:0:127.0.0.1 64:ff9b::7f00:1 64:ff9b::808:808 64:ff9b:1::1 100::1 2001::1 2001:0:7f00:1::
2001:10::1 2001:20::1 2001:db8::1 2002:7f00:1:: 2002:a00:1:: 3fff::1 4000::1 5f00::1 fc00::1
fd00:ec2::254 fe80::1 fec0::1 ff02::1
"""
OUTER = """
1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.1
169.253.255.255 172.15.255.255 172.32.0.0 192.167.255.255 223.255.255.255 2606:4700::1111
2001:4860:4860::8888 2a00:1450::1
"""


@pytest.mark.parametrize("address", INNER.split())
def test_what_is_inside_is_not_public(address):
    assert not is_public(ip_address(address))
    assert not Allowed.read(()).admits("hooks.example.test", address)


@pytest.mark.parametrize("address", OUTER.split())
def test_what_is_outside_is(address):
    assert is_public(ip_address(address))


@pytest.mark.parametrize("address", ["fe80::1%eth0", "1.1.1.1%x", "not an address", ""])
def test_what_is_no_plain_address_is_nobodys(address):
    assert not Allowed.read(("hooks.example.test",)).admits("hooks.example.test", address)


@pytest.mark.parametrize(
    ("host", "address", "verdict"),
    [
        ("wiki", "10.9.9.9", True),
        ("other", "10.9.9.9", False),
        ("other", "10.1.2.3", True),
        ("10.1.2.3", "10.1.2.3", True),
        ("other", "fd00::7", True),
        ("other", "::ffff:10.1.2.3", False),
    ],
)
def test_an_operator_may_allow_hosts_and_networks(host, address, verdict):
    allowed = Allowed.read(("WIKI", "10.1.0.0/16", "fd00::7"))

    assert allowed.admits(host, address) is verdict


@pytest.mark.parametrize("entry", ["10.1.0.1/16", "not a host", "*.example.com", "https://x", "1"])
def test_an_entry_that_is_neither_is_refused(entry):
    with pytest.raises(ValueError, match=r"."):
        Allowed.read((entry,))


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("https://hooks.example.com/x?a=1", "hooks.example.com", 443),
        ("https://HOOKS.Example.com:8443", "hooks.example.com", 8443),
        ("https://xn--bcher-kva.example/", "xn--bcher-kva.example", 443),
        ("http://1.1.1.1/", "1.1.1.1", 80),
        ("https://[2606:4700::1111]:443/", "2606:4700::1111", 443),
        ("https://a.b.c:80/", "a.b.c", 80),
    ],
)
def test_a_plain_url_leads_somewhere(url, host, port):
    target = target_of(url, ("https", "http"))

    assert (target.host, target.port) == (host, port)


@pytest.mark.parametrize(
    "host",
    [
        *("2130706433", "0x7f000001", "017700000001", "127.1", "127.0.1", "0", "0x7f.1", "0x"),
        *("0177.0.0.1", "127.0.0.01", "0x7f.0x0.0x0.0x1", "1.2.3.4.5", "a.1", "a.0x1"),
        *("localhost.", "127.0.0.1.", "example.com.", ".example.com", "a..b", "-a.b", "a-.b"),
        *(
            "\uff11\uff12\uff17.0.0.1",
            "127\u30020\u30020\u30021",
            "\u24dbocalhost",
            "bücher.example",
            "ex%61mple.com",
        ),
        *("[::1%25eth0]", "[::1%eth0]", "[::ffff:127.0.0.1]", "[::1", "::1", "[]", "[v1.x]"),
        *("user@example.com", "user:pw@example.com", "@example.com", "127.0.0.1@example.com"),
        *("a_b.example", "exa mple.com", "example.com\\@127.0.0.1", "example.com\t", "a" * 64),
        *(".".join(["a" * 60] * 5), "", "example.com\r\nX-Y: z", "[::1]x", "[::1]@a"),
    ],
)
def test_an_odd_spelling_of_a_host_is_refused(host):
    with pytest.raises(ValueError, match=r"."):
        target_of(f"https://{host}/")


@pytest.mark.parametrize(
    "url",
    [
        *("http://example.com/", "gopher://example.com/", "file:///etc/passwd", "ftp://a.b/"),
        *("//example.com/", "example.com", "https:example.com", "https:///x", "unix:///run/x"),
        *("https://example.com/#x", "https://example.com#@127.0.0.1/", "https://a.b/ x", "HTTPS//"),
        *("https://example.com:22/", "https://example.com:0/", "https://example.com:65536/"),
        *("https://example.com:+443/", "https://example.com:\uff1443/", "https://example.com:8 0/"),
        *("https://example.com:443:80/", "https://a.b/" + "x" * 2048, "https://a.b/\x00", ""),
    ],
)
def test_what_is_no_plain_url_is_refused(url):
    with pytest.raises(ValueError, match=r"."):
        target_of(url)
