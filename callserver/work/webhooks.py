"""Tells the world outside: takes what the outbox holds for each webhook to it, in order, until it is there.

In: the store, a way to send, the answers. Out: rows marked done, dead or to be tried again; a line in the log for each
trouble. Must not know: HTTP beyond an answer, what events mean.

Every webhook has a task of its own, so one that is down delays no other; one process at a time sends for a webhook (a
claim in the database). What was delivered is written down a page at a time, at least once a second: after a crash the
last page may be told again, with the same ids. Events of one webhook are sent one after another and not in parallel:
order is kept without any bookkeeping, and fifty a second at a receiver 20 ms away are more than a hotline has.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias, assert_never

import orjson
import structlog

from callserver.errors import StoreError
from callserver.facts import Instant
from callserver.store import deliveries, webhooks
from callserver.store.deliveries import Backlog, Letter, Load, Sent, Trouble
from callserver.store.engine import Store
from callserver.store.webhook import Webhook, WebhookId
from callserver.work import envelope, posting
from callserver.work.posting import Answer, Delivered, Down, Gone, Post, Refused

log = structlog.get_logger(__name__)

Send: TypeAlias = Callable[[Webhook, Letter], Awaitable[Answer]]

POLL_S = 1.0
HOLD_S = 60.0  # longer than the longest page: a second and one more try of at most 31 s
PAGE_S = 1.0
_FRESH_S = 20.0  # a claim that took so long to get is not trusted
FIRST_WAIT_S = 5.0
LAST_WAIT_S = 900.0
LOOK_S = 30.0
TEST = "callserver.test"


def backoff(failures: int, chance: float) -> float:
    """Seconds to wait after that many failures in a row: 5, 10, 20 ... 900, less up to a fifth by `chance` (0 to 1)."""
    whole = min(LAST_WAIT_S, FIRST_WAIT_S * 2 ** min(failures - 1, 30))
    return float(whole * (1 - chance / 5))


def sender(post: Post, source: str, now: Callable[[], Instant]) -> Send:
    """Sends letters through `post`, signed at `now`. `source` names this installation in every event."""

    async def send(webhook: Webhook, letter: Letter) -> Answer:
        body = envelope.enveloped(letter, source)
        id_, at = envelope.event_id(letter.event), now()
        headers = envelope.headers(webhook.keys_at(at), id_, at, body, webhook.asked.headers)
        return await post.send(webhook.asked.url, body, headers, webhook.asked.timeout_s)

    return send


async def send_test(store: Store, send: Send, webhook: WebhookId, now: Instant) -> Answer:
    """Send a `callserver.test` event now, also where the webhook is paused, off or failing; nothing is written.

    Returns what came back: status, seconds, first 500 characters. Raises NotFound.
    """
    found = await store.read(lambda connection: webhooks.get(connection, webhook))
    body = {"webhook": found.id, "name": found.asked.name}
    test = Letter(
        id=0,
        webhook=found.id,
        event=f"test:{found.id}:{time.time_ns()}",
        type=TEST,
        subject=f"webhook:{found.id}",
        at=now,
        queued_at=now,
        attempts=0,
        dead_at=None,
        error=None,
        body=orjson.dumps(body).decode(),
    )
    return await send(found, test)


class Courier:
    """Sends for all webhooks, beside the couriers of other nodes. `name` is this run of this process.

    What could not be delivered for `give_up_s` seconds becomes a dead letter.
    `now` (None: the database's clock) and `chance` are arguments for tests only. `on_result(webhook, result)` hears of
    every try: delivered, refused, down or gone; `on_backlog` of all queues, every 30 s.
    """

    def __init__(
        self,
        store: Store,
        name: str,
        send: Send,
        *,
        give_up_s: float = deliveries.GIVE_UP_S,
        on_result: Callable[[WebhookId, str], None] = lambda webhook, result: None,
        on_backlog: Callable[[Sequence[Backlog]], None] = lambda backlog: None,
        poll_s: float = POLL_S,
        now: Callable[[], Instant | None] = lambda: None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._store = store
        self._name = name
        self._send = send
        self._give_up_s = give_up_s
        self._on_result = on_result
        self._on_backlog = on_backlog
        self._poll_s = poll_s
        self._now = now
        self._chance = chance
        self._serving: dict[WebhookId, asyncio.Task[None]] = {}
        self._awake = asyncio.Event()
        self._stopping = False
        self._look_at = 0.0

    def wake(self) -> None:
        """There may be something to send."""
        self._awake.set()

    def stop(self) -> None:
        """Begin no other letter; `run` returns when those under way are answered. Cancel it to leave them."""
        self._stopping = True
        self._awake.set()

    async def run(self) -> None:
        """Send until stopped."""
        try:
            while not self._stopping:
                self._awake.clear()
                await self._round()
                await self._rest()
        except asyncio.CancelledError:
            for task in self._serving.values():
                task.cancel()
            raise
        finally:
            await asyncio.gather(*self._serving.values(), return_exceptions=True)

    async def work_once(self) -> None:
        """Send what can be sent now, to everyone."""
        await self._begin()
        await asyncio.gather(*self._serving.values())

    async def _round(self) -> None:
        try:
            await self._begin()
            if time.monotonic() >= self._look_at:
                self._look_at = time.monotonic() + LOOK_S
                self._on_backlog(await self._store.report(deliveries.backlog))
        except StoreError as error:
            log.warning("webhooks cannot be looked up", why=str(error))
        except Exception:  # whatever it was: others are told again in a second
            log.exception("webhooks failed by a mistake in callserver")

    async def _rest(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._poll_s):
                await self._awake.wait()

    async def _begin(self) -> None:
        """A task for every webhook that is due and has none."""
        for webhook in await self._store.read(lambda c: deliveries.due(c, now=self._now())):
            if webhook not in self._serving and not self._stopping:
                task = self._serving[webhook] = asyncio.create_task(self._serve(webhook))
                task.add_done_callback(self._served)

    def _served(self, task: asyncio.Task[None]) -> None:
        self._serving = {webhook: one for webhook, one in self._serving.items() if one is not task}

    # --- one webhook -----------------------------------------------------------------------------------------------

    async def _serve(self, webhook: WebhookId) -> None:
        """Page by page, until nothing is left that can be sent now. Never raises but when cancelled."""
        sent = Sent()
        try:
            if not await self._store.write(self._claiming(webhook)):
                return
            while not self._stopping:
                asked = time.monotonic()
                found = await self._store.write(self._going_on(webhook, sent))
                sent = Sent()
                if found is None:
                    return
                if time.monotonic() - asked < _FRESH_S:
                    await self._page(found, sent)
            await self._store.write(self._leaving(webhook, sent))
        except asyncio.CancelledError:
            await self._store.write(self._leaving(webhook, sent))
            raise
        except StoreError as error:  # the claim runs out; what was not written down is sent again
            log.warning("webhook: the database", webhook=webhook, why=str(error))
        except Exception:
            log.exception("webhook failed by a mistake in callserver", webhook=webhook)

    def _claiming(self, webhook: WebhookId) -> Callable[..., bool]:
        return lambda c: deliveries.claim(c, webhook, self._name, hold_s=HOLD_S, now=self._now())

    def _going_on(self, webhook: WebhookId, sent: Sent) -> Callable[..., Load | None]:
        """What came of the last page, and the next one, in one transaction."""
        return lambda c: deliveries.go_on(
            c, webhook, self._name, sent, hold_s=HOLD_S, give_up_s=self._give_up_s, now=self._now()
        )

    def _leaving(self, webhook: WebhookId, sent: Sent) -> Callable[..., None]:
        return lambda c: deliveries.leave(
            c, webhook, self._name, sent, give_up_s=self._give_up_s, now=self._now()
        )

    async def _page(self, load: Load, sent: Sent) -> None:
        """Send letters until one does not get through, or a second is over."""
        over = time.monotonic() + PAGE_S
        waiting: set[str] = (
            set()
        )  # subjects of letters that were refused: what is behind them waits with them
        for letter in load.letters:
            if self._stopping or sent.trouble or sent.gone or time.monotonic() > over:
                return
            if letter.subject not in waiting:
                answer = await self._send(load.webhook, letter)
                self._note(load.webhook, letter, answer, sent)
                if letter.id in sent.refused:
                    waiting.add(letter.subject)

    def _note(self, webhook: Webhook, letter: Letter, answer: Answer, sent: Sent) -> None:
        said = posting.why(answer)
        match answer:
            case Delivered():
                result = "delivered"
                if webhook.failures and not sent.delivered:
                    log.info("webhook is back", webhook=webhook.id, name=webhook.asked.name)
                sent.delivered.append(letter.id)
            case Refused():
                result = "refused"
                sent.refused[letter.id] = said
            case Gone():
                result, sent.gone = "gone", said
            case Down():
                failures = 0 if sent.delivered or sent.refused else webhook.failures
                delay_s = max(backoff(failures + 1, self._chance()), answer.wait_s or 0.0)
                result, sent.trouble = "down", Trouble(letter=letter.id, why=said, delay_s=delay_s)
            case _:
                assert_never(answer)
        self._on_result(webhook.id, result)
        if result != "delivered":
            log.warning("webhook", webhook=webhook.id, name=webhook.asked.name, result=result, why=said,
                        letter=letter.id, key=letter.event, attempt=letter.attempts + 1)  # fmt: skip
