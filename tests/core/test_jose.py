"""Signed tokens: what we sign others verify, and what is not plain is not believed.

Threats 57 to 61, 63 to 66, 68.
"""

import warnings
from base64 import urlsafe_b64encode
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from gatehouse.core import jose
from gatehouse.core.jose import Key, NotGenuine
from tests.proving import BESIDE, Signer

KEYS = {alg: Key("one", alg, jose.private_key(alg)) for alg in ("RS256", "PS256", "ES256", "EdDSA")}
CLAIMS = {"sub": "kim", "n": 1, "text": "ü"}


def rsa(bits: int, e: int) -> dict[str, Any]:
    """A public key whose numbers are of this size. Nobody has the private half."""
    n = (1 << (bits - 1)) + 1
    return {"kty": "RSA", "n": number(n), "e": number(e)}


def number(value: int) -> str:
    return part(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def part(value: Any) -> str:
    raw = value if isinstance(value, bytes) else orjson.dumps(value)
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


@pytest.mark.parametrize("alg", KEYS)
def test_what_we_sign_others_verify(alg: str):
    key = KEYS[alg]
    token = jose.sign(CLAIMS, key, typ="at+jwt")

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SecurityWarning)
        found = jwt.decode(token, key.jose, algorithms=[alg])

    assert found.claims == CLAIMS
    assert found.header == {"alg": alg, "typ": "at+jwt", "kid": "one"}
    assert jose.verify(token, [key], [alg], typ=("at+jwt",)) == CLAIMS


@pytest.mark.parametrize("alg", KEYS)
def test_a_changed_token_is_not_genuine(alg: str):
    token = jose.sign(CLAIMS, KEYS[alg])
    head, body, mark = token.split(".")
    spoiled = [
        f"{head}.{part({**CLAIMS, 'sub': 'eve'})}.{mark}",
        f"{head}.{body}.{mark[:-2]}",
        f"{head}.{body}.{mark}AA",
        f"{head}.{body}.{mark}=",
        f"{head}.{body}.",
        f"{head}.{body}",
        f"{token}.x",
        f" {token}",
        f"{token}\n",
        token.swapcase(),
        token.replace(".", ".."),
    ]
    for one in spoiled:
        with pytest.raises(NotGenuine):
            jose.verify(one, [KEYS[alg]], [alg])


def test_no_header_decides_how_a_token_is_verified():
    """Neither an algorithm of the sender's choice, nor a key that comes along or lies elsewhere."""
    rsa, attacker = KEYS["RS256"], jose.private_key("RS256")
    mark = jose.sign(CLAIMS, Key("one", "RS256", attacker)).split(".")[2]
    headers: list[Any] = [
        {"alg": "none"},
        {"alg": "None"},
        {"alg": "nOnE"},
        {"alg": ""},
        {},
        {"alg": ["RS256"]},
        {"alg": "HS256"},
        {"alg": "RS256", "jwk": attacker.as_dict(private=False)},
        {"alg": "RS256", "jku": "https://evil.example/keys"},
        {"alg": "RS256", "x5u": "https://evil.example/x"},
        {"alg": "RS256", "x5c": ["abc"]},
        {"alg": "RS256", "crit": ["exp"], "exp": 1},
        {"alg": "RS256", "b64": False, "crit": ["b64"]},
        {"alg": "RS256", "zip": "DEF"},
        {"alg": "RS256", "kid": ["one"]},
        {"alg": "RS256", "kid": "x" * 1000},
        {"alg": "RS256", "typ": 1},
        [],
        "RS256",
    ]
    for header in headers:
        for signature in ("", mark):
            with pytest.raises(NotGenuine):
                jose.verify(f"{part(header)}.{part(CLAIMS)}.{signature}", [rsa], ["RS256"])


@pytest.mark.parametrize("name", BESIDE)
def test_what_a_header_says_beside_is_not_looked_at(name: str):
    """Threat 59, RFC 7515 4: the signature is by the key that we know, or it is none."""
    ours, other = Signer("ES256", "one"), Signer("ES256", "one")
    keys = jose.public_keys(ours.jwk)

    assert jose.verify(ours.sign(CLAIMS, **{name: BESIDE[name]}), keys, ["ES256"]) == CLAIMS
    with pytest.raises(NotGenuine):
        jose.verify(other.sign(CLAIMS, **{name: BESIDE[name]}), keys, ["ES256"])


def test_a_public_key_is_no_shared_secret():
    """Threat 58: in whatever form the public key is known."""
    rsa = KEYS["RS256"].jose
    pem = rsa.public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    forms = [
        pem,
        pem.strip(),
        pem.replace(b"\n", b"\r\n"),
        b"\n" + pem,
        rsa.public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        orjson.dumps(rsa.as_dict(private=False)),
        rsa.public_key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH),
    ]
    for form in forms:
        raw = part({"alg": "HS256", "kid": "one"}) + "." + part(CLAIMS)
        import hmac  # noqa: PLC0415
        from hashlib import sha256  # noqa: PLC0415

        forged = f"{raw}.{part(hmac.new(form, raw.encode(), sha256).digest())}"
        for algorithms in (["RS256"], ["RS256", "HS256"], ["HS256"]):
            with pytest.raises(NotGenuine):
                jose.verify(forged, [KEYS["RS256"]], algorithms)


