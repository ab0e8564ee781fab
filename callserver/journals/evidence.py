"""Whether one channel of ours was ever on the switch, by the switch's own CEL: for a call whose end nobody saw.

In: where the journal is, the channel's id (ours, so no other call has it), when it was sent. Out: `Evidence`. Must not
know: what hangs on it. That it was *not* there is said only of a journal that goes back to before the sending: one that
was switched on later, or is not kept, says nothing. Blocking file I/O: run it in a thread.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from callserver.errors import JournalUnreadable
from callserver.facts import Instant, LegId
from callserver.journals.cel import Answered, Event, HungUp
from callserver.journals.files import window
from callserver.journals.reading import Journals
from callserver.journals.rotation import family, first_time

_BEFORE_MS: Final = 600_000
"""The database's clock, by which `sent_at` is, may be ahead of the switch's."""
_FOREVER: Final = 1 << 62


Kind = Literal["rang", "not_there", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """`rang`: the channel was there, so somebody's phone may have rung; `not_there`: it never was; `unknown`: the
    journal cannot tell.

    `answered`: it was up. `cause`: the Q.850 cause of its end, None where no end is written.
    """

    kind: Kind
    answered: bool = False
    cause: int | None = None


UNKNOWN: Final = Evidence(kind="unknown")


def evidence(journals: Journals, channel: LegId, sent_at: Instant) -> Evidence:
    """What CEL shows of the channel. A journal that cannot be read is one that cannot tell."""
    if journals.cel is None:
        return UNKNOWN
    try:
        lines = window(journals.cel, sent_at - _BEFORE_MS, _FOREVER, journals.layout.when)
        seen = [
            one
            for one in journals.layout.parse(line for line in lines if channel in line)
            if one.leg == channel
        ]
        return _of(seen) if seen else Evidence(kind="not_there") if _reaches(journals, sent_at) else UNKNOWN
    except JournalUnreadable:
        return UNKNOWN


def _of(seen: list[Event]) -> Evidence:
    ends = [one.cause for one in seen if isinstance(one, HungUp)]
    answered = any(isinstance(one, Answered) for one in seen)
    return Evidence(kind="rang", answered=answered, cause=ends[-1] if ends else None)


def _reaches(journals: Journals, sent_at: Instant) -> bool:
    """Whether the journal was written before the sending."""
    assert journals.cel is not None
    firsts = (first_time(file, journals.layout.when) for file in family(journals.cel, journals.layout.when))
    return any(first is not None and first < sent_at for first in firsts)
