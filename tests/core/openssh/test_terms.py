"""What no certificate says, whoever asks. Rulings 33-36; threats 214, 216, 217, 220, 225, 226."""

import os
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gatehouse.core.openssh.certificates import issue, to_be_signed
from gatehouse.core.openssh.terms import MOST, BadTerms, Kind, Terms
from gatehouse.core.openssh.wire import mpint, string, strings
from tests.core.openssh.made_certificates import CERTIFICATE, host, user
from tests.core.openssh.made_keys import (
    ED25519,
    SK_ED25519,
    authority,
    subject,
)

BY = authority(ED25519).blob
WEAK = strings([b"ssh-rsa"]) + mpint(65537) + mpint(2**2047 - 1)
COMMAND, SOURCE, PIN = "force-command", "source-address", "verify-required"
BAD_NAMES = (
    *("", "*", "prod*", "!prod", "a,b", "a b", "prod\n", "\nprod", "prod\0", "prod\r", "p\tq"),
    *("a" * 65, "é", "\uff41", "prod\u200b", "a/b", "$(id)", "a'b", 'a"b', "a=b", "a+b", "\ud800"),
)  # fmt: skip
BAD_HOSTS = (
    *("", "*", "*.example.com", "DB1", "db1.", ".db1", "a..b", "-a", "a-", "a_b", "a b", "a,b"),
    *("a\n", "[::1]:22", "db1:22", "::1%eth0", "2001:DB8::1", "2001:db8:0::1", "1.2.3", "01.2.3.4"),
    *("256.1.1.1", "a" * 64, ".".join(["a" * 63] * 4), "é.example.com", "1.2.3.\u0664"),
)  # fmt: skip
BAD_NETWORKS = (
    *("", "10.0.0.1", "127.0.0.1/8", "10.0.0.0/8, ::1/128", "10.0.0.0/8,", ",10.0.0.0/8", " "),
    *("10.0.0.0/8 ", "10.0.0.0/8,10.0.0.0/8", "10.0.0.0/255.0.0.0", "10.0.0.0/33", "10.0.0.0/08"),
    *("2001:DB8::/32", "2001:db8:0::/32", "::1", "!10.0.0.0/8", "*", "fe80::%1/64", "a/8", "/8"),
    *("10.0.0.0/8\n", "10.0.0.0/-1", "10.0.0.0/\u0668", "0/0"),
)  # fmt: skip
BAD_TEXTS = ("\n", "a\nb", "a\rb", "a\0", "\x1b[2J", "a\x7f", "a\u2028b", "\u202ea", "\udcff")
USERS = {
    "subject": (
        *(
            b"",
            b"x",
            BY,
            CERTIFICATE,
            WEAK,
            subject(ED25519) + b"\0",
            subject("ecdsa-sha2-nistp256")[:-1],
        ),
        *(string(b"ssh-dss") + string(b"1") * 4, string(b"ssh-ed448") + string(bytes(57))),
        string(SK_ED25519.encode()) + string(bytes(32)) + string(b"ssh:\0"),
    ),
    "serial": (0, -1, MOST + 1),
    "kind": (0, 3, -1),
    "key_id": ("", "a" * 256, "é" * 128, *BAD_TEXTS),
    "principals": (
        *((), ["prod"], "prod", ("prod", "prod"), tuple(map(str, range(257)))),
        *(("good", name) for name in BAD_NAMES),
    ),
    "valid_after": (-1, MOST + 1),
    "valid_before": (-1, 0, 1_800_000_000, 1_799_999_999, MOST + 1),
    "critical_options": (
        *({"": ""}, {"permit-pty": ""}, {"Force-Command": "ls"}, {"a@example.com": ""}, {PIN: ""}),
        *({COMMAND: value} for value in ("", " ", "a" * 4097, *BAD_TEXTS)),
        *({SOURCE: value} for value in BAD_NETWORKS),
    ),
    "extensions": (
        *({"": ""}, {"permit-pty": "yes"}, {"permit-everything": ""}, {COMMAND: "ls"}, {"@": ""}),
        *({"a@": ""}, {"@b": ""}, {"a@b@c": ""}, {"a b@c": ""}, {"a@b\n": ""}, {"a@b,c": ""}),
        *({"a" * 60 + "@b.com": ""}, {"é@b": ""}),
        *({"a@example.com": value} for value in ("a" * 4097, *BAD_TEXTS)),
    ),
    "nonce": (b"", bytes(31), bytes(33)),
}
HOSTS = {
    "principals": ((), *((name,) for name in BAD_HOSTS), ("db1", "db1")),
    "critical_options": ({COMMAND: "ls"}, {SOURCE: "10.0.0.0/8"}, {PIN: ""}),
    "extensions": ({"permit-pty": ""}, {"a@example.com": ""}),
}
REFUSED = [
    pytest.param(terms, field, wrong, id=f"{terms.__name__}-{field}-{n}")
    for terms, table in ((user, USERS), (host, HOSTS))
    for field, values in table.items()
    for n, wrong in enumerate(values)
]


