"""A list of customers as a shop would send it: any length, always the same, one row in a hundred wrong in some way.

In: how many rows, a seed. Out: a CSV file. Must not know: how lists are read.

    python -m tests.rig.customer_list 1000000 list.csv
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

SEED = 20_261_122
HEADINGS = "客户编号,姓名,电话,地址,区,城市,产品,型号,序列号,购买日期"
BAD = 100  # every so many-th row is wrong

_FAMILY = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗欧阳单曾"
_GIVEN = "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂文华玉红建国志海波宁梓涵浩宇欣怡"
_ENGLISH = "John Mary Peter Anna Robert Linda James Susan Ahmed Ingrid".split()
_SURNAMES = "Smith Jones O'Brien Miller Taylor Brown Wilson Evans Schmidt Nguyen".split()
_ROADS = "香港中路 山东路 延安三路 南京路 中山路 台东一路 人民路 辽阳西路 福州路 江西路".split()
_AREAS = "市南区 市北区 李沧区 崂山区 黄岛区 城阳区".split()
_PRODUCTS = ("洗衣机", "冰箱", "空调", "热水器", "油烟机", "燃气灶")


def _name(dice: random.Random) -> str:
    if dice.random() < 0.1:
        return f"{dice.choice(_ENGLISH)} {dice.choice(_SURNAMES)}"
    return dice.choice(_FAMILY) + "".join(dice.choices(_GIVEN, k=dice.choice((1, 2, 2))))


def _cells(dice: random.Random, number: int) -> list[str]:
    mobile = f"1{dice.choice((38, 39, 50, 86, 77, 59))}{dice.randrange(10**8):08d}"
    phone = mobile if dice.random() < 0.9 else f"0532-8{dice.randrange(10**7):07d}"
    road = f"{dice.choice(_ROADS)}{dice.randrange(1, 400)}号{dice.randrange(1, 30)}号楼"
    address = f"{road}{dice.randrange(1, 7)}单元{dice.randrange(101, 3300)}"
    day = f"20{dice.randrange(10, 26)}-{dice.randrange(1, 13):02d}-{dice.randrange(1, 29):02d}"
    return [
        f"C{number:08d}",
        _name(dice),
        phone,
        address,
        dice.choice(_AREAS),
        "青岛",
        dice.choice(_PRODUCTS),
        f"XQG{dice.randrange(60, 120)}",
        f"SN{dice.randrange(10**10):010d}",
        day,
    ]


def _with(place: int, text: str) -> Callable[[list[str]], str]:
    def spoil(cells: list[str]) -> str:
        cells[place] = text
        return ",".join(cells)

    return spoil


# What is wrong with a row: its cells -> the line. Each is rejected, and its neighbours are not.
SPOILT: tuple[Callable[[list[str]], str], ...] = (
    _with(9, "2024-02-30"),  # no such day
    _with(9, "3/4/2024"),  # March or April?
    _with(2, "no number at all"),
    _with(1, "长" * 10_000),
    _with(1, "a\x00b"),
    _with(3, '"never closed'),
    _with(3, '"a"b'),
    _with(8, "S" * 200_000),
    lambda cells: ",".join([*cells, "one", "too many"]),
    lambda cells: ",".join(["", "", "", *cells[3:]]),  # nobody
)


def lines(count: int, seed: int = SEED) -> Iterator[str]:
    """The lines of the list without the headings, `count` of them; one of each BAD is bad."""
    dice = random.Random(seed)
    for number in range(1, count + 1):
        cells = _cells(dice, number)
        yield SPOILT[number // BAD % len(SPOILT)](cells) if number % BAD == 0 else ",".join(cells)


def bad(count: int) -> int:
    """How many of so many rows are bad."""
    return count // BAD


def write(path: Path, count: int, seed: int = SEED) -> Path:
    """Write the list; returns its path."""
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(f"{HEADINGS}\r\n")
        file.writelines(f"{line}\r\n" for line in lines(count, seed))
    return path


if __name__ == "__main__":
    write(Path(sys.argv[2]), int(sys.argv[1]))
