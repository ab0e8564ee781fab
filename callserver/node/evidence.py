"""Where one switch's journals are, by its settings, and what they show of a channel of ours.

In: settings, when the switch began. Out: `Journals` for reading, `Evidence`. Must not know: what is made of it.

A switch that died may have rung somebody without writing it down: CEL is written beside the call, by another thread,
and what a machine that lost its power had not on its disk is gone. So a channel that is not in the journal of a switch
that began anew since it was asked for may have been there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Final

from callserver.errors import JournalUnreadable
from callserver.facts import Instant, LegId, PbxId
from callserver.journals.cel import Layout
from callserver.journals.evidence import UNKNOWN, Evidence, Kind, evidence
from callserver.journals.reading import Journals
from callserver.journals.telling import Known
from callserver.settings import AsteriskSettings
from callserver.store import log
from callserver.store.engine import Store

BOOT_SLACK_MS: Final = 60_000
"""When a switch began is by its own clock, and to the second; when something was sent by the database's."""


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


def evidence_in(
    settings: AsteriskSettings, began_at: Callable[[], Instant | None]
) -> Callable[[LegId, Instant], Awaitable[Evidence]]:
    """What this switch's journals show of a channel of ours. `began_at`: when the switch did, this time."""

    async def look(channel: LegId, sent_at: Instant) -> Evidence:
        try:
            found = await asyncio.to_thread(evidence, journals_of(settings, {}), channel, sent_at)
        except JournalUnreadable:
            return UNKNOWN
        return _believed(found, sent_at, began_at())

    return look


def evidence_of(
    switches: Iterable[AsteriskSettings], store: Store
) -> Callable[[PbxId, LegId, Instant], Awaitable[Kind]]:
    """The same for several switches, by what is on record of them."""
    known = {PbxId(one.id): one for one in switches}

    async def look(pbx: PbxId, channel: LegId, sent_at: Instant) -> Kind:
        if pbx not in known:
            return "unknown"
        on_record = await log.switch(store, pbx)
        began_at = None if on_record is None else on_record.booted_at
        return (await evidence_in(known[pbx], lambda: began_at)(channel, sent_at)).kind

    return look


def _believed(found: Evidence, sent_at: Instant, began_at: Instant | None) -> Evidence:
    anew = began_at is not None and began_at + BOOT_SLACK_MS > sent_at
    return UNKNOWN if found.kind == "not_there" and anew else found
