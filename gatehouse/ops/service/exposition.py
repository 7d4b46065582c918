"""What we count, in the text format of Prometheus; and who may read it."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from ipaddress import ip_address, ip_network
from itertools import accumulate
from platform import python_version
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from gatehouse import __version__
from gatehouse.core.context import Context
from gatehouse.core.crypto import same
from gatehouse.core.errors import Forbidden, NotFound, Unauthenticated
from gatehouse.core.metrics import BUCKETS, SUM, Totals, totals
from gatehouse.core.plain import Caller
from gatehouse.outbox.queries import counts, oldest_waiting
from gatehouse.scheduler.queries import last_runs
from gatehouse.ssh_certificates.queries import lists_made

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
ISSUED, NOT_ISSUED = "ssh_certificate.issued", "ssh_certificate.refused"
SIGNED_IN, SIGN_IN_REFUSED = "auth.signed_in", "auth.sign_in_refused"
Sample = tuple[str, dict[str, str], float]


class MetricsTokenWrong(Unauthenticated):
    message = "Send the header Authorization: Bearer with METRICS_TOKEN."


class MetricsForbidden(Forbidden):
    message = "Metrics are read with METRICS_TOKEN, or from the networks of METRICS_ALLOW."


def admit_to_metrics(ctx: Context, caller: Caller) -> None:
    """Raise unless the caller has the token, or comes from a network that may read them."""
    settings = ctx.settings
    if ctx.runtime.metrics is None:
        raise NotFound
    if settings.metrics.token and caller.bearer and same(caller.bearer, settings.metrics.token):
        return
    if caller.bearer:
        raise MetricsTokenWrong
    # Behind a proxy that TRUSTED_PROXY_HOPS does not count, everybody seems to be the proxy.
    is_hidden = caller.is_forwarded and settings.trusted_proxy_hops == 0
    if caller.address and not is_hidden:
        address = ip_address(caller.address)
        if any(address in ip_network(network) for network in settings.metrics.allow):
            return
    raise MetricsTokenWrong if settings.metrics.token else MetricsForbidden


def metrics_text(ctx: Context) -> str:
    """All of it. Without the database, what the processes have counted."""
    if ctx.runtime.metrics is None:
        raise NotFound
    counted = totals(ctx.runtime.metrics.folder)
    lines = [*_of_build(ctx), *_of_requests(counted), *_of_words(counted)]
    try:
        ours = [*_of_outbox(ctx), *_of_jobs(ctx), *_of_lists(ctx)]
    except SQLAlchemyError:
        ours = []
    up: list[Sample] = [("", {}, 1 if ours else 0)]
    lines += _family("gatehouse_database_up", "gauge", "Whether the database answered.", up)
    return "\n".join([*lines, *ours, ""])


def _of_build(ctx: Context) -> Iterator[str]:
    labels = {"version": __version__, "python": python_version()}
    yield from _family("gatehouse_build_info", "gauge", "What runs here.", [("", labels, 1)])
    pool: Any = ctx.runtime.engine.pool
    held: list[Sample] = [("", {}, pool.checkedout())]
    text = "Database connections in use by the process that answered."
    yield from _family("gatehouse_database_connections_in_use", "gauge", text, held)


def _of_requests(counted: Totals) -> Iterator[str]:
    served: list[Sample] = []
    took: list[Sample] = []
    for key, values in sorted(counted.items()):
        if key[0] != "request":
            continue
        labels = dict(zip(("method", "route", "status"), key[1:], strict=True))
        sums = list(accumulate(values[:SUM]))
        served.append(("", labels, sums[-1]))
        for edge, below in zip((*map(_number, BUCKETS), "+Inf"), sums, strict=True):
            took.append(("_bucket", {**labels, "le": edge}, below))
        took += [("_sum", labels, values[SUM]), ("_count", labels, sums[-1])]
    yield from _family("gatehouse_requests_total", "counter", "Requests answered.", served)
    text = "Seconds until an answer began."
    yield from _family("gatehouse_request_duration_seconds", "histogram", text, took)


def _of_words(counted: Totals) -> Iterator[str]:
    """Refusals by type, events by name, and of the events those of signing in once more."""
    refusals: list[Sample] = []
    events: list[Sample] = []
    ins: list[Sample] = []
    certificates: list[Sample] = []
    for (kind, *words), (value, *_) in sorted(counted.items()):
        if kind == "refusal":
            refusals.append(("", {"type": words[0]}, value))
        elif kind == "event":
            events.append(("", {"event": words[0], "reason": words[1]}, value))
        if kind == "event" and words[0] in (ISSUED, NOT_ISSUED):
            outcome = "issued" if words[0] == ISSUED else words[1]
            certificates.append(("", {"outcome": outcome}, value))
        if kind == "event" and words[0] in (SIGNED_IN, SIGN_IN_REFUSED):
            outcome = "success" if words[0] == SIGNED_IN else words[1]
            ins.append(("", {"outcome": outcome}, value))
    yield from _family("gatehouse_refusals_total", "counter", "Refusals by their type.", refusals)
    yield from _family("gatehouse_sign_ins_total", "counter", "Sign-ins by their outcome.", ins)
    text = "SSH certificates that were asked for, by the outcome."
    yield from _family("gatehouse_ssh_certificates_total", "counter", text, certificates)
    yield from _family("gatehouse_events_total", "counter", "Entries of the record.", events)


def _of_outbox(ctx: Context) -> Iterator[str]:
    found = counts(ctx)
    oldest = oldest_waiting(ctx)
    age = (ctx.now - oldest).total_seconds() if oldest else 0.0
    states: list[Sample] = [("", {"state": state}, count) for state, count in found.items()]
    yield from _family("gatehouse_outbox_messages", "gauge", "Messages that are left.", states)
    text = "Seconds since the oldest message that waits was left."
    yield from _family("gatehouse_outbox_oldest_seconds", "gauge", text, [("", {}, age)])


def _of_jobs(ctx: Context) -> Iterator[str]:
    runs = sorted((run for run in last_runs(ctx).values()), key=lambda run: run.name)
    about = (
        ("last_success_timestamp_seconds", "When it last succeeded.", "succeeded_at"),
        ("last_run_timestamp_seconds", "When it last ended.", "finished_at"),
        ("last_duration_seconds", "How long it took.", "milliseconds"),
        ("last_done", "How many things it did.", "done"),
    )
    for name, text, column in about:
        values = ((run.name, getattr(run, column)) for run in runs)
        samples = [("", {"job": job}, _seconds(value, column)) for job, value in values if value]
        yield from _family(f"gatehouse_job_{name}", "gauge", text, samples)


def _of_lists(ctx: Context) -> Iterator[str]:
    count, oldest = lists_made(ctx)
    age = (ctx.now - oldest).total_seconds() if oldest else 0.0
    text = "Lists of revoked SSH certificates."
    yield from _family("gatehouse_ssh_krls", "gauge", text, [("", {}, float(count))])
    text = "Seconds since the oldest of them was made."
    yield from _family("gatehouse_ssh_krl_oldest_seconds", "gauge", text, [("", {}, age)])


def _seconds(value: Any, column: str) -> float:
    if isinstance(value, datetime):
        return value.timestamp()
    return value / 1000 if column == "milliseconds" else float(value)


def _family(name: str, kind: str, about: str, samples: Iterable[Sample]) -> Iterator[str]:
    yield f"# HELP {name} {about}"
    yield f"# TYPE {name} {kind}"
    for ending, labels, value in samples:
        told = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
        yield f"{name}{ending}{{{told}}} {_number(value)}" if told else f"{name} {_number(value)}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(float(value))
