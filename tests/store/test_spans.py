"""Who was in which state when: written as it passes, asked by person, by phone and by time."""

from __future__ import annotations

import pytest

from callserver.facts import CallId, Instant, PbxId
from callserver.people import UserId
from callserver.store import spans
from callserver.store.engine import Store
from callserver.store.spans import Span
from tests.store.samples import MORNING, PBX

ZHANG, LI = UserId(7), UserId(8)
PHONE = "PJSIP/1001"
MINUTE = 60_000


def span(state: str, begin: int, to: int | None = None, **more: object) -> Span:
    said = {"user": ZHANG, "pbx": PBX, "interface": PHONE, "begin": MORNING + begin, **more}
    return Span(state=state, to=None if to is None else MORNING + to, **said)  # type: ignore[arg-type]


async def wrote(store: Store, *begun: Span, ended: dict[tuple[PbxId, str], Instant] | None = None) -> None:
    await store.write(lambda c: spans.write(c, ended or {}, begun))


async def everything(store: Store, user: UserId = ZHANG) -> list[Span]:
    return await store.read(lambda c: spans.of(c, user, 0, MORNING + 100 * MINUTE))


async def test_a_state_goes_on_until_the_next_one_begins(store: Store):
    await wrote(store, span("ready", 0))
    talking = span("talking", 5_000, call=CallId("main:1.0"))
    await wrote(store, talking, ended={(PBX, PHONE): MORNING + 5_000})
    assert await everything(store) == [span("ready", 0, 5_000), talking]


async def test_what_ended_before_it_could_be_written_is_written_whole(store: Store):
    await wrote(store, span("ready", 0, 400), span("paused", 400, reason="lunch"))
    assert [one.to for one in await everything(store)] == [MORNING + 400, None]


async def test_only_what_touches_the_time_asked_for_is_found_and_is_clipped_by_who_counts(store: Store):
    await wrote(
        store, span("ready", 0, MINUTE), span("paused", MINUTE, 3 * MINUTE), span("ready", 3 * MINUTE)
    )
    begin, end, now = MORNING + MINUTE, MORNING + 2 * MINUTE, MORNING + 10 * MINUTE
    found = await store.read(lambda c: spans.of(c, ZHANG, begin, end))
    assert [(one.state, one.clipped(begin, end, now)) for one in found] == [("paused", MINUTE)]
    (last,) = await store.read(lambda c: spans.of(c, ZHANG, MORNING + 5 * MINUTE, MORNING + 99 * MINUTE))
    assert last.clipped(MORNING + 5 * MINUTE, MORNING + 99 * MINUTE, now) == 5 * MINUTE


@pytest.mark.parametrize(
    ("at", "user"),
    [(-1, None), (0, ZHANG), (MINUTE - 1, ZHANG), (MINUTE, LI), (2 * MINUTE, None), (3 * MINUTE, None)],
)
async def test_who_sat_at_a_phone(store: Store, at: int, user: UserId | None):
    await wrote(
        store,
        span("ready", 0, MINUTE),
        span("ready", MINUTE, 2 * MINUTE, user=LI),
        span("ready", 3 * MINUTE, user=None),
        span("ready", 0, user=LI, interface="PJSIP/1002"),
    )
    assert await store.read(lambda c: spans.who(c, PBX, PHONE, MORNING + at)) == user


async def test_what_a_dead_process_left_open_ends_where_it_was_surely_seen_and_says_so(store: Store):
    await wrote(store, span("talking", 0), span("ready", 0, user=LI, pbx=PbxId("other")))
    await store.write(lambda c: spans.close_all(c, PBX, MORNING + MINUTE, MORNING + 5 * MINUTE))
    assert await everything(store) == [
        span("talking", 0, MINUTE, sure=False),
        span(spans.UNSEEN, MINUTE, 5 * MINUTE, sure=False),
    ]
    assert await store.read(lambda c: spans.who(c, PBX, PHONE, MORNING + 3 * MINUTE)) == ZHANG
    assert [one.to for one in await everything(store, LI)] == [None]


async def test_everybody_by_person_and_time(store: Store):
    await wrote(
        store, span("ready", 10, user=LI, interface="PJSIP/1002"), span("ready", 0, 5), span("gone", 5)
    )
    found = await store.read(lambda c: list(spans.overlapping(c, MORNING, MORNING + MINUTE, PBX)))
    assert [(one.user, one.state) for one in found] == [(ZHANG, "ready"), (ZHANG, "gone"), (LI, "ready")]
    elsewhere = await store.read(
        lambda c: list(spans.overlapping(c, MORNING, MORNING + MINUTE, PbxId("other")))
    )
    assert elsewhere == []
