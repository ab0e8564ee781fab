"""Rules of clocks that change, beside asking the zone at every hour."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from callserver.facts import Instant
from callserver.promises.clock_rules import changed, moves_ms, spans

HOUR = 3_600_000
DAY = 24 * HOUR
NEW_YEAR = round(datetime(2026, 1, 1, tzinfo=UTC).timestamp() * 1000)
ABOLISHED = [[NEW_YEAR, HOUR]]  # Berlin, if it stayed at winter time


def at(month: int, day: int, hour: int) -> Instant:
    return round(datetime(2026, month, day, hour, tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    "name", ["Europe/Berlin", "Asia/Shanghai", "Africa/Casablanca", "Australia/Lord_Howe", "UTC"]
)
def test_the_spans_say_what_the_zone_says_at_every_hour(name: str) -> None:
    zone = ZoneInfo(name)
    found = spans(zone, NEW_YEAR, NEW_YEAR + 365 * DAY)
    for hour in range(365 * 24):
        moment = NEW_YEAR + hour * HOUR
        offset = datetime.fromtimestamp(moment / 1000, UTC).astimezone(zone).utcoffset()
        assert offset is not None
        said = [offset_ms for since, offset_ms in found if since <= moment][-1]
        assert timedelta(milliseconds=said) == offset


def test_where_summer_time_comes_ten_oclock_is_an_hour_sooner_and_in_winter_it_is_what_it_was() -> None:
    berlin = spans(ZoneInfo("Europe/Berlin"), NEW_YEAR, NEW_YEAR + 365 * DAY)
    assert moves_ms(ABOLISHED, berlin, at(7, 1, 9)) == -HOUR
    assert moves_ms(berlin, ABOLISHED, at(7, 1, 8)) == HOUR
    assert moves_ms(ABOLISHED, berlin, at(1, 20, 9)) == 0
    assert moves_ms(berlin, berlin, at(7, 1, 8)) == 0


def test_of_a_time_before_anybody_wrote_rules_down_nothing_is_said() -> None:
    assert moves_ms(ABOLISHED, [[NEW_YEAR, 2 * HOUR]], NEW_YEAR - 1) == 0
    assert moves_ms([], ABOLISHED, NEW_YEAR) == 0


def test_rules_that_differ_only_in_what_is_over_are_the_same() -> None:
    berlin = spans(ZoneInfo("Europe/Berlin"), NEW_YEAR, NEW_YEAR + 365 * DAY)
    before, now = {"Europe/Berlin": ABOLISHED, "gone": ABOLISHED}, {"Europe/Berlin": berlin, "new": berlin}
    assert changed(before, now, NEW_YEAR, NEW_YEAR + 300 * DAY) == {"Europe/Berlin"}
    assert changed(before, now, NEW_YEAR, NEW_YEAR + 60 * DAY) == set()
    assert changed(before, now, at(11, 1, 0), at(12, 31, 0)) == set()
