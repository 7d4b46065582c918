"""The most sign-ins that this machine can do: nothing but bcrypt, in as many threads as we serve.

``python -m benchmarks.hashing COUNT THREADS`` prints the seconds that COUNT checks take.
"""

import sys
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from time import perf_counter

import bcrypt

ROUNDS = 12
PASSWORD = b64encode(sha256(b"correct horse battery staple").digest())


def seconds_for(count: int, threads: int) -> float:
    hashed = bcrypt.hashpw(PASSWORD, bcrypt.gensalt(ROUNDS))
    with ThreadPoolExecutor(threads) as pool:
        started = perf_counter()
        right = list(pool.map(lambda _: bcrypt.checkpw(PASSWORD, hashed), range(count)))
        took = perf_counter() - started
    if not all(right):
        raise RuntimeError("bcrypt refused a right password.")
    return took


if __name__ == "__main__":
    print(seconds_for(*map(int, sys.argv[1:])))
