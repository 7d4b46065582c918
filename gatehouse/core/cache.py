"""What Redis may remember for a minute: who a token belongs to, and ready answers for them.

Redis is never trusted further than the row:

* An entry belongs to an owner (an account) and carries the owner's version, a random word.
  ``forget`` gives the owner a new version, and every entry under the old one is void: one write,
  however many sessions there are. Whoever fills an entry reads the version before the row, so a
  revocation in between voids what is filled after it.
* Keys lie under the run id of the Redis process and an epoch from the database. A Redis that was
  restarted from an older copy has another run id. A ``forget`` that Redis did not acknowledge
  raises the epoch, and answers only when every worker must have read the new one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from secrets import token_hex
from threading import Lock
from time import monotonic, sleep

from sqlalchemy import Column, Engine, Integer, Table, select, update

from gatehouse.core.db import Model
from gatehouse.core.redis_link import RedisAway, RedisLink, Script

EPOCHS = Table(
    "cache_epochs",
    Model.metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("epoch", Integer, nullable=False),
)
EPOCH_LEASE = 1.0  # seconds for which a worker believes the epoch it has read
VERSION_LENGTH = 16
VERSION_LIFE = 600  # seconds; longer than any entry lives
OWNER_LENGTH = 36

LOOK = Script("""
local entry = redis.call('GET', ARGV[1] .. 'e:' .. KEYS[1])
if not entry then return false end
local owner = string.sub(entry, 1, 36)
local version = string.sub(entry, 37, 52)
if redis.call('GET', ARGV[1] .. 'v:' .. owner) ~= version then return false end
local answer = false
if ARGV[2] ~= '' then
  answer = redis.call('GET', ARGV[1] .. 'a:' .. ARGV[2] .. ':' .. owner)
  if answer then
    if string.sub(answer, 1, 16) == version then answer = string.sub(answer, 17)
    else answer = false end
  end
end
local counts = {}
for i = 3, #ARGV, 2 do
  local key = ARGV[1] .. 'n:' .. ARGV[i] .. ':' .. owner
  local count = redis.call('INCR', key)
  if count == 1 then redis.call('EXPIRE', key, ARGV[i + 1]) end
  counts[#counts + 1] = count
end
return {string.sub(entry, 37), answer, counts}
""")
BEGIN = Script("""
redis.call('SET', KEYS[1], ARGV[1], 'NX', 'EX', ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[2])
return redis.call('GET', KEYS[1])
""")


@dataclass(frozen=True, slots=True)
class Found:
    """An entry that still holds, the ready answer asked for, and the counts after this call."""

    payload: bytes
    version: str
    answer: bytes | None
    counts: tuple[int, ...]


class OwnedCache:
    """Entries by key and ready answers by name, each of one owner (a UUID as text)."""

    def __init__(self, link: RedisLink, engine: Engine) -> None:
        self._link = link
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._epoch = 0
        self._lease_ends = 0.0
        self._lock = Lock()

    def look(
        self, key: str, *, answer: str = "", counters: Iterable[str | int] = ()
    ) -> Found | None:
        """Look ``key`` up in one round trip. ``counters`` are pairs of a name and its seconds."""
        try:
            row = self._link.run(LOOK, [key], [self._namespace(), answer, *counters])
        except RedisAway:
            return None
        if row is None:
            return None
        entry, ready, counts = row
        version = entry[:VERSION_LENGTH].decode()
        return Found(entry[VERSION_LENGTH:], version, ready, tuple(counts))

    def begin(self, owner: str) -> str | None:
        """The version to fill under. Ask before reading the row that is to be remembered."""
        try:
            key = f"{self._namespace()}v:{owner}"
            answer = self._link.run(BEGIN, [key], [_new_version(), VERSION_LIFE])
        except RedisAway:
            return None
        return str(answer.decode())

    def fill(self, key: str, owner: str, version: str, payload: bytes, seconds: float) -> None:
        value = owner.encode() + version.encode() + payload
        self._keep(f"e:{key}", value, seconds)

    def fill_answer(
        self, name: str, owner: str, version: str, payload: bytes, seconds: float
    ) -> None:
        self._keep(f"a:{name}:{owner}", version.encode() + payload, seconds)

    def forget(self, owners: Iterable[str]) -> None:
        """Void all that is remembered for ``owners``. When this returns, no worker believes it."""
        self._lease_ends = 0.0  # Others may work under a new epoch by now: read it afresh.
        try:
            for owner in owners:
                self._renew(owner)
        except RedisAway:
            self._raise_epoch()

    def _renew(self, owner: str) -> None:
        """Give the owner a new version, in the namespace that holds when it is written."""
        namespace = ""
        while namespace != (now := self._namespace()):
            namespace = now
            self._link.call("SET", f"{namespace}v:{owner}", _new_version(), "EX", VERSION_LIFE)

    def _keep(self, name: str, value: bytes, seconds: float) -> None:
        milliseconds = int(seconds * 1000)
        if milliseconds <= 0:
            return
        try:
            self._link.call("SET", self._namespace() + name, value, "PX", milliseconds)
        except RedisAway:
            return

    def _raise_epoch(self) -> None:
        """Move everybody to new keys, and wait until the last lease on the old ones is over."""
        with self._engine.connect() as db:
            db.execute(update(EPOCHS).values(epoch=EPOCHS.c.epoch + 1))
        sleep(EPOCH_LEASE)

    def _namespace(self) -> str:
        started = monotonic()
        if started >= self._lease_ends:
            with self._lock:
                if started >= self._lease_ends:
                    with self._engine.connect() as db:
                        self._epoch = db.scalar(select(EPOCHS.c.epoch)) or 0
                    self._lease_ends = started + EPOCH_LEASE
        return f"gatehouse:{self._link.run_id()}:{self._epoch}:"


def _new_version() -> str:
    return token_hex(VERSION_LENGTH // 2)
