"""What a switch and its files told a check, before anybody judges it.

In: nothing. Out: frozen values, and `Finding`, the judgement. Must not know: how the answers were got.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

from callserver.ami.conf import Conf
from callserver.ami.events import Snapshot
from callserver.facts import Instant

Severity: TypeAlias = Literal["error", "warning", "note", "ok"]
"""error: callserver cannot do its work; warning: it will be blind or wrong somewhere; note: this could not be
seen from here.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at. `why` it matters and the exact line to change (`fix`) are empty where all
    is well.
    """

    severity: Severity
    what: str
    why: str = ""
    fix: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where the switch's own records and configuration are on this machine; None: not here, or not told."""

    queue_log: Path | None = None
    cel: Path | None = None
    cel_columns: int | None = None  # None: as our own rendering writes it
    config: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Journal:
    """One of the switch's own records. `trouble`: why it cannot be read; `missing`: because there is none yet."""

    kind: Literal["queue_log", "cel"]
    path: Path
    modified_at: Instant | None = None
    last_line: str = ""
    trouble: str = ""
    missing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """Everything that was learned. An empty text, None or an empty table: not told.

    `heard` counts every event of the listening time by name, wanted or not. `clock_ahead_s` is the switch's
    clock minus ours.
    """

    user: str
    address: str
    unreachable: str = ""
    login: str = ""  # why it was refused
    version: str = ""
    allowed: frozenset[str] | None = None
    refused: Mapping[str, str] = field(default_factory=dict)
    clock_ahead_s: float | None = None
    timestamps: bool | None = None
    listened_s: float = 0.0
    heard: Mapping[str, int] = field(default_factory=dict)
    snapshot: Snapshot | None = None
    calls_processed: int | None = None
    no_contexts: tuple[
        str, ...
    ] = ()  # of the dialplan, that calls for promises need and the switch does not have
    journals: tuple[Journal, ...] = ()
    journal_settings: frozenset[str] = frozenset()  # those that are set: queue_log, cel
    cel_columns: int = 0
    config_dir: Path | None = None
    config: Mapping[str, Conf] = field(default_factory=dict)

    @property
    def inside(self) -> bool:
        """Whether the switch let us in."""
        return not self.unreachable and not self.login


def numbers(version: str) -> tuple[int, int] | None:
    """`22.10.1~dfsg` -> (22, 10); `certified/18.9-cert5` -> (18, 9); None where there is no number."""
    digits = version.removeprefix("certified/").replace("-", ".").replace("~", ".").split(".")
    try:
        return int(digits[0]), int(digits[1]) if len(digits) > 1 and digits[1].isdigit() else 0
    except ValueError:
        return None
