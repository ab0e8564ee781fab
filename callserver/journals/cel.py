"""CEL: one CSV line for every step of every channel, queue or not.

In: lines of the file that cel_custom writes, and the order of its columns. Out: typed events, and a count
of what was not understood. Must not know: files, queue_log, calls as a whole. Reading never raises.

`eventtime` has microseconds since the epoch unless cel.conf sets `dateformat`; then it is local time of the
switch, and the hour that comes twice in autumn is taken for its first coming. Lines are ordered per channel
only.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, Final, TypeAlias

from asterisk_conf.contract import CEL_FIELDS
from callserver.ami.events import WITHHELD, interface, number, text, whole
from callserver.ami.events import instant as epoch_instant
from callserver.facts import Instant, LegId
from callserver.journals.rows import begins_row, rows
from callserver.journals.tally import Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What every event says of its channel at that moment. `linkedid` may change when channels are bridged.

    `withheld`: the dialplan, or the caller's network, hides the number from here on.
    """

    at: Instant
    leg: LegId
    linkedid: LegId
    channel: str
    number: str | None = None
    name: str | None = None
    withheld: bool = False
    exten: str = ""
    context: str = ""
    app: str = ""

    @property
    def interface(self) -> str:
        """The device behind the channel."""
        return interface(self.channel)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelStarted(Seen):
    """CHAN_START. `exten` is what a caller dialed; a channel that was dialed itself has `s` or nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered(Seen):
    """ANSWER: the channel is up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HungUp(Seen):
    """HANGUP. `cause` is Q.850 (0: Asterisk gave the channel up). `by`: the channel that asked for it, ''
    nobody.

    `dialstatus`: how this channel's last Dial ended; a Queue sets ANSWER.
    """

    cause: int | None = None
    by: str = ""
    dialstatus: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelEnded(Seen):
    """CHAN_END."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedEnded(Seen):
    """LINKEDID_END: the last channel with this linkedid is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgeEntered(Seen):
    """BRIDGE_ENTER. `holding`: parking, where nobody hears anybody."""

    bridge: str
    holding: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgeLeft(Seen):
    """BRIDGE_EXIT."""

    bridge: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AppStarted(Seen):
    """APP_START, for the applications that cel.conf names."""

    data: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppEnded(Seen):
    """APP_END."""

    data: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BlindTransferred(Seen):
    """BLINDTRANSFER by this channel: `transferee` goes to `to`."""

    to: str = ""
    transferee: LegId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AttendedTransferred(Seen):
    """ATTENDEDTRANSFER by this channel. `others`: every further channel that it names; `target`: whom it
    went to; `bridge`: where the transferee is, if this channel talked to both sides itself, else ''.
    """

    others: tuple[LegId, ...] = ()
    target: str = ""
    bridge: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined(Seen):
    """PICKUP, LOCAL_OPTIMIZE: this channel and `other` belong to one call."""

    other: LegId


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted(Seen):
    """Anything else: STREAM_BEGIN, DTMF, PARK_START, FORWARD, USER_DEFINED ..."""

    event: str


Event: TypeAlias = (
    ChannelStarted
    | Answered
    | HungUp
    | ChannelEnded
    | LinkedEnded
    | BridgeEntered
    | BridgeLeft
    | AppStarted
    | AppEnded
    | BlindTransferred
    | AttendedTransferred
    | Joined
    | Noted
)

_SECOND_COLUMN: Final = re.compile(r'"[^"]*","([^"]*)"')
_KNOWN_NOTES: Final = frozenset(
    "STREAM_BEGIN STREAM_END DTMF PARK_START PARK_END FORWARD USER_DEFINED LOCAL_OPTIMIZE_BEGIN".split()
)
_ALIASES: Final = {
    "acctcode": "accountcode",
    "bridgepeer": "peer",
    "callerid(name)": "cidname",
    "callerid(num)": "cidnum",
    "extra": "eventextra",
}
_USED: Final = frozenset(
    "eventtype eventtime uniqueid linkedid channame cidnum cidname exten context appname appdata eventextra".split()
)
_NEEDED: Final = ("eventtype", "eventtime", "uniqueid", "linkedid")


