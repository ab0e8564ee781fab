"""Where a number is from, by a table that another process makes."""

from __future__ import annotations

from callserver.web.places import Places


async def test_a_number_has_a_place_in_two_languages_once_the_table_is_there() -> None:
    places = Places("cn")
    assert places.of("+8653288888888") is None, "nobody waits for it"
    await places.filled()
    landline = places.of("+8653288888888")
    assert landline is not None
    assert landline["zh"] == "山东省青岛市"
    assert "Qingdao" in landline["en"]
    assert places.of("+8613800138000") == {"en": "Beijing", "zh": "北京市"}
    for elsewhere in ("+4930123456", "+86", "+999999999999999"):
        assert places.of(elsewhere) is None, elsewhere


async def test_a_country_that_there_is_not_has_no_places() -> None:
    places = Places("zz")
    places.of("+8613800138000")
    await places.filled()
    assert places.of("+8613800138000") is None


async def test_a_stop_does_not_wait_for_the_table() -> None:
    places = Places("cn")
    await places.close()
    places.of("+8613800138000")
    await places.close()
