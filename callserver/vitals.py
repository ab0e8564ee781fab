"""How this process is doing: what the node knows, where health checks, metrics and the status page can read it.

In: numbers and states, set by whoever knows them. Out: the same, for reading, and as Prometheus metrics. Must not
know: HTTP, SQL, Asterisk. Nothing here decides anything.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from callserver.facts import Instant

LinkState: TypeAlias = Literal["idle", "connecting", "up", "down", "refused", "elsewhere"]
"""idle: not begun; elsewhere: another node owns this Asterisk; refused: it does not accept our login."""

_COMMIT_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

_STREAM_BUCKETS = (0.0005, 0.001, 0.002, 0.003, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0)
_STREAM_SAMPLES = 2_000
_QUANTILES = {"0.5": 0.5, "0.95": 0.95, "0.99": 0.99}

_LANDING_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 60.0, 600.0)


def wall_clock() -> Instant:
    """Now, in milliseconds UTC."""
    return time.time_ns() // 1_000_000


@dataclass(slots=True, kw_only=True)
class SwitchVitals:
    """One Asterisk as this process sees it. Totals only grow; functions are asked when somebody looks."""

    pbx: str
    address: str
    link: LinkState = "idle"
    reason: str = ""
    since: Instant = 0
    holder: str = ""  # who owns it: this process or another
    version: str = ""
    trouble: str = ""  # why facts cannot be written down now; empty: they can
    timestamps: bool | None = None
    links_made: int = 0
    gaps: int = 0
    facts: int = 0
    calls_ended: int = 0
    queues: frozenset[str] | None = None  # that it has, as it said when we connected; None: not seen yet
    ppm: float | None = None
    reconciled_at: Instant | None = None
    road: Callable[[], int] = field(default=lambda: 0)  # events heard and not yet understood
    pending: Callable[[], int] = field(default=lambda: 0)  # facts told and not yet written
    open_calls: Callable[[], int] = field(default=lambda: 0)
    surprises: Callable[[], int] = field(default=lambda: 0)
    heard: Callable[[], Mapping[str, int]] = field(default=dict)  # events by name
    unheard: Callable[[], int] = field(default=lambda: 0)  # events that nobody wanted

    def change(self, link: LinkState, reason: str = "") -> None:
        """The link is in another state, from now on."""
        if (self.link, self.reason) != (link, reason):
            self.link, self.reason, self.since = link, reason, wall_clock()

    @property
    def problem(self) -> str:
        """Why this Asterisk is not followed as it should be; empty: all is well."""
        if self.link == "elsewhere":
            return ""
        if self.trouble:
            return self.trouble
        return "" if self.link == "up" else f"link {self.link}" + (f": {self.reason}" if self.reason else "")


@dataclass(frozen=True, slots=True)
class Check:
    """One condition of being ready."""

    name: str
    ok: bool
    reason: str = ""


class Vitals:
    """Everything that is known about how this process is doing."""

    def __init__(self, node: str) -> None:
        self.node = node
        self.started_at = wall_clock()
        self.stage = "starting"  # starting, running, stopping
        self.loop_lag_s = 0.0
        self.database = ""  # why the database cannot be used; empty: it can
        self.database_name = ""
        self.switches: dict[str, SwitchVitals] = {}
        self.registry = CollectorRegistry()
        self.commit_seconds = Histogram(
            "callserver_commit_seconds",
            "Time from the begin to the end of one transaction of facts.",
            buckets=_COMMIT_BUCKETS,
            registry=self.registry,
        )
        self.landing_seconds = Histogram(
            "callserver_landing_seconds",
            "Time from a call's answer or end being written down to the call being on its ticket.",
            ["row"],
            buckets=_LANDING_BUCKETS,
            registry=self.registry,
        )
        self._landings = Gauge(
            "callserver_landings_waiting",
            "Calls that are over and not yet on their ticket, on any node.",
            registry=self.registry,
        )
        self._landings_oldest = Gauge(
            "callserver_landings_oldest_age_seconds",
            "How long the oldest of them has been over; 0: there is none.",
            registry=self.registry,
        )
        self._back_office = Counter(
            "callserver_back_office_begun",
            "How often the second process began its work; more than once: it was gone in between.",
            registry=self.registry,
        )
        self.webhooks = WebhookVitals(self.registry)
        self.stream = StreamVitals(self.registry)
        self.jobs: dict[tuple[str, str], int] = {}  # (kind, result) -> how many
        self.registry.register(_Exposed(self))

    def switch(self, pbx: str, address: str = "") -> SwitchVitals:
        """The vitals of one Asterisk, made at the first time."""
        if pbx not in self.switches:
            self.switches[pbx] = SwitchVitals(pbx=pbx, address=address, since=wall_clock())
        return self.switches[pbx]

    def checks(self) -> list[Check]:
        """All conditions of being ready, each with its reason where it is not met."""
        stage = self.stage == "running"
        found = [
            Check("process", stage, "" if stage else self.stage),
            Check("database", not self.database, self.database),
        ]
        return found + [
            Check(f"asterisk {one.pbx}", not one.problem, one.problem) for one in self.switches.values()
        ]

    def landed(self, row: str, late_s: float) -> None:
        """One more call looked for its ticket; this row of the table decided."""
        self.landing_seconds.labels(row).observe(late_s)

    def landings(self, waiting: int, oldest_s: float) -> None:
        """So many calls that are over are on no ticket yet."""
        self._landings.set(waiting)
        self._landings_oldest.set(oldest_s)

    def back_office_begun(self) -> None:
        """The second process is at work, for the first time or again."""
        self._back_office.inc()

    def job_done(self, kind: str, result: str) -> None:
        """One more job ended so."""
        self.jobs[kind, result] = self.jobs.get((kind, result), 0) + 1


class WebhookVitals:
    """How telling others goes: the tries of this process, and what waits for each webhook, whoever sends.

    Nobody's readiness depends on it: when the others are down, calls go on.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        def gauge(name: str, doc: str) -> Gauge:
            return Gauge(f"callserver_webhook_{name}", doc, ["webhook"], registry=registry)

        self._unsent = gauge("unsent", "Events that wait to be delivered.")
        self._age = gauge("oldest_age_seconds", "How long the oldest of them has waited; 0: none waits.")
        self._dead = gauge("dead", "Events that were refused or given up and that nobody has looked at.")
        self._tries = Counter(
            "callserver_webhook_tries",
            "Tries to deliver an event: delivered, refused, down or gone.",
            ["webhook", "result"],
            registry=registry,
        )

    def tried(self, webhook: int, result: str) -> None:
        """One more try ended so."""
        self._tries.labels(str(webhook), result).inc()

    def waiting(self, queues: Iterable[tuple[int, int, Instant | None, int]]) -> None:
        """Every webhook's id, how many events wait for it, since when the oldest does, how many are dead."""
        for gauge in (self._unsent, self._age, self._dead):
            gauge.clear()  # one that was removed is told of no more
        for webhook, unsent, since, dead in queues:
            age_s = 0.0 if since is None else max(0, wall_clock() - since) / 1000
            self._unsent.labels(str(webhook)).set(unsent)
            self._age.labels(str(webhook)).set(age_s)
            self._dead.labels(str(webhook)).set(dead)


