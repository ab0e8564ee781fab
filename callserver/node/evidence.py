"""Where one switch's journals are, by its settings, and what they show of a channel of ours.

In: settings. Out: `Journals` for reading, `Evidence`. Must not know: what is made of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from callserver.errors import JournalUnreadable
from callserver.facts import Instant, LegId, PbxId
from callserver.journals.cel import Layout
from callserver.journals.evidence import UNKNOWN, Evidence, evidence
from callserver.journals.reading import Journals
from callserver.journals.telling import Known
from callserver.settings import AsteriskSettings


def journals_of(settings: AsteriskSettings, members: Mapping[str, str]) -> Journals:
    """Where this switch's journals are. Raises JournalUnreadable where none is named or there is no file."""
    named = [path for path in (settings.queue_log, settings.cel) if path is not None]
    if not named:
        raise JournalUnreadable(
            f"[[asterisk]] {settings.id}: neither queue_log nor cel is set, so there is nothing to compare with "
            '(example: queue_log = "/var/log/asterisk/queue_log")'
        )
    if not any(path.exists() for path in named):
        raise JournalUnreadable(f"[[asterisk]] {settings.id}: there is no {' and no '.join(map(str, named))}")
    try:
        layout = Layout(settings.cel_fields) if settings.cel_fields else Layout()
    except ValueError as error:
        raise JournalUnreadable(f"[[asterisk]] {settings.id} cel_fields: {error}") from None
    known = Known(phones=frozenset(settings.phones), trunks=settings.trunks, members=members)
    return Journals(
        pbx=PbxId(settings.id), queue_log=settings.queue_log, cel=settings.cel, layout=layout, known=known
    )


def evidence_in(settings: AsteriskSettings) -> Callable[[LegId, Instant], Awaitable[Evidence]]:
    """What this switch's journals show of a channel of ours."""

    async def look(channel: LegId, sent_at: Instant) -> Evidence:
        try:
            return await asyncio.to_thread(evidence, journals_of(settings, {}), channel, sent_at)
        except JournalUnreadable:
            return UNKNOWN

    return look
