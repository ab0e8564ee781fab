"""From items of the road to batches: what is written when, and which work follows from it."""

from __future__ import annotations

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from callserver.ami.road import Connected, Heard, Lost, Restored
from callserver.calls.floor import Floor
from callserver.facts import iso
from callserver.node.beginning import begin
from callserver.node.understanding import (
    SEEN_EVERY_MS,
    SETTLE_MS,
    STEPPED_BACK_MS,
    Understanding,
    day_job,
    day_span,
)
from callserver.settings import AsteriskSettings, Secret
from callserver.store import leases
from callserver.store.engine import Store
from callserver.store.journal import Journal
from tests.node.fakes import PBX, empty, events

NOON = 1_795_262_400_000  # 2026-11-21T12:00:00Z
BERLIN = ZoneInfo("Europe/Berlin")


class Clock:
    """Ours, set by the test."""

    def __init__(self, now: int = NOON) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now


def understanding(clock: Clock | None = None, **more: Any) -> Understanding:
    return Understanding(Floor(PBX), clock=clock or Clock(), **more)


def up(at: int = NOON) -> list[Any]:
    return [Connected(at, "11.0.0"), Restored(empty(at, booted_at=at - 5000), at)]


def heard(scenario: str = "answered-caller-ends") -> list[Heard]:
    return [Heard(event, 0.0) for event in events(scenario)]


def test_where_nothing_happened_there_is_nothing_to_write() -> None:
    assert understanding().batch() is None


def test_what_the_link_brought_is_one_batch_with_the_switchs_news() -> None:
    one = understanding()
    one.take(up())
    batch = one.batch()
    assert batch is not None
    assert [type(fact).__name__ for fact in batch.facts] == ["LinkRestored"]
    assert (batch.switch.version, batch.switch.booted_at, batch.seen_at) == ("11.0.0", NOON - 5000, NOON)
    assert one.batch() is None


def test_facts_come_with_the_records_that_they_changed() -> None:
    one = understanding()
    one.take([*up(events("answered-caller-ends")[0].at or 0), *heard()])
    batch = one.batch()
    assert batch is not None
    (record,) = batch.records
    assert (record["outcome"], record["open"]) == ("answered", False)


class Watching:
    """Keeps what it is shown."""

    def __init__(self) -> None:
        self.begun: list[tuple[list[str], list[str], int | None]] = []
        self.told: list[tuple[str, float | None]] = []

    def begin(
        self, pbx: str, records: Any = (), members: Any = (), *, blind_since: int | None = None
    ) -> None:
        self.begun.append(
            ([record["id"] for record in records], [one.interface for one in members], blind_since)
        )

    def feed(self, pbx: str, told: Any, arrived: float | None = None) -> None:
        self.told += [(type(fact).__name__, arrived) for fact in told]


def test_whoever_watches_is_shown_each_fact_at_once_with_the_arrival_of_its_event() -> None:
    watching = Watching()
    one = understanding(watcher=watching)
    one.take(up())
    one.take([Heard(event, 7.5) for event in events("answered-caller-ends")])
    one.lost(NOON, "gone")
    shown = list(watching.told)
    batch = one.batch()
    assert batch is not None
    assert [name for name, _ in shown] == [type(fact).__name__ for fact in batch.facts]
    assert [arrived for name, arrived in shown if name == "AgentRang"] == [7.5]
    assert [arrived for name, arrived in shown if name.startswith("Link")] == [None, None]


async def test_whoever_watches_begins_with_what_the_store_remembers(store: Store) -> None:
    calls = [event for event in events("answered-caller-ends") if event.at is not None]
    before = Understanding(Floor(PBX), clock=Clock())
    before.take([*up(calls[0].at or 0), *[Heard(event, 0.0) for event in calls[: len(calls) // 2]]])
    batch = before.batch()
    assert batch is not None
    lease = await leases.acquire(store, leases.lease_of(PBX), "a", 10.0, node="a")
    assert lease is not None
    journal = Journal(store, PBX, holder=lease.holder, epoch=lease.epoch)
    await journal.append(batch)
    await journal.close(1.0)
    watching = Watching()
    settings = AsteriskSettings(id=str(PBX), host="127.0.0.1", user="u", secret=Secret("s"))
    await begin(store, settings, clock=Clock(), zone=BERLIN, watcher=watching)
    (record,) = batch.records
    assert watching.begun == [([record["id"]], ["PJSIP/1001"], batch.seen_at)]
    assert watching.told == [("LinkLost", None)]


def test_signs_of_life_are_written_every_two_seconds_and_only_while_we_see() -> None:
    one = understanding()
    one.take(up())
    one.batch()
    one.alive(NOON + SEEN_EVERY_MS - 1)
    assert one.batch() is None
    one.alive(NOON + SEEN_EVERY_MS)
    batch = one.batch()
    assert batch is not None
    assert batch.seen_at == NOON + SEEN_EVERY_MS
    one.take([Lost(NOON + SEEN_EVERY_MS, "cut")])
    one.batch()
    one.alive(NOON + 60_000)
    assert one.seen_at == NOON + SEEN_EVERY_MS


def test_a_gap_is_read_up_in_the_journals_once_they_are_written() -> None:
    clock = Clock()
    one = understanding(clock)
    one.take(up())
    one.take([Lost(NOON + 1000, "cut"), *up(NOON + 9000)])
    batch = one.batch()
    assert batch is not None
    (job,) = batch.jobs
    assert job.key == f"reconcile:main:gap:{NOON + 1000}:{NOON + 9000}"
    assert (job.kind, job.run_at) == ("reconcile:main", clock.now + SETTLE_MS)
    assert job.body == {"pbx": "main", "begin": NOON + 1000, "end": NOON + 9000, "why": "gap", "apply": True}


def test_every_day_asks_once_for_the_day_before() -> None:
    clock = Clock()
    one = understanding(clock, zone=BERLIN)
    keys = []
    for hours in (0, 1, 10, 11, 12, 40):  # midnight in Berlin is 23:00 UTC
        clock.now = NOON + hours * 3_600_000
        one.tick()
        batch = one.batch()
        keys += [job.key.rpartition(":")[2] for job in batch.jobs] if batch else []
    assert keys == ["2026-11-20", "2026-11-21", "2026-11-22"]


def test_a_day_is_23_or_25_hours_when_the_clocks_are_changed() -> None:
    hours = {
        day: (day_span(day, BERLIN)[1] - day_span(day, BERLIN)[0]) / 3_600_000
        for day in (date(2026, 3, 29), date(2026, 10, 25), date(2026, 11, 21))
    }
    assert list(hours.values()) == [23, 25, 24]


def test_yesterday_is_reconciled_in_the_quiet_of_the_night() -> None:
    job = day_job("main", date(2026, 11, 20), BERLIN)
    assert iso(job.run_at) == "2026-11-21T01:30:00.000Z"
    assert (iso(job.body["begin"]), iso(job.body["end"])) == (
        "2026-11-19T23:00:00.000Z",
        "2026-11-20T23:00:00.000Z",
    )


def test_time_is_the_switchs_own() -> None:
    clock = Clock()
    one = understanding(clock)
    one.take(up(NOON - 600_000))
    clock.now += 5000
    assert one.now() == NOON - 600_000 + 5000


def test_a_clock_that_is_put_back_moves_the_last_moment_seen_back() -> None:
    one = understanding()
    one.take(up())
    late, stepped = NOON - 1000, NOON - STEPPED_BACK_MS - 1
    one.take([Restored(empty(late), late)])
    assert one.seen_at == NOON
    one.take([Restored(empty(stepped), stepped)])
    assert one.seen_at == stepped