class Layout:
    """The columns of one CEL file.

    `columns` in any of Asterisk's spellings (`eventtype`, `CIDNum`, `cid_num`, `CALLERID(num)`, `Extra`
    ...); the default is what `callserver asterisk render` writes, and that is also Asterisk's own sample.
    `quoted`: every value is quoted (CSV_QUOTE), as both do; say False for a mapping of your own that quotes
    nothing. `zone`: the switch's, for a `dateformat` without one; None is this machine's. Raises ValueError
    when a needed column is missing.
    """

    def __init__(
        self, columns: Sequence[str] = CEL_FIELDS, zone: tzinfo | None = None, *, quoted: bool = True
    ) -> None:
        names = [_plain(column) for column in columns]
        missing = [needed for needed in _NEEDED if needed not in names]
        if missing:
            raise ValueError(f"a CEL file needs the columns {_NEEDED}; missing here: {missing}")
        self._columns = {name: index for index, name in enumerate(names) if name in _USED}
        self._width = 1 + max(self._columns[needed] for needed in _NEEDED)
        self._zone = zone
        self._quoted = quoted
        self._time = self._columns["eventtime"]

    def parse(self, lines: Iterable[str], tally: Tally | None = None) -> Iterator[Event]:
        """The events of these lines, in order; counts into `tally`."""
        count = Tally() if tally is None else tally
        for row in rows(lines, quoted=self._quoted):
            event = self.event_of(row) if row is not None else None
            if event is None:
                count.rubbish += 1
                continue
            count.read += 1
            if isinstance(event, Noted) and event.event not in _KNOWN_NOTES:
                count.meet_unknown(event.event)
            yield event

    def when(self, line: str) -> Instant | None:
        """When a line was written, None for rubbish and for the further lines of a row."""
        if self._quoted and not begins_row(line):
            return None
        quick = _SECOND_COLUMN.match(line) if self._quoted and self._time == 1 else None
        if quick is not None:
            return self._instant(quick[1])
        values = _values(line)
        return self._instant(values[self._time]) if len(values) > self._time else None

    def event_of(self, row: str) -> Event | None:
        """One row's event, None for rubbish."""
        values = _values(row)
        if len(values) < self._width:
            return None
        told = {name: values[index] for name, index in self._columns.items() if index < len(values)}
        at = self._instant(told["eventtime"])
        if at is None or not told["uniqueid"] or not told["eventtype"]:
            return None
        head: _Head = {
            "at": at,
            "leg": LegId(told["uniqueid"]),
            "linkedid": LegId(told["linkedid"] or told["uniqueid"]),
            "channel": told.get("channame", ""),
            "number": number(told.get("cidnum")),
            "name": _name(told.get("cidname")),
            "withheld": told.get("cidnum", "").lower() in WITHHELD,
            "exten": told.get("exten", ""),
            "context": told.get("context", ""),
            "app": told.get("appname", ""),
        }
        kind = told["eventtype"]
        build = _BUILD.get(kind)
        return (
            Noted(**head, event=kind) if build is None else build(head, told, _extra(told.get("eventextra")))
        )

    def _instant(self, stamp: str) -> Instant | None:
        return epoch_instant(stamp) or self._local(stamp)

    def _local(self, stamp: str) -> Instant | None:
        try:
            moment = datetime.fromisoformat(stamp.strip())
            if moment.tzinfo is None and self._zone is not None:
                moment = moment.replace(tzinfo=self._zone)
            return epoch_instant(str(moment.timestamp()))
        except (ValueError, OverflowError, OSError):
            return None


def _plain(column: str) -> str:
    lowered = column.strip().strip('"').lower()
    inner = re.fullmatch(r"channel\((\w+)\)", lowered)
    key = (inner[1] if inner else lowered).replace("_", "")
    return _ALIASES.get(key, key)


