"""Certificates for the tests, of a person and of a host."""

import base64
import time
from dataclasses import replace

from gatehouse.core.openssh.certificates import certificate_type, issue
from gatehouse.core.openssh.terms import Kind, Terms
from tests.core.openssh.made_keys import ED25519, authority, subject

NONCE = bytes(range(32))
FIVE_MINUTES = 300
FLAGS = ("permit-X11-forwarding", "permit-pty", "permit-user-rc")


def user(of_type: str = ED25519, **changed) -> Terms:
    terms = Terms(
        subject=subject(of_type),
        serial=7,
        kind=Kind.USER,
        key_id="gh1:acme:alice@example.com",
        principals=("prod", "user:alice"),
        valid_after=1_800_000_000,
        valid_before=1_800_003_600,
        critical_options={
            "source-address": "10.0.0.0/8,2001:db8::/32",
            "force-command": "/usr/bin/rsync --server  -v 'é'",
        },
        extensions=dict.fromkeys(reversed(FLAGS), "") | {"login@example.com": "alice"},
        nonce=NONCE,
    )
    return replace(terms, **changed)


def host(of_type: str = ED25519, **changed) -> Terms:
    names = ("db1.example.com", "db1", "192.0.2.1", "2001:db8::1")
    terms = user(of_type, kind=Kind.HOST, principals=names, critical_options={}, extensions={})
    return replace(terms, **changed)


def good_now(subject: bytes, **changed) -> Terms:
    """What lets alice in wherever prod may enter, for five minutes from now."""
    now = int(time.time())
    terms = Terms(
        subject=subject,
        serial=7,
        kind=Kind.USER,
        key_id="gh1:acme:alice",
        principals=("prod",),
        valid_after=now - FIVE_MINUTES,
        valid_before=now + FIVE_MINUTES,
        extensions={"permit-pty": ""},
    )
    return replace(terms, **changed)


def issued(terms: Terms, by: str = ED25519, comment: str = "") -> str:
    return issue(terms, authority(by).blob, authority(by).sign, comment)


def raw(line: str) -> bytes:
    return base64.b64decode(line.split()[1])


def as_line(blob: bytes, of_type: str = ED25519) -> str:
    return f"{certificate_type(of_type)} {base64.b64encode(blob).decode()}"


CERTIFICATE = raw(issued(user()))
