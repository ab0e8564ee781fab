"""`python -m bench [NAME ...] [--json FILE] [--quick]`: measure, print one table.

In: argv. Out: a table on standard output, progress on standard error, the figures as JSON where asked for.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import get_args

from bench import ami, commits, day, importing, lookup, memory, pops, promises, reports, resync, wall
from bench.figures import Database, Figure, Scale, table

MEASUREMENTS: dict[str, tuple[Callable[[Scale], list[Figure]], str]] = {
    "ami": (ami.measure, "AMI bytes to facts, beside panoramisk and asterisk-ami"),
    "resync": (resync.measure, "a snapshot of 1,000 live calls"),
    "day": (day.measure, "a day of 500,000 events"),
    "memory": (memory.measure, "memory after a million events"),
    "commits": (commits.measure, "appends to the journal on SQLite and PostgreSQL"),
    "importing": (importing.measure, "a list of customers into the archive"),
    "lookup": (lookup.measure, "a caller's number to everything about the caller; searches"),
    "promises": (promises.measure, "promises whose turn it is, found and claimed"),
    "reports": (reports.measure, "a month's reports over a million calls; look-ups meanwhile"),
    "wall": (wall.measure, "from an event to the wall of 50 supervisors"),
    "pops": (pops.measure, "from the switch's event to the pop in 350 agents' browsers"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Measure what is named, or everything. Returns 0; a missed goal is no error of this program."""
    arguments = _arguments()
    asked = arguments.parse_args(argv)
    if unknown := [name for name in asked.name if name not in MEASUREMENTS]:
        arguments.error(f"there is no measurement {unknown[0]!r}")
    customers = 2_000 if asked.quick else asked.customers
    scale = Scale(
        repetitions=1 if asked.quick else 5,
        quick=asked.quick,
        customers=customers,
        on_switch=asked.on_switch,
        only=asked.database,
    )
    figures: list[Figure] = []
    begun = time.monotonic()
    for name in asked.name or MEASUREMENTS:
        measure, about = MEASUREMENTS[name]
        print(f"{name}: {about} ...", file=sys.stderr, flush=True)
        figures += measure(scale)
    machine = _machine()
    print(table(figures))
    print(f"\n{', '.join(f'{key} {value}' for key, value in machine.items())}; ", end="")
    print(
        f"{time.monotonic() - begun:.0f} s in all{'; QUICK: the figures mean nothing' if asked.quick else ''}"
    )
    if asked.json:
        body = {"machine": machine, "quick": asked.quick, "figures": [figure.to_json() for figure in figures]}
        asked.json.write_text(json.dumps(body, indent=2) + "\n", "utf-8")
    return 0


def _arguments() -> argparse.ArgumentParser:
    names = "\n".join(f"  {name:9} {about}" for name, (_, about) in MEASUREMENTS.items())
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Measure, as ratios to floors and peers in the same run.",
        epilog=f"measurements (all, unless some are named):\n{names}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("name", nargs="*", help=argparse.SUPPRESS)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there, too")
    parser.add_argument("--quick", action="store_true", help="see that it runs; the figures mean nothing")
    parser.add_argument(
        "--customers",
        type=int,
        default=Scale().customers,
        metavar="N",
        help="of the archive for lookup and pops, ten contacts each (%(default)s; 4000000 takes half an hour to make,"
        " once for each database)",
    )
    parser.add_argument(
        "--database", choices=get_args(Database), help="lookup and pops: on this one only (both)"
    )
    parser.add_argument(
        "--on-switch",
        action="store_true",
        help="promises: dial 200 of them within five minutes on a real Asterisk, instead of what else is measured",
    )
    return parser


def _machine() -> dict[str, str]:
    load, _, _ = os.getloadavg()
    return {
        "Python": platform.python_version(),
        "cores": str(len(os.sched_getaffinity(0))),
        "load": f"{load:.1f}",
    }


if __name__ == "__main__":
    sys.exit(main())