class StreamVitals:
    """How the live screens do: from the arrival of a switch's event to the browser's word that its pop is painted."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def histogram(name: str, doc: str) -> Histogram:
            return Histogram(f"callserver_stream_{name}", doc, buckets=_STREAM_BUCKETS, registry=registry)

        def gauge(name: str, doc: str) -> Gauge:
            return Gauge(f"callserver_stream_{name}", doc, registry=registry)

        self._acknowledged = histogram(
            "acknowledged_seconds", "From the switch's event to the browser's acknowledgement of its pop."
        )
        self._written = histogram(
            "written_seconds", "From the switch's event to its pop being written to browsers."
        )
        self._open = gauge("clients", "Streams that are open.")
        self._kept = gauge("kept", "Streams that are closed and can still be taken up again.")
        self._outbox = gauge("outbox_bytes", "Bytes that clients have not read yet.")
        self._cut = Counter(
            "callserver_stream_cut",
            "Clients that were cut off because they did not read.",
            ["why"],
            registry=registry,
        )
        self._resumed = Counter(
            "callserver_stream_resumed",
            "Clients that came back: whether what they missed was still there.",
            ["found"],
            registry=registry,
        )
        self.latest: deque[float] = deque(maxlen=_STREAM_SAMPLES)

    def acknowledged(self, seconds: float) -> None:
        """One more pop was painted so long after its event."""
        self._acknowledged.observe(seconds)
        self.latest.append(seconds)

    def written(self, seconds: float) -> None:
        """One more pop left so long after its event."""
        self._written.observe(seconds)

    def cut(self, why: str) -> None:
        """One more client did not read."""
        self._cut.labels(why).inc()

    def resumed(self, found: bool) -> None:
        """One more came back."""
        self._resumed.labels("yes" if found else "no").inc()

    def clients(self, open: int, kept: int, outbox: int) -> None:
        """How things are now."""
        self._open.set(open)
        self._kept.set(kept)
        self._outbox.set(outbox)

    def quantiles(self) -> dict[str, float]:
        """Of the latest acknowledgements; empty while there is none."""
        ordered = sorted(self.latest)
        return {name: ordered[int(part * (len(ordered) - 1))] for name, part in _QUANTILES.items() if ordered}


class _Exposed(Collector):
    """Vitals in Prometheus' words, read when scraped: nothing is counted twice on the way of an event."""

    def __init__(self, vitals: Vitals) -> None:
        self._vitals = vitals

    def collect(self) -> Iterable[Metric]:
        vitals = self._vitals
        yield _gauge("callserver_ready", "1 when every condition of /readyz is met.",
                     float(all(check.ok for check in vitals.checks())))  # fmt: skip
        yield _gauge(
            "callserver_started_seconds", "When this process began, Unix time.", vitals.started_at / 1000
        )
        yield _gauge(
            "callserver_loop_lag_seconds", "How late the event loop was, last looked.", vitals.loop_lag_s
        )
        latency = GaugeMetricFamily(
            "callserver_stream_acknowledged_quantile_seconds",
            f"The same for the latest {_STREAM_SAMPLES} pops, by quantile.",
            labels=["quantile"],
        )
        for quantile, seconds in vitals.stream.quantiles().items():
            latency.add_metric([quantile], seconds)
        yield latency
        jobs = CounterMetricFamily(
            "callserver_jobs", "Jobs ended, by kind and result.", labels=["kind", "result"]
        )
        for (kind, result), count in vitals.jobs.items():
            jobs.add_metric([kind, result], count)
        yield jobs
        yield from _of_switches(list(vitals.switches.values()))


