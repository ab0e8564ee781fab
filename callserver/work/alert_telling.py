"""Tells of alerts by e-mail, at least once.

In: who is to be told (store/alert_tellings.py), a mail server. Out: mails; what became of each. Must not know: when an
alert is raised.

What happens together is one mail: all that is due for an address at this moment stands in it. Nobody's mail server
holds up the watching: the round goes on beside it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Final, assert_never

import structlog

from callserver.alerts import wording
from callserver.errors import StoreError
from callserver.facts import Instant
from callserver.store import alert_tellings as tellings
from callserver.store import alerting
from callserver.store.alert_tellings import Telling as Row
from callserver.store.alerting import Alert
from callserver.store.engine import Connection, Store
from callserver.tickets.wording import line
from callserver.work.mailing import Failed, Fate, Letter, Refused, Taken

log = structlog.get_logger(__name__)

FIRST_WAIT_S: Final = 15.0
LAST_WAIT_S: Final = 900.0
GIVE_UP_MS: Final = 24 * 3_600_000
PER_MINUTE: Final = 4
"""So many mails an address gets within a minute; what comes beyond that gathers."""
CLOSE_S: Final = 3.0
NO_SERVER: Final = "no mail server is named in the settings ([mail] host)"

SendMail = Callable[[Letter], Awaitable[Fate]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How mails are written: the language, the clock on the wall, the address of the screens (None: not known)."""

    language: str
    zone: tzinfo
    url: str | None = None
    titles: Callable[[str], str] = lambda queue: queue


class Telling:
    """`look` each second; a round of its own works off what is due."""

    def __init__(self, store: Store, style: Style, mail: SendMail | None = None) -> None:
        self._store = store
        self._style = style
        self._mail = mail
        self._sent: dict[str, deque[Instant]] = {}
        self._round: asyncio.Task[None] | None = None

    async def look(self, now: Instant) -> None:
        """Begin a round, if there is anything to tell and none under way. Raises StoreError."""
        if self._round is not None and not self._round.done():
            return
        found = await self._store.read(lambda connection: tellings.due(connection, now))
        self._round = asyncio.create_task(self._tell(found, now), name="alerts: telling") if found else None

    async def close(self) -> None:
        """Let a round under way come to its end, for a moment; what is left is told after the next start."""
        if self._round is not None:
            with contextlib.suppress(asyncio.CancelledError, TimeoutError):
                await asyncio.wait_for(self._round, CLOSE_S)

    async def rest(self) -> None:
        """Until the round under way, if any, is over; for tests."""
        if self._round is not None:
            await self._round

    async def _tell(self, found: Sequence[tuple[Row, Alert]], now: Instant) -> None:
        try:
            useful = await self._without_vain(found, now)
            mails: dict[str, list[tuple[Row, Alert]]] = {}
            for row, alert in useful:
                mails.setdefault(row.target, []).append((row, alert))
            await asyncio.gather(*(self._write(target, page, now) for target, page in mails.items()))
        except StoreError as error:
            log.warning("nobody is told of alerts", why=str(error))
        except Exception:
            log.exception("nobody is told of alerts by a mistake in callserver")

    async def _without_vain(
        self, found: Sequence[tuple[Row, Alert]], now: Instant
    ) -> list[tuple[Row, Alert]]:
        """What was put off by quiet hours and is over by now, nobody wants to read in the morning."""
        vain = [row.id for row, alert in found if row.held and not alert.open]
        if vain:
            await self._store.write(lambda c: tellings.done(c, vain, tellings.NOT_NEEDED, now))
        return [(row, alert) for row, alert in found if row.id not in vain]

    # --- mails -------------------------------------------------------------------------------------------------------

    async def _write(self, target: str, page: Sequence[tuple[Row, Alert]], now: Instant) -> None:
        ids = [row.id for row, _ in page]
        if self._mail is None:
            await self._store.write(lambda c: tellings.dead(c, ids, NO_SERVER, now))
            return
        if not self._may(target, now):
            return
        fate = await self._mail(letter(self._style, target, page, now))
        match fate:
            case Taken(said):
                await self._store.write(lambda c: tellings.done(c, ids, said, now))
            case Refused(said):
                log.error("a mail about alerts was refused", to=target, why=said)
                await self._store.write(lambda c: tellings.dead(c, ids, said, now))
            case Failed(said):
                log.warning("a mail about alerts did not go out", to=target, why=said)
                await self._later(page, said, now)
            case _:
                assert_never(fate)

    async def _later(self, page: Sequence[tuple[Row, Alert]], said: str, now: Instant) -> None:
        """All of them together, so that they stay one mail; given up one by one."""
        late = [row.id for row, _ in page if now - row.due_at > GIVE_UP_MS or now - row.at > 8 * GIVE_UP_MS]
        rest = [row.id for row, _ in page if row.id not in late]
        wait_s = backoff(max(row.attempts for row, _ in page) + 1)
        at = now + round(wait_s * 1000)

        def write(connection: Connection) -> None:
            tellings.dead(connection, late, said, now)
            tellings.again(connection, rest, said, at)

        await self._store.write(write)

    def _may(self, target: str, now: Instant) -> bool:
        sent = self._sent.setdefault(target, deque())
        while sent and not 0 <= now - sent[0] < 60_000:
            sent.popleft()
        if len(sent) >= PER_MINUTE:
            return False
        sent.append(now)
        return True


