"""Whether a product is under warranty."""

from typing import Any

import pytest

from callserver.customers import warranty
from callserver.customers.record import product_from_json
from callserver.customers.warranty import DEFAULTS, Rule, rules


@pytest.mark.parametrize(
    ("word", "category"),
    [
        ("洗衣机", "washing_machine"),
        ("Washing Machine", "washing_machine"),
        ("washing_machine", "washing_machine"),
        ("TV", "television"),
        ("抽油烟机", "range_hood"),
        ("燃气灶", "gas_stove"),
        ("Zeppelin", "Zeppelin"),
        ("", ""),
    ],
)
def test_a_category_has_many_names(word: str, category: str) -> None:
    assert warranty.category(word) == category


@pytest.mark.parametrize(
    ("bought_on", "months", "until"),
    [
        ("2024-02-29", 12, "2025-02-28"),
        ("2024-02-29", 48, "2028-02-29"),
        ("2024-01-31", 1, "2024-02-29"),
        ("2023-12-15", 1, "2024-01-15"),
        ("2023-11-30", 1, "2023-12-30"),
        ("9999-12-31", 1, None),
    ],
)
def test_a_warranty_ends_on_the_day_of_the_month_it_began(
    bought_on: str, months: int, until: str | None
) -> None:
    known = rules(Rule(category="x", en="x", zh="x", months=months))
    assert warranty.until("x", bought_on, known) == until


def test_without_a_rule_or_a_day_nobody_knows() -> None:
    assert warranty.until("Zeppelin", "2024-01-01") is None
    assert warranty.until("gas_stove", None) is None
    assert warranty.state(None, "2024-01-01") == "unknown"


def test_the_last_day_counts() -> None:
    assert warranty.state("2024-01-01", "2024-01-01") == "in"
    assert warranty.state("2024-01-01", "2024-01-02") == "out"


def test_no_two_categories_share_a_name() -> None:
    for rule in DEFAULTS.values():
        for word in (rule.category, rule.en, rule.zh, *rule.also):
            assert warranty.category(word) == rule.category


KEPT = {"id": 1, "customer": 1, "version": 1, "category": "dryer", "created_at": 1, "updated_at": 1}
HALF = rules(Rule(category="dryer", en="Dryer", zh="干衣机", months=6))


@pytest.mark.parametrize(
    ("more", "ends"),
    [
        ({"bought_on": "2024-01-31", "warranty_until": "2026-01-31"}, "2024-07-31"),  # as it was shipped
        ({"bought_on": "2024-01-31", "warranty_until": "2025-12-31"}, "2025-12-31"),
        ({"warranty_until": "2025-12-31"}, "2025-12-31"),
        ({"bought_on": "2024-01-31", "warranty_until": None}, "2024-07-31"),
        ({"bought_on": "2024-01-31", "warranty_until": "2026-01-31", "warranty_said": True}, "2026-01-31"),
        ({"bought_on": None, "warranty_until": "2026-01-31", "warranty_said": False}, None),
    ],
    ids=str,
)
def test_an_end_follows_the_rule_unless_it_was_said(more: dict[str, Any], ends: str | None) -> None:
    """Also of products that were kept before it was written down which is which."""
    assert warranty.ends(product_from_json(KEPT | more), HALF).warranty_until == ends


def test_a_site_has_rules_of_its_own() -> None:
    known = rules(Rule(category="pump", en="Pump", zh="泵", months=6))
    assert warranty.category("泵", known) == "pump"
    assert warranty.category("洗衣机", known) == "洗衣机"
