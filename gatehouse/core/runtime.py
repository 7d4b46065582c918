"""All that a process has: settings, connections, ports, and what the domains have brought along."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from gatehouse.core.bodies import BodyGate
from gatehouse.core.cache import OwnedCache
from gatehouse.core.crypto import Keyring
from gatehouse.core.db import ReadingSession, committing_each, make_engine
from gatehouse.core.domain import Domain
from gatehouse.core.events import Event
from gatehouse.core.leases import Leases
from gatehouse.core.metrics import Metrics
from gatehouse.core.outside import Ports
from gatehouse.core.places import Places
from gatehouse.core.rate_limit import ProcessCounter, SharedCounter
from gatehouse.core.reactions import (
    Handler,
    Job,
    Reaction,
    by_event,
    by_handler,
    by_name,
    of_event,
)
from gatehouse.core.redis_link import RedisLink
from gatehouse.core.settings import Settings
from gatehouse.core.store import EphemeralStore, FailoverStore, RedisStore, SqlStore


@dataclass(frozen=True, slots=True)
class Runtime:
    """All that a process has. ``store`` may be Redis; ``guards`` never is."""

    settings: Settings
    engine: Engine
    short: Engine
    reading: sessionmaker[ReadingSession]
    writing: sessionmaker[Session]
    store: EphemeralStore
    guards: SqlStore
    link: RedisLink | None
    cache: OwnedCache | None
    leases: Leases
    counter: ProcessCounter
    shared: SharedCounter
    bodies: BodyGate
    streams: Places
    keyring: Keyring
    metrics: Metrics | None
    ports: Ports
    grants: frozenset[tuple[str, str]]
    reactions: Mapping[type[Event], list[Reaction]]
    handlers: Mapping[str, Handler]
    handlers_of: Mapping[type[Event], list[Handler]]
    jobs: Mapping[str, Job]
    mails: tuple[Callable[..., Any], ...]
    personal_data: tuple[Callable[..., Any], ...]

    @classmethod
    def build(
        cls, settings: Settings, domains: tuple[Domain, ...], replaced: Mapping[str, object]
    ) -> "Runtime":
        handlers = by_handler(handler for domain in domains for handler in domain.handlers)
        engine = make_engine(settings.database_url)
        guards = SqlStore(engine)
        link = RedisLink(settings.redis_url) if settings.redis_url else None
        store = FailoverStore(RedisStore(link), guards) if link else guards
        return cls(
            settings=settings,
            engine=engine,
            short=committing_each(engine),
            reading=sessionmaker(
                engine.execution_options(reads_only=True),
                class_=ReadingSession,
                expire_on_commit=False,
            ),
            writing=sessionmaker(engine, expire_on_commit=False),
            store=store,
            guards=guards,
            link=link,
            cache=OwnedCache(link, engine, settings.secret_key) if link else None,
            leases=Leases(engine),
            counter=ProcessCounter(),
            shared=SharedCounter(store),
            bodies=BodyGate(settings.server_threads),
            streams=Places(settings.server_threads),
            keyring=Keyring(settings.encryption_keys),
            metrics=Metrics(settings.metrics.folder) if settings.metrics.enabled else None,
            ports=Ports.build(settings, domains, replaced),
            grants=frozenset(_granted(domains)),
            reactions=by_event(reaction for domain in domains for reaction in domain.reactions),
            handlers=handlers,
            handlers_of=of_event(handlers.values()),
            jobs=by_name(job for domain in domains for job in domain.jobs),
            personal_data=tuple(part for domain in domains for part in domain.personal_data),
            mails=tuple(mail for domain in domains for mail in domain.mails),
        )


def _granted(domains: tuple[Domain, ...]) -> Iterator[tuple[str, str]]:
    grants = (grant for domain in domains for grant in domain.grants)
    return ((grant.role, permission) for grant in grants for permission in grant.permissions)
