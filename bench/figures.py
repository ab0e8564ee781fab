"""Figures, and how they are measured honestly: side by side, in turns, the median of several.

In: contestants that do the same work. Out: figures with ratios, and the table. Must not know: what is measured.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any, Literal, TypeAlias

Database: TypeAlias = Literal["sqlite", "postgresql"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """How much is measured. `quick` only shows that everything runs; its figures mean nothing.

    `customers`: of the archive that things are looked up in. `on_switch`: promises are dialled on a real switch.
    `only`: on this database and no other, where what is measured has one.
    """

    repetitions: int = 5
    quick: bool = False
    customers: int = 200_000
    on_switch: bool = False
    only: Database | None = None

    def of(self, amount: int) -> int:
        """`amount`, or a little of it."""
        return max(amount // 100, 20) if self.quick else amount

    def on(self, database: Database) -> bool:
        """Whether to measure there; quickly on SQLite, unless PostgreSQL was asked for."""
        if self.only is not None:
            return database == self.only
        return database == "sqlite" or not self.quick


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """What the ratio should be."""

    ratio: float
    at_most: bool = False

    def met(self, ratio: float) -> bool:
        return ratio <= self.ratio if self.at_most else ratio >= self.ratio

    def __str__(self) -> str:
        return f"{'<=' if self.at_most else '>='} {self.ratio:g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line of the table: `ours` and `theirs` in `unit`; `ratio` is ours / theirs, median of the repetitions."""

    name: str
    unit: str
    ours: float
    beside: str
    theirs: float
    ratio: float
    goal: Goal | None = None

    @property
    def met(self) -> bool | None:
        return None if self.goal is None else self.goal.met(self.ratio)

    def to_json(self) -> dict[str, Any]:
        """The figure as a JSON object, `goal` in words."""
        return {**asdict(self), "goal": str(self.goal) if self.goal else None, "met": self.met}


Rounds: TypeAlias = Mapping[str, Sequence[float]]


def in_turns(
    contestants: Mapping[str, Callable[[], object]],
    repetitions: int,
    *,
    prepare: Callable[[], object] = lambda: None,
    clock: Callable[[], float] = time.process_time,
) -> Rounds:
    """Seconds that each contestant took in each repetition; all in every repetition, none always first.

    CPU seconds of this process unless another clock is given. As in service, the garbage collector looks only at what
    came after the start (app.py freezes the rest).
    """
    took: dict[str, list[float]] = {name: [] for name in contestants}
    names = list(contestants)
    for repetition in range(repetitions):
        first = repetition % len(names)
        for name in names[first:] + names[:first]:
            prepare()
            gc.collect()
            gc.freeze()
            begun = clock()
            contestants[name]()
            took[name].append(clock() - begun)
            gc.unfreeze()
    return took


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Median of the repetitions' own ratios: a neighbour who takes the machine takes it from both."""
    return median(one / other for one, other in zip(ours, theirs, strict=True))


def faster(
    name: str, rounds: Rounds, ours: str, theirs: str, amount: int, *, unit: str, goal: Goal | None = None
) -> Figure:
    """A speed: `amount` things in the time that the repetitions took; ratio 2 means twice as fast."""
    return Figure(
        name=name,
        unit=unit,
        ours=amount / median(rounds[ours]),
        beside=theirs,
        theirs=amount / median(rounds[theirs]),
        ratio=ratio(rounds[theirs], rounds[ours]),
        goal=goal,
    )


def slower(
    name: str,
    rounds: Rounds,
    ours: str,
    theirs: str,
    *,
    unit: str = "ms",
    per_s: float = 1000.0,
    goal: Goal | None = None,
) -> Figure:
    """A cost: ratio 2 means that ours takes twice as long. `per_s` units make a second."""
    return Figure(
        name=name,
        unit=unit,
        ours=median(rounds[ours]) * per_s,
        beside=theirs,
        theirs=median(rounds[theirs]) * per_s,
        ratio=ratio(rounds[ours], rounds[theirs]),
        goal=goal,
    )


_HEAD = ("figure", "ours", "unit", "beside", "theirs", "ratio", "goal", "met?")


def table(figures: Sequence[Figure]) -> str:
    """The figures in columns, words to the left and numbers to the right."""
    rows = [_HEAD, *map(_row, figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    lines = ["  ".join(map(_place, row, widths, range(len(_HEAD)))).rstrip() for row in rows]
    return "\n".join([lines[0], "-" * max(map(len, lines)), *lines[1:]])


def _row(figure: Figure) -> tuple[str, ...]:
    met = {None: "", True: "yes", False: "NO"}[figure.met]
    goal = str(figure.goal) if figure.goal else "-"
    ours, theirs = _shown(figure.ours), _shown(figure.theirs)
    return (figure.name, ours, figure.unit, figure.beside, theirs, f"{figure.ratio:.2f}", goal, met)


def _shown(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _place(text: str, width: int, column: int) -> str:
    return text.rjust(width) if _HEAD[column] in ("ours", "theirs", "ratio") else text.ljust(width)