def _gauge(name: str, doc: str, value: float) -> Metric:
    family = GaugeMetricFamily(name, doc)
    family.add_metric([], value)
    return family


_GAUGES: tuple[tuple[str, str, Callable[[SwitchVitals], float | None]], ...] = (
    ("callserver_link_up", "1 while the link to the Asterisk is up.", lambda s: float(s.link == "up")),
    (
        "callserver_owned",
        "1 while this process is the Asterisk's one writer.",
        lambda s: float(s.link != "elsewhere"),
    ),
    ("callserver_writable", "1 while facts can be written down.", lambda s: float(not s.trouble)),
    ("callserver_road_depth", "Events heard and not yet understood.", lambda s: float(s.road())),
    ("callserver_pending_facts", "Facts told and not yet written down.", lambda s: float(s.pending())),
    ("callserver_open_calls", "Calls going on.", lambda s: float(s.open_calls())),
    ("callserver_omission_ppm", "Omitted calls per million, last reconciliation.", lambda s: s.ppm),
    (
        "callserver_reconciled_seconds",
        "When that was, Unix time.",
        lambda s: None if s.reconciled_at is None else s.reconciled_at / 1000,
    ),
)
_COUNTERS: tuple[tuple[str, str, Callable[[SwitchVitals], int]], ...] = (
    ("callserver_links_made", "Times the link came up.", lambda s: s.links_made),
    ("callserver_gaps", "Spans in which the Asterisk could not be seen.", lambda s: s.gaps),
    ("callserver_facts", "Facts written down.", lambda s: s.facts),
    ("callserver_calls_ended", "Calls that ended and were written down.", lambda s: s.calls_ended),
    ("callserver_surprises", "Steps of calls that no table knows.", lambda s: s.surprises()),
    ("callserver_events_unwanted", "Events that were dropped unread.", lambda s: s.unheard()),
)


def _of_switches(switches: list[SwitchVitals]) -> Iterable[Metric]:
    for name, doc, gauged in _GAUGES:
        gauge = GaugeMetricFamily(name, doc, labels=["pbx"])
        for one in switches:
            if (value := gauged(one)) is not None:
                gauge.add_metric([one.pbx], value)
        yield gauge
    for name, doc, counted in _COUNTERS:
        counter = CounterMetricFamily(name, doc, labels=["pbx"])
        for one in switches:
            counter.add_metric([one.pbx], counted(one))
        yield counter
    events = CounterMetricFamily(
        "callserver_events", "Events heard, by Asterisk's name.", labels=["pbx", "event"]
    )
    for one in switches:
        for event, count in one.heard().items():
            events.add_metric([one.pbx, event], count)
    yield events
