"""Numbers that make a public key useless: whoever sees it can sign for it. Pure."""

from functools import cache
from math import gcd, isqrt, prod

# The field and the curve of Ed25519 (RFC 8032 5.1): -x^2 + y^2 = 1 + D x^2 y^2 modulo P.
P = 2**255 - 19
D = -121665 * pow(121666, -1, P) % P
SIGN_OF_X = 1 << 255  # the highest bit of a point's encoding (RFC 8032 5.1.2)

FEWEST_BITS, MOST_BITS = 2048, 16384  # of a modulus; OpenSSH takes none that is longer
LEAST_EXPONENT, EXPONENTS_END = 65537, 1 << 64
SMALL_PRIMES = tuple(p for p in range(2, 752) if all(p % q for q in range(2, isqrt(p) + 1)))
SMALL_FACTORS = prod(SMALL_PRIMES)
ROCA_PRIMES = SMALL_PRIMES[:39]  # 2 to 167: what every size of such keys is built of
CLOSE = 20  # steps of Fermat's method; the keys that were found in use fell to the first ones


def is_on_ed25519(encoded: bytes) -> bool:
    """Whether 32 bytes are a point in its one spelling (RFC 8032 5.1.3)."""
    y = int.from_bytes(encoded, "little") & ~SIGN_OF_X
    u, v = y * y - 1, D * y * y + 1  # x^2 is u/v, and that is a square where u*v is one
    return y < P and pow(u * v, (P - 1) // 2, P) in {0, 1}


def is_of_small_order(encoded: bytes) -> bool:
    """Whether a point is one of the eight that a few additions turn into nothing.

    Signatures that such a key "made" hold for every message, or for one in few, and need no
    private key. The factors are the points of order 4; 1 and 2; and 8.
    """
    y = int.from_bytes(encoded, "little") & ~SIGN_OF_X
    return y * (y * y - 1) * (D * y**4 + 2 * y * y - 1) % P == 0


def weakness_of_rsa(exponent: int, modulus: int) -> str | None:
    """What is wrong with an RSA key, as a sentence, or None.

    Sizes of OpenSSH; exponent and small factors as in NIST SP 800-89 5.3.3.
    """
    if modulus.bit_length() < FEWEST_BITS:
        return f"An RSA key needs {FEWEST_BITS} bits at least; better is an Ed25519 key."
    if modulus.bit_length() > MOST_BITS:
        return f"An RSA key has {MOST_BITS} bits at most."
    if exponent % 2 == 0 or not LEAST_EXPONENT <= exponent < EXPONENTS_END:
        return "The exponent of this RSA key is not a safe one; usual is 65537."
    if gcd(modulus, SMALL_FACTORS) != 1 or _has_close_primes(modulus):
        return "This RSA key can be broken by anybody, since its factors are easily found."
    if _is_of_roca(modulus):
        return "This RSA key was made by a chip whose keys can be broken (CVE-2017-15361)."
    return None


def _has_close_primes(modulus: int) -> bool:
    """Whether both primes lie next to their mean (Fermat; CVE-2022-26320)."""
    mean = isqrt(modulus - 1) + 1
    squares = (tried**2 - modulus for tried in range(mean, mean + CLOSE))
    return any(isqrt(square) ** 2 == square for square in squares)


def _is_of_roca(modulus: int) -> bool:
    """Whether both primes were built of powers of 65537, so that their product is one as well.

    One in a hundred million other keys looks the same.
    """
    return all(modulus % p in _powers_of_65537(p) for p in ROCA_PRIMES)


@cache
def _powers_of_65537(prime: int) -> frozenset[int]:
    return frozenset(pow(65537, power, prime) for power in range(prime))