@pytest.mark.parametrize(("terms", "field", "wrong"), REFUSED)
def test_what_no_certificate_may_say_is_refused_by_the_name_of_its_field(terms, field, wrong):
    with pytest.raises(BadTerms, match=f"^{field}: ") as refused:
        to_be_signed(replace(terms(), **{field: wrong}), BY)
    assert refused.value.field == field


def test_a_pin_is_promised_of_hardware_only():
    to_be_signed(user(SK_ED25519, critical_options={PIN: ""}), BY)
    with pytest.raises(BadTerms, match="wrong value"):
        to_be_signed(user(SK_ED25519, critical_options={PIN: "yes"}), BY)


@pytest.mark.parametrize("by", [b"", b"x", CERTIFICATE, WEAK, BY + b"\0"], ids=range(5))
def test_an_authority_is_a_strong_key_and_no_certificate(by: bytes):
    with pytest.raises(BadTerms, match=r"^authority: "):
        to_be_signed(user(), by)


@pytest.mark.parametrize("comment", BAD_TEXTS)
def test_a_comment_stays_on_its_line(comment: str):
    with pytest.raises(BadTerms, match=r"^comment: "):
        issue(user(), BY, authority(ED25519).sign, comment)


def test_nothing_is_signed_that_is_refused():
    asked: list[bytes] = []
    with pytest.raises(BadTerms):
        issue(user(principals=()), BY, asked.append)
    assert asked == []


def test_the_limits_themselves_are_taken():
    edge = user(
        serial=MOST,
        key_id="é" * 127 + "a",
        principals=tuple(f"{n:064}" for n in range(256)),
        valid_after=MOST - 1,
        valid_before=MOST,
        critical_options={COMMAND: "a" * 4096, SOURCE: "0.0.0.0/0,::/0"},
        extensions={},
    )
    longest = ".".join(["a" * 63] * 3 + ["b" * 61])
    for terms in (edge, host(principals=(longest, "a", "0a", "1-2", "10.1.2.3", "::", "::1"))):
        assert to_be_signed(terms, BY)


ANY = st.builds(
    Terms,
    subject=st.binary() | st.just(subject(ED25519)),
    serial=st.integers(),
    kind=st.sampled_from(Kind) | st.integers(),
    key_id=st.text() | st.just("a"),
    principals=st.lists(st.text()).map(tuple) | st.just(("a",)),
    valid_after=st.integers() | st.just(0),
    valid_before=st.integers() | st.just(1),
    critical_options=st.dictionaries(st.text() | st.sampled_from([COMMAND, SOURCE]), st.text()),
    extensions=st.dictionaries(st.text() | st.just("permit-pty"), st.text()),
    nonce=st.binary() | st.just(os.urandom(32)),
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ANY)
def test_junk_is_refused_and_nothing_else_happens(terms: Terms):
    with suppress(BadTerms):
        to_be_signed(terms, BY)