def _values(line: str) -> list[str]:
    try:
        return next(csv.reader(io.StringIO(line, newline="")), [])
    except csv.Error:
        return []


def _name(value: str | None) -> str | None:
    """A caller's name as the caller sent it (only AMI escapes), None where absent or withheld."""
    return None if value is None or value.lower() in WITHHELD else text(value)


def _extra(text: str | None) -> dict[str, Any]:
    if not text or not text.startswith("{"):
        return {}
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


# --- one builder an event
# --------------------------------------------------------------------------------------------

_Head: TypeAlias = dict[str, Any]
_Row: TypeAlias = dict[str, str]
_Extra: TypeAlias = dict[str, Any]
_Build: TypeAlias = Callable[[_Head, _Row, _Extra], Event]


def _said(extra: _Extra, key: str) -> str:
    value = extra.get(key)
    return value if isinstance(value, str) and value not in ("<unknown>", "N/A") else ""


def _hung_up(head: _Head, _: _Row, extra: _Extra) -> Event:
    cause = extra.get("hangupcause")
    return HungUp(
        **head,
        cause=whole(str(cause)) if isinstance(cause, int | str) else None,
        by=_said(extra, "hangupsource"),
        dialstatus=_said(extra, "dialstatus"),
    )


def _entered(head: _Head, _: _Row, extra: _Extra) -> Event:
    technology = _said(extra, "bridge_technology")
    return BridgeEntered(**head, bridge=_said(extra, "bridge_id"), holding=technology == "holding_bridge")


def _left(head: _Head, _: _Row, extra: _Extra) -> Event:
    return BridgeLeft(**head, bridge=_said(extra, "bridge_id"))


def _app_started(head: _Head, row: _Row, _: _Extra) -> Event:
    return AppStarted(**head, data=row.get("appdata", ""))


def _app_ended(head: _Head, row: _Row, _: _Extra) -> Event:
    return AppEnded(**head, data=row.get("appdata", ""))


def _blind(head: _Head, _: _Row, extra: _Extra) -> Event:
    transferee = _said(extra, "transferee_channel_uniqueid")
    return BlindTransferred(
        **head, to=_said(extra, "extension"), transferee=LegId(transferee) if transferee else None
    )


def _attended(head: _Head, _: _Row, extra: _Extra) -> Event:
    named = [_said(extra, key) for key in extra if key.endswith("_uniqueid")]
    target = _said(extra, "transfer_target_channel_name") or _said(extra, "app")
    alone = _said(extra, "channel2_uniqueid") == head["leg"]
    return AttendedTransferred(
        **head,
        others=tuple(LegId(leg) for leg in named if leg),
        target=target,
        bridge=_said(extra, "bridge1_id") if alone else "",
    )


def _joined(*keys: str) -> _Build:
    def build(head: _Head, row: _Row, extra: _Extra) -> Event:
        other = next((leg for key in keys if (leg := _said(extra, key))), "")
        if not other:
            return Noted(**head, event=row["eventtype"])
        return Joined(**head, other=LegId(other))

    return build


def _plainly(kind: Callable[..., Event]) -> _Build:
    return lambda head, row, extra: kind(**head)


_BUILD: Final[dict[str, _Build]] = {
    "CHAN_START": _plainly(ChannelStarted),
    "ANSWER": _plainly(Answered),
    "HANGUP": _hung_up,
    "CHAN_END": _plainly(ChannelEnded),
    "LINKEDID_END": _plainly(LinkedEnded),
    "BRIDGE_ENTER": _entered,
    "BRIDGE_EXIT": _left,
    "APP_START": _app_started,
    "APP_END": _app_ended,
    "BLINDTRANSFER": _blind,
    "ATTENDEDTRANSFER": _attended,
    "PICKUP": _joined("pickup_channel_uniqueid"),
    "LOCAL_OPTIMIZE": _joined("local_two_uniqueid", "local_two_unique_id"),
}