def backoff(failures: int) -> float:
    """Seconds to wait after that many failures in a row: 15, 30, 60 ... 900."""
    return float(min(LAST_WAIT_S, FIRST_WAIT_S * 2 ** min(failures - 1, 30)))


# --- words -----------------------------------------------------------------------------------------------------------

_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "raised": ("ALERT", "告警"),
    "reminder": ("STILL", "仍未恢复"),
    "cleared": ("over", "已恢复"),
    "critical": ("critical", "严重"),
    "warning": ("warning", "警告"),
}


def letter(style: Style, target: str, page: Sequence[tuple[Row, Alert]], now: Instant) -> Letter:
    """What is due for one address, in one mail: the gravest first in its subject."""
    chinese = style.language.startswith("zh")
    lines = [_paragraph(style, row, alert) for row, alert in page]
    lead, about = min(page, key=lambda one: (one[0].word == "cleared", one[1].severity != "critical"))
    more = f" (+{len(page) - 1})" if len(page) > 1 else ""
    test = (" 测试" if chinese else " TEST") if about.test else ""
    subject = f"[callserver{test}] {_word(style, lead.word)}: {_title(style, about)}{more}"
    where = [] if style.url is None else [f"{style.url.rstrip('/')}/alerts"]
    return Letter(
        to=target,
        subject=f"{subject} - {wording.where(about.subject, style.language, _queue(style, about))}",
        text="\n\n".join([*lines, *where]) + "\n",
        keys=[row.key for row, _ in page],
        at=datetime.fromtimestamp(now / 1000, style.zone),
    )


def _paragraph(style: Style, row: Row, alert: Alert) -> str:
    at = datetime.fromtimestamp(row.at / 1000, style.zone).strftime("%Y-%m-%d %H:%M:%S %Z")
    severity = _WORDS[alert.severity][style.language.startswith("zh")]
    head = f"{_word(style, row.word)} ({severity}) {_title(style, alert)}"
    return f"{head}\n{line(alerting.said(alert, style.language))}\n{at}"


def _word(style: Style, word: str) -> str:
    return _WORDS[word][style.language.startswith("zh")]


def _title(style: Style, alert: Alert) -> str:
    short = "zh" if style.language.startswith("zh") else "en"
    return line(alert.title.get(short) or next(iter(alert.title.values()), alert.rule))


def _queue(style: Style, alert: Alert) -> str:
    return style.titles(alert.subject.name) if alert.subject.name else ""
