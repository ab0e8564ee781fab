"""The journals' files of one switch -> its stories of one stretch of time.

In: where the files are, what their columns are, and a span. Out: stories, and what could not be understood.
Must not know: our own records. Blocking file I/O: run it in a thread.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from callserver.facts import Instant, PbxId
from callserver.journals import queue_log
from callserver.journals.cel import Layout
from callserver.journals.files import window
from callserver.journals.story import Story
from callserver.journals.tally import Tally
from callserver.journals.telling import Known, tell


@dataclass(frozen=True, slots=True, kw_only=True)
class Journals:
    """One switch's files; either may be None. A file that does not exist reads as an empty one."""

    pbx: PbxId
    queue_log: Path | None = None
    cel: Path | None = None
    layout: Layout = field(default_factory=Layout)
    known: Known = field(default_factory=Known)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The stories, and the tally of each file."""

    stories: tuple[Story, ...]
    queue_log: Tally
    cel: Tally


def read(journals: Journals, begin: Instant, end: Instant) -> Reading:
    """The stories that lines in [`begin`, `end`] tell. Raises JournalUnreadable.

    Begin before and end after the span that matters: a call whose first or last lines are left out is told
    in part.
    """
    said, shown = Tally(), Tally()
    sieve = partial(queue_log.believable, tally=said)
    lines = window(journals.queue_log, begin, end, queue_log.when, sieve) if journals.queue_log else ()
    steps = window(journals.cel, begin, end, journals.layout.when) if journals.cel else ()
    stories = tell(
        queue_log.parse(lines, said), journals.layout.parse(steps, shown), journals.pbx, journals.known
    )
    return Reading(stories=tuple(stories), queue_log=said, cel=shown)
