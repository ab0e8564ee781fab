"""The demo's customers: a small archive with Chinese and English names, all invented, numbers that nobody has.

Flows in: nothing. Flows out: people who call, as rows and as a CSV file for whoever wants to import them.
"""

from __future__ import annotations

import csv
from dataclasses import astuple, dataclass, fields
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Person:
    """One customer: name, number, city, what they own and since when."""

    name: str
    number: str
    city: str
    product: str
    bought: str


PEOPLE = tuple(
    Person(name, f"1380013{8000 + i}", city, product, bought)
    for i, (name, city, product, bought) in enumerate(
        (
            ("王小明", "青岛", "gas stove JZT-Q23", "2024-11-02"),
            ("李秀英", "上海", "washing machine XQG90", "2023-05-18"),
            ("欧阳娜娜", "北京", "refrigerator BCD-452", "2025-01-30"),
            ("张伟", "广州", "air conditioner KFR-35", "2022-07-09"),
            ("Emma Clarke", "上海", "range hood CXW-219", "2025-06-21"),
            ("陈静", "成都", "water heater JSQ25", "2021-12-12"),
            ("James O'Brien", "北京", "dishwasher EW139", "2024-03-03"),
            ("刘洋", "武汉", "gas stove JZT-Q23", "2025-08-15"),
            ("𠮷野 恵", "大连", "microwave MZC-2070", "2023-10-01"),
            ("Sofia Müller", "苏州", "washing machine XQG100", "2024-09-27"),
            ("赵敏", "西安", "refrigerator BCD-216", "2020-04-11"),
            ("Lucas Martin", "深圳", "air conditioner KFR-26", "2025-05-05"),
        )
    )
)


def write(path: Path) -> Path:
    """The archive as CSV with a head line."""
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(field.name for field in fields(Person))
        rows.writerows(astuple(person) for person in PEOPLE)
    return path