def test_a_shared_secret_is_long():
    """Threat 61."""
    for short in (b"", b"x" * 31):
        with pytest.raises(NotGenuine):
            jose.secret_key(short)
    assert jose.secret_key(b"x" * 32).alg == "HS256"


@pytest.mark.parametrize(
    "token",
    [
        "",
        "a.b.c",
        "." * 5000,
        "x" * 20_000,
        '{"payload":"","signatures":[]}',
        f"{part({'alg': 'RS256'})}.{part([1])}.AA",
        f"{part({'alg': 'RS256'})}.{part(b'{')}.AA",
        f"{part({'alg': 'RS256'})}.{part({'a': 1})}.A",
        f"{part(b'[' * 3000)}.{part({'a': 1})}.AA",
    ],
    ids=lambda token: token[:12],
)
def test_junk_is_not_genuine(token: str):
    """Threats 63, 65 and 68."""
    with pytest.raises(NotGenuine):
        jose.read(token)


@pytest.mark.parametrize(
    "jwk",
    [
        {"kty": "oct", "k": "AAAA"},
        RSAKey.generate_key(2048).as_dict(private=True),
        ECKey.generate_key("P-256").as_dict(private=True),
        {"kty": "RSA", "n": part(b"\xff" * 128), "e": "AQAB"},
        {"kty": "RSA"},
        rsa(2047, 65537),
        rsa(8193, 65537),
        rsa(3072, 1),
        rsa(3072, 65536),
        rsa(3072, 2**32 + 1),
        rsa(3072, (1 << 3070) + 1),
        {**rsa(3072, 65537), "e": 65537},
        {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"},
        {"kty": "RSA", "n": 5, "e": "AQAB"},
        {**OKPKey.generate_key("Ed25519").as_dict(private=False), "kid": ["x"]},
    ],
    ids=lambda jwk: f"{jwk.get('kty')} {len(jwk)} {str(jwk.get('e'))[:6]}",
)
def test_an_odd_key_has_no_place_in_a_set(jwk: dict[str, Any]):
    """Threat 66."""
    with pytest.raises(NotGenuine):
        jose.public_keys(jwk)


@pytest.mark.parametrize(
    ("changed", "algorithms"),
    [
        ({}, {"RS256", "PS256"}),
        ({"alg": "PS256"}, {"PS256"}),
        ({"alg": "ES256"}, set()),
        ({"use": "enc"}, set()),
        ({"key_ops": ["encrypt"]}, set()),
    ],
)
def test_a_key_is_for_what_it_says(changed: dict[str, Any], algorithms: set[str]):
    jwk = {**KEYS["RS256"].jose.as_dict(private=False), **changed}

    assert {key.alg for key in jose.public_keys(jwk)} == algorithms


def test_keys_of_other_curves_and_kinds_count_for_nothing():
    assert jose.public_keys(ECKey.generate_key("P-384").as_dict(private=False)) == []
    assert jose.public_keys(OKPKey.generate_key("X25519").as_dict(private=False)) == []
    with pytest.raises(NotGenuine):
        jose.public_keys(OctKey.generate_key(256).as_dict(private=False))


@pytest.mark.parametrize(("bits", "e"), [(2048, 3), (3072, 65537), (8192, 2**32 - 1)])
def test_rsa_keys_as_people_make_them_count(bits: int, e: int):
    assert len(jose.public_keys(rsa(bits, e))) == 2


def test_the_signature_of_the_largest_key_is_read():
    assert len(part(bytes(jose.LARGEST_RSA // 8))) <= jose.REGISTRY.max_signature_length


def keys_of(*signers: Signer) -> list[Key]:
    return [key for signer in signers for key in jose.public_keys(signer.jwk)]


def test_a_kid_says_which_of_many_keys_it_is():
    """OpenID Connect Core 10.1: wherever it stands, and before those that have none."""
    named = [Signer("ES256", f"key {number}") for number in range(9)]
    nameless = [Signer("ES256") for _ in range(9)]

    for signer in named:
        keys = keys_of(*nameless, *named)
        assert jose.verify(signer.sign(CLAIMS), keys, ["ES256"]) == CLAIMS


@pytest.mark.parametrize("kid", ["", "another"])
def test_without_a_kid_few_keys_are_tried(kid: str):
    """Threat 66: nobody makes us verify with all the keys that they publish."""
    edwards, nameless = Signer("EdDSA"), [Signer("ES256", "") for _ in range(9)]
    keys = keys_of(edwards, *nameless)

    for signer in nameless[: jose.MOST_TRIED]:
        assert jose.verify(signer.sign(CLAIMS, kid=kid), keys, ["ES256"]) == CLAIMS
    for signer in nameless[jose.MOST_TRIED :]:
        with pytest.raises(NotGenuine):
            jose.verify(signer.sign(CLAIMS, kid=kid), keys, ["ES256"])
