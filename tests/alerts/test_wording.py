"""An alert's number in a sentence: counts and seconds whole, in both languages."""

from __future__ import annotations

import pytest

from callserver.alerts import wording
from callserver.alerts.rule import Subject


@pytest.mark.parametrize(
    ("metric", "value", "english", "chinese"),
    [
        ("longest_wait", 77.79, "78 s", "78 秒"),
        ("longest_wait", 89.7, "1 min 30 s", "1 分钟 30 秒"),
        ("landings_oldest_s", 300.0, "5 min", "5 分钟"),
        ("link_down_s", 7_860.4, "2 h 11 min", "2 小时 11 分钟"),
        ("link_down_s", 7_200.0, "2 h", "2 小时"),
        ("waiting", 12.0, "12", "12"),
        ("jobs_late", 1_234_567.0, "1234567", "1234567"),
        ("omission_ppm", 12.34, "12.3 ppm", "百万分之12.3"),
        ("disk_free_ratio", 0.0949, "9.5%", "9.5%"),
        ("sl_offered_30m", 0.8, "80%", "80%"),
        ("of_a_newer_version", 77.79, "77.8", "77.8"),
        ("longest_wait", None, "–", "–"),
    ],
)
def test_a_number_is_said_as_exactly_as_anybody_needs_it(
    metric: str, value: float | None, english: str, chinese: str
) -> None:
    assert wording.number(metric, value, "en") == english
    assert wording.number(metric, value, "zh-CN") == chinese


def test_a_place_is_said_by_the_name_that_people_give_it() -> None:
    queue = Subject("queue", "main", "repair")
    assert wording.where(queue, "en", "Repairs") == "queue Repairs (main)"
    assert wording.where(Subject("switch", "main"), "zh-CN") == "交换机 main"
