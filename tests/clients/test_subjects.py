"""Subjects of certificates as people write them: MTLS-01 (RFC 8705 2.1.2, RFC 4514)."""

import pytest
from cryptography import x509
from cryptography.x509 import NameOID

from gatehouse.clients.rules import plain
from gatehouse.clients.rules.subjects import LONGEST, plain_subject, subject_of, subject_problem

PLAIN = x509.Name(
    [
        x509.NameAttribute(NameOID.COUNTRY_NAME, "DE"),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Müller, Söhne + Co"),
        x509.NameAttribute(NameOID.EMAIL_ADDRESS, "ops@example.com"),
        x509.NameAttribute(NameOID.COMMON_NAME, "reports"),
    ]
)


@pytest.mark.parametrize(
    "text",
    [
        r"CN=reports,emailAddress=ops@example.com,O=Müller\, Söhne \+ Co,C=DE",
        r"cn = reports , EMAILADDRESS = ops@example.com,o=Müller\, Söhne \+ Co  ,  c=DE ",
        'CN="reports",E=ops@example.com,O="Müller, Söhne + Co",C="DE"',
        r"CN=reports,E=ops@example.com,O=M\C3\BCller\2C S\c3\b6hne \2b Co,C=DE",
        r"2.5.4.3=reports,1.2.840.113549.1.9.1=ops@example.com,O=Müller\, Söhne \+ Co,C=DE",
        r"oid.2.5.4.3=reports,e=ops@example.com,ORGANIZATIONNAME=Müller\, Söhne \+ Co,c=DE",
        'CN=#0c077265706f727473,E=#160f6f7073406578616d706c652e636f6d,O="Müller, Söhne + Co",C=DE',
    ],
)
def test_a_subject_is_what_it_means_however_it_is_written(text: str):
    assert subject_problem(text) == ""
    assert subject_of(text) == PLAIN
    kept = plain_subject(text)
    assert kept == r"CN=reports,emailAddress=ops@example.com,O=Müller\, Söhne \+ Co,C=DE"
    assert plain({"tls_client_auth_subject_dn": text}) == {"tls_client_auth_subject_dn": kept}


def test_a_part_may_have_several_values_in_any_order():
    one, other = subject_of("CN=a+UID=7,O=x"), subject_of("uid = 7 + cn = a, O=x")

    assert one == other
    assert [len(part) for part in one.rdns] == [1, 2]


def test_blanks_and_signs_inside_of_a_value_stay():
    (part,) = subject_of(r"CN=\ a=b # c\ ")

    assert part.value == " a=b # c "
    assert subject_of(plain_subject(r"CN=\ a=b # c\ ")) == subject_of(r"CN=\ a=b # c\ ")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "such as CN=reports"),
        ("junk", "such as CN=reports"),
        ("CN", "such as CN=reports"),
        ("CN=", "such as CN=reports"),
        ("CN=a,", "such as CN=reports"),
        ("CN=a,,O=b", "such as CN=reports"),
        ("CN=a;O=b", "such as CN=reports"),
        ("/C=DE/CN=a", "such as CN=reports"),
        ("CN=a\\", "such as CN=reports"),
        ("CN=a\\x", "such as CN=reports"),
        ('CN="a', "such as CN=reports"),
        ('CN="a"b', "such as CN=reports"),
        ("CN=#zz", "such as CN=reports"),
        ("CN=#04026162", "The value of CN"),
        ("CN=#0c056162", "The value of CN"),
        ("CN=\\ff", "The value of CN"),
        ("CN=a\\0ab", "The value of CN"),
        ("C=Germany", "The value of C "),
        ("FOO=a", "FOO is no type"),
        ("9.9=a", "9.9 is no type"),
        ("2.99999999999999999999999999999999999999999.=a", "is no type"),
        ("CN=a+CN=a", "such as CN=reports"),
        ("CN=a\nO=b", "in one line"),
        ("CN=" + "a" * LONGEST, "1 to 500 characters"),
    ],
)
def test_what_no_certificate_can_have_is_refused(text: str, says: str):
    assert says in subject_problem(text)
