"""What Redis may remember for a minute: who a token belongs to, and ready answers for them.

Redis is never trusted further than the row:

* What we write there carries a mark that takes SECRET_KEY to make, over the key, the owner, the
  version, the end and the payload. Without the right one, or after its end, it is not there:
  whoever can write to Redis makes nobody of themselves, and puts back what was void for no
  longer than it would have lived.
* An entry belongs to an owner (an account) and carries the owner's version, a random word.
  ``forget`` gives the owner a new version, and every entry under the old one is void: one write,
  however many sessions there are. Whoever fills an entry reads the version before the row, so a
  revocation in between voids what is filled after it.
* A transaction that ends something holds the owner before it commits: from then on nothing of
  theirs is believed or filled, so that a worker that dies right after its commit leaves nothing.
* Keys lie under the run id of the Redis process and an epoch from the database. A Redis that was
  restarted from an older copy has another run id. A transaction whose ``hold`` Redis did not
  acknowledge raises the epoch, and answers only when every worker must have read the new one.
* Who knows of the new one before that leaves it beside the owners whom they void: of those Redis
  tells nothing to workers that still believe an older one, under which nothing was voided.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from hmac import compare_digest
from secrets import token_hex
from threading import Lock
from time import monotonic, sleep, time

from sqlalchemy import Column, Engine, Integer, Table, select, update
from sqlalchemy.exc import SQLAlchemyError

from gatehouse.core.crypto import fingerprint
from gatehouse.core.db import Model, committing_each
from gatehouse.core.redis_link import RedisAway, RedisLink, Script, store_key

EPOCHS = Table(
    "cache_epochs",
    Model.metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("epoch", Integer, nullable=False),
)
EPOCH_LEASE = 1.0  # seconds for which a worker believes the epoch it has read
VERSION_LENGTH = 16
VERSION_LIFE = 600  # seconds; longer than any entry lives, and than any transaction
HELD = "!"  # what a version begins with that nothing may be filled under
RAISED = update(EPOCHS).values(epoch=EPOCHS.c.epoch + 1)
OWNER_LENGTH = 36
END_LENGTH = 13  # digits of milliseconds since 1970
MARK_LENGTH = 16  # bytes
HEAD_LENGTH = VERSION_LENGTH + END_LENGTH

# An entry is its owner and a marked value, a ready answer a marked value alone: version, end,
# payload and mark. What the script gives is one string, because one short answer is read at once:
# the counts, the length of the entry, the entry, and the ready answer if there is one.
LOOK = Script("""
local entry = redis.call('GET', ARGV[1] .. 'e:' .. KEYS[1])
if not entry then return false end
local owner = string.sub(entry, 1, 36)
local epoch = redis.call('GET', ARGV[3] .. owner)
if epoch and tonumber(epoch) > tonumber(ARGV[4]) then return false end
local version = string.sub(entry, 37, 52)
if redis.call('GET', ARGV[1] .. 'v:' .. owner) ~= version then return false end
local counts = {}
for i = 5, #ARGV, 3 do
  local key = ARGV[i] .. owner .. ARGV[i + 1]
  local count = redis.call('INCR', key)
  if count == 1 then redis.call('EXPIRE', key, ARGV[i + 2]) end
  counts[#counts + 1] = count
end
local found = table.concat(counts, ' ') .. '|' .. #entry .. '|' .. entry
if ARGV[2] ~= '' then
  local answer = redis.call('GET', ARGV[1] .. 'a:' .. ARGV[2] .. ':' .. owner)
  if answer and string.sub(answer, 1, 16) == version then
    found = found .. answer
  end
end
return found
""")
BEGIN = Script("""
redis.call('SET', KEYS[1], ARGV[1], 'NX', 'EX', ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[2])
return redis.call('GET', KEYS[1])
""")
# A hold of somebody else stands: they renew the version themselves, once they have committed.
RENEW = Script("""
local known = redis.call('GET', ARGV[4])
if not known or tonumber(known) <= tonumber(ARGV[5]) then
  redis.call('SET', ARGV[4], ARGV[5], 'EX', ARGV[2])
end
local now = redis.call('GET', KEYS[1])
if now and string.sub(now, 1, 1) == '!' and now ~= ARGV[3] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
return 1
""")


@dataclass(frozen=True, slots=True)
class Found:
    """An entry that still holds, the ready answer asked for, and the counts after this call."""

    payload: bytes
    version: str
    answer: bytes | None
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Read:
    """An entry with the ready answer asked for, and when each ends, in milliseconds since 1970."""

    payload: bytes
    version: str
    end: int
    answer: bytes
    answer_end: int


class OwnedCache:
    """Entries by key and ready answers by name, each of one owner (a UUID as text)."""

    def __init__(self, link: RedisLink, engine: Engine, secret_key: str) -> None:
        self._link = link
        self._marker = Marker(secret_key)
        # The same bytes come again and again, and are judged alike but for the time.
        self._read = lru_cache(maxsize=2048)(self._judge)
        self._engine = committing_each(engine)
        self._epoch = 0
        self._lease_ends = 0.0
        self._lock = Lock()

    def look(
        self,
        key: str,
        *,
        answer: str = "",
        counters: Iterable[tuple[str, int]] = (),
        limits: Iterable[tuple[str, str, int]] = (),
    ) -> Found | None:
        """Look ``key`` up in one round trip, and count the call. ``counters`` are names of our own
        with their seconds; ``limits`` keys of the store's, as they are before and after the owner.
        """
        try:
            epoch = self._believed_epoch()
            row: bytes | None = self._link.run_as(
                LOOK,
                lambda run_id: (
                    *(1, key, _namespace(run_id, epoch), answer),
                    *(_epoch_key(run_id, ""), epoch),
                    *_counted(_namespace(run_id, epoch), counters, limits),
                ),
            )
        except RedisAway:
            return None
        if row is None:
            return None
        counts, length, rest = row.split(b"|", 2)
        read = self._read(key, answer, int(length), rest)
        now = time() * 1000
        if read.end <= now:
            return None
        return Found(
            payload=read.payload,
            version=read.version,
            answer=read.answer if read.answer_end > now else None,
            counts=tuple(map(int, counts.split())),
        )

    def begin(self, owner: str) -> str | None:
        """The version to fill under. Ask before reading the row that is to be remembered."""
        try:
            epoch = self._believed_epoch()
            new = _new_version()
            found = self._link.run_as(
                BEGIN,
                lambda run_id: (1, _version_key(run_id, epoch, owner), new, VERSION_LIFE),
            )
        except RedisAway:
            return None
        # A hold is no version. Nor is what others wrote: it could move the parts of what we mark.
        is_ours = len(found) == VERSION_LENGTH and found.isalnum()
        return str(found.decode()) if is_ours else None

    def fill(self, key: str, owner: str, version: str, payload: bytes, seconds: float) -> None:
        """Remember ``payload`` (JSON) under ``key``, if ``version`` is still the owner's."""
        told = owner.encode()
        value = told + self._marker.marked(_entry(key, told), version, seconds, payload)
        self._keep(f"e:{key}", value, seconds)

    def fill_answer(
        self, name: str, owner: str, version: str, payload: bytes, seconds: float
    ) -> None:
        """Remember a ready answer (JSON) of the owner, beside every entry of theirs."""
        value = self._marker.marked(_answer(name, owner.encode()), version, seconds, payload)
        self._keep(f"a:{name}:{owner}", value, seconds)

    def hold(self, owners: Iterable[str]) -> str | None:
        """Believe and fill nothing of ``owners`` until ``forget``. Call it before the commit.

        Returns the name of the hold, or None if Redis did not acknowledge it: then execute
        ``RAISED`` within the same transaction, and call ``outwait`` once it has been committed.
        """
        name = HELD + _new_version()[1:]
        try:
            epoch = self._read_epoch()  # Under one that is over, others would believe on.
            for owner in owners:
                self._set_version(owner, epoch, name)
        except (RedisAway, SQLAlchemyError):
            return None
        return name

    def forget(self, owners: Iterable[str], hold: str = "") -> None:
        """Void all that is remembered for ``owners``. When this returns, no worker believes it.

        The epoch is read afresh, after the caller's commit: what is filled under a later one is
        read from rows that know of it. Under an earlier one nothing of theirs is found. Raises
        SQLAlchemyError if it cannot be read, and voids under the last one that we know.
        """
        epoch, trouble = self._epoch, None
        try:
            epoch = self._read_epoch()
        except SQLAlchemyError as error:
            trouble = error
        try:
            for owner in owners:
                self._renew(owner, epoch, hold)
        except RedisAway:
            with self._engine.connect() as db:
                db.execute(RAISED)
            self.outwait()
        if trouble:
            raise trouble

    def freshen(self, owners: Iterable[str], hold: str = "") -> None:
        """The same for what may be told a minute late: Redis is asked, not waited for."""
        try:
            epoch = self._believed_epoch()
            for owner in owners:
                self._renew(owner, epoch, hold)
        except (RedisAway, SQLAlchemyError):
            return

    def outwait(self) -> None:
        """Wait until the last lease on an epoch that was raised just now is over."""
        sleep(EPOCH_LEASE)

    def _judge(self, key: str, answer: str, length: int, raw: bytes) -> "Read":
        """What Redis gave: an entry that is so long, and the ready answer behind it, if any."""
        owner, value = raw[:OWNER_LENGTH], raw[OWNER_LENGTH:length]
        end, payload = self._marker.read(_entry(key, owner), value)
        answer_end, ready = self._marker.read(_answer(answer, owner), raw[length:])
        version = value[:VERSION_LENGTH].decode() if end else ""
        return Read(payload, version, end, ready, answer_end)

    def _renew(self, owner: str, epoch: int, hold: str) -> None:
        new = _new_version()
        self._link.run_as(
            RENEW,
            lambda run_id: (
                *(1, _version_key(run_id, epoch, owner), new, VERSION_LIFE, hold),
                *(_epoch_key(run_id, owner), epoch),
            ),
        )

    def _set_version(self, owner: str, epoch: int, version: str) -> None:
        self._link.call_as(
            lambda run_id: ("SET", _version_key(run_id, epoch, owner), version, "EX", VERSION_LIFE)
        )

    def _keep(self, name: str, value: bytes, seconds: float) -> None:
        milliseconds = _milliseconds(seconds)
        if milliseconds <= 0:
            return
        try:
            epoch = self._believed_epoch()
            self._link.call_as(
                lambda run_id: ("SET", _namespace(run_id, epoch) + name, value, "PX", milliseconds)
            )
        except RedisAway:
            return

    def _believed_epoch(self) -> int:
        """The epoch as this worker may believe it: read at most a lease ago."""
        return self._epoch if monotonic() < self._lease_ends else self._read_epoch()

    def _read_epoch(self) -> int:
        """Read it, and believe it for a lease from before it was read. Epochs only rise."""
        started = monotonic()
        with self._engine.connect() as db:
            found = db.scalar(select(EPOCHS.c.epoch)) or 0
        with self._lock:
            if found >= self._epoch:
                self._epoch = found
                self._lease_ends = max(self._lease_ends, started + EPOCH_LEASE)
            return self._epoch


class Marker:
    """Tells what we wrote from what others did. A mark is a MAC, keyed BLAKE2b (RFC 7693)."""

    def __init__(self, secret_key: str) -> None:
        self._key = fingerprint(secret_key, "cache", "marks").encode()

    def marked(self, name: bytes, version: str, seconds: float, payload: bytes) -> bytes:
        head = f"{version}{_milliseconds(time() + seconds):0{END_LENGTH}}".encode()
        value = head + payload
        return value + self._mark(name + value)

    def read(self, name: bytes, value: bytes) -> tuple[int, bytes]:
        """The end in milliseconds and the payload. What we did not write so has ended long ago."""
        told = value[:-MARK_LENGTH]
        if not compare_digest(value[-MARK_LENGTH:], self._mark(name + told)):
            return 0, b""
        return int(told[VERSION_LENGTH:HEAD_LENGTH]), told[HEAD_LENGTH:]

    def _mark(self, text: bytes) -> bytes:
        return blake2b(text, key=self._key, digest_size=MARK_LENGTH).digest()


def _counted(
    namespace: str,
    counters: Iterable[tuple[str, int]],
    limits: Iterable[tuple[str, str, int]],
) -> Iterator[str | int]:
    """What is counted: each what stands before and after the owner, and its seconds."""
    for name, seconds in counters:
        yield from (f"{namespace}n:{name}:", "", seconds)
    for before, after, seconds in limits:
        yield from (store_key(before), after, seconds)


def _entry(key: str, owner: bytes) -> bytes:
    return b"e:%b:%b:" % (key.encode(), owner)


def _answer(name: str, owner: bytes) -> bytes:
    return b"a:%b:%b:" % (name.encode(), owner)


def _milliseconds(seconds: float) -> int:
    return int(seconds * 1000)


def _namespace(run_id: str, epoch: int) -> str:
    return f"gatehouse:{run_id}:{epoch}:"


def _epoch_key(run_id: str, owner: str) -> str:
    return f"gatehouse:{run_id}:epoch:{owner}"


def _version_key(run_id: str, epoch: int, owner: str) -> str:
    return f"{_namespace(run_id, epoch)}v:{owner}"


def _new_version() -> str:
    return token_hex(VERSION_LENGTH // 2)
