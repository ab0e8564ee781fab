"""`callserver webhooks`: who is told what happens, whether it gets there, and what did not.

In: settings, what an operator wants. Out: webhooks, dead letters; the key of a new webhook, once. Must not know: how
events are sent or kept.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from callserver.cli.archive import actor, milliseconds, opened
from callserver.cli.common import AsJson, Config, json_line, settings
from callserver.cli.ending import Commands, Ending
from callserver.errors import BadValue
from callserver.facts import iso
from callserver.logs import printable

if TYPE_CHECKING:
    from callserver.store.dead_letters import Which
    from callserver.store.deliveries import Backlog, Letter
    from callserver.store.engine import Connection
    from callserver.store.webhook import State, Webhook
    from callserver.work.posting import Answer

T = TypeVar("T")
app = typer.Typer(cls=Commands, no_args_is_help=True, help="Others who are told what happens.")

Id = Annotated[int, typer.Argument(help="Its number, from `callserver webhooks list`.")]
OfWebhook = Annotated[int | None, typer.Option("--webhook", help="Only this webhook's.", show_default=False)]
OfError = Annotated[
    str | None,
    typer.Option("--error", help="Only those whose error begins so, such as 422.", show_default=False),
]
OneLetter = Annotated[
    int | None, typer.Argument(help="Its number, from `webhooks dead`.", show_default=False)
]


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="What you call it, such as crm.")],
    url: Annotated[str, typer.Argument(help="Where events are sent: http:// or https://.")],
    event: Annotated[
        list[str] | None,
        typer.Option(
            "--event", "-e", help="A type, or the begin of some: 'callserver.ticket.*'; default: all."
        ),
    ] = None,
    header: Annotated[
        list[str] | None,
        typer.Option("--header", metavar="NAME=VALUE", help="Sent along: Authorization or X-..."),
    ] = None,
    secret_file: Annotated[
        Path | None,
        typer.Option("--secret-file", help="A key that the other side has: whsec_...", show_default=False),
    ] = None,
    timeout: Annotated[float, typer.Option("--timeout", help="Seconds for one answer.")] = 10.0,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Tell somebody what happens. The key by which they can check our word is printed now and never again.

    Example: `callserver webhooks add crm https://crm.example/hook -e 'callserver.ticket.*'`
    """
    from callserver.store import webhooks
    from callserver.store.webhook import Subscription

    asked = Subscription(
        name=name, url=url, events=tuple(event or ["*"]), headers=_headers(header or []), timeout_s=timeout
    )
    secret = None if secret_file is None else secret_file.read_text("utf-8").strip()
    made = _done(config, lambda c: webhooks.create(c, asked, actor(), milliseconds(), secret=secret))
    _say_key(made, as_json)


@app.command(name="list")
def every(config: Config = None, as_json: AsJson = False) -> None:
    """All webhooks: where, what for, what waits for them, why they fail.

    Example: `callserver webhooks list --json`
    """
    from callserver.store import deliveries, webhooks

    found, queues = _done(config, lambda c: (webhooks.every(c), deliveries.backlog(c)))
    waiting = {queue.webhook: queue for queue in queues}
    if as_json:
        json_line({"webhooks": [_told(one, waiting[one.id]) for one in found]})
        return
    for one in found:
        _show(one, waiting[one.id])
    if not found:
        print("no webhooks; make one with `callserver webhooks add`")


@app.command()
def test(id: Id, config: Config = None, as_json: AsJson = False) -> None:
    """Send a test event now, and say what came back; exit code 1 if that was no 2xx.

    Example: `callserver webhooks test 1`
    """
    from callserver.work.posting import Delivered

    answer = asyncio.run(_tested(config, id))
    if as_json:
        json_line({"status": answer.status, "took_s": round(answer.took_s, 3), "said": answer.said})
    else:
        print(f"{answer.status or 'no answer'} after {answer.took_s:.3f} s: {printable(answer.said)}")
    if not isinstance(answer, Delivered):
        raise typer.Exit(Ending.FINDINGS)


@app.command()
def pause(id: Id, config: Config = None) -> None:
    """Send nothing for now; what happens meanwhile is put down and waits.

    Example: `callserver webhooks pause 1`
    """
    _put(config, id, "paused")


@app.command()
def resume(id: Id, config: Config = None) -> None:
    """Send again, at once, also what failed until now; also for one that is off.

    Example: `callserver webhooks resume 1`
    """
    _put(config, id, "on")


@app.command()
def rotate(
    id: Id,
    overlap: Annotated[float, typer.Option(help="Hours for which the old key is used as well.")] = 24.0,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Make a new key and print it; until the overlap is over, events are signed with both.

    Example: `callserver webhooks rotate 1 --overlap 48`
    """
    from callserver.store import webhooks
    from callserver.store.webhook import WebhookId

    def work(c: Connection) -> Webhook:
        return webhooks.rotate(c, WebhookId(id), actor(), milliseconds(), overlap_s=overlap * 3_600)

    _say_key(_done(config, work), as_json)


@app.command()
def remove(id: Id, config: Config = None) -> None:
    """No more of it; what it did not get yet is dropped.

    Example: `callserver webhooks remove 1`
    """
    from callserver.store import webhooks
    from callserver.store.webhook import WebhookId

    _done(config, lambda c: webhooks.remove(c, WebhookId(id), actor(), milliseconds()))
    print(f"webhook {id}: removed")


@app.command()
def dead(
    webhook: OfWebhook = None,
    error: OfError = None,
    limit: Annotated[int, typer.Option(min=1, max=500)] = 50,
    after: Annotated[int, typer.Option(help="Those behind this number.")] = 0,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """What was refused or given up, and why; exit code 1 if there is any.

    Example: `callserver webhooks dead --webhook 1 --error 422 --json`
    """
    from callserver.store import dead_letters

    which = _which(None, webhook, error)
    found = _done(config, lambda c: dead_letters.listed(c, which, limit=limit, after=after))
    if as_json:
        json_line({"dead": [_letter(one) for one in found]})
    else:
        for one in found:
            print(
                f"{one.id:>6}  {one.webhook}  {iso(one.dead_at)}  {one.event}  {printable(one.error or '')}"
            )
    if found:
        raise typer.Exit(Ending.FINDINGS)


@app.command()
def resend(
    letter: OneLetter = None,
    webhook: OfWebhook = None,
    error: OfError = None,
    config: Config = None,
) -> None:
    """Send dead letters again: one, all of a webhook, all of an error.

    Examples: `callserver webhooks resend 17` · `callserver webhooks resend --webhook 1 --error 'given up'`
    """
    from callserver.store import dead_letters

    which = _some(letter, webhook, error)
    count = _done(config, lambda c: dead_letters.resend(c, which, actor(), milliseconds()))
    print(f"{count} will be sent again")


@app.command()
def drop(
    reason: Annotated[str, typer.Option("--reason", help="Why they need not arrive.")],
    letter: OneLetter = None,
    webhook: OfWebhook = None,
    error: OfError = None,
    config: Config = None,
) -> None:
    """Give dead letters up for good; named by its number, also one that still waits and blocks the others.

    Example: `callserver webhooks drop 17 --reason 'entered there by hand'`
    """
    from callserver.store import dead_letters

    which = _some(letter, webhook, error)
    count = _done(config, lambda c: dead_letters.drop(c, which, reason, actor(), milliseconds()))
    print(f"{count} dropped")


# --- how -------------------------------------------------------------------------------------------------------------


def _done(config: Path | None, work: Callable[[Connection], T]) -> T:
    async def do() -> T:
        async with opened(settings(config)) as store:
            return await store.write(work)

    return asyncio.run(do())


async def _tested(config: Path | None, id: int) -> Answer:
    from callserver.store.webhook import WebhookId
    from callserver.work.posting import Post
    from callserver.work.webhooks import send_test, sender

    found = settings(config)
    post = Post(private=found.webhooks.private, ca_file=found.webhooks.ca_file)
    try:
        async with opened(found) as store:
            send = sender(post, found.webhooks.source, milliseconds)
            return await send_test(store, send, WebhookId(id), milliseconds())
    finally:
        await post.close()


def _put(config: Path | None, id: int, state: State) -> None:
    from callserver.store import webhooks
    from callserver.store.webhook import WebhookId

    def work(c: Connection) -> Webhook:
        asked = webhooks.get(c, WebhookId(id)).asked
        return webhooks.change(c, WebhookId(id), replace(asked, state=state), actor(), milliseconds())

    print(f"webhook {id}: {_done(config, work).asked.state}")


def _headers(given: list[str]) -> dict[str, str]:
    pairs = [one.partition("=") for one in given]
    if any(not equals for _, equals, _ in pairs):
        raise BadValue("--header", "write NAME=VALUE")
    return {name: value for name, _, value in pairs}


def _which(letter: int | None, webhook: int | None, error: str | None) -> Which:
    from callserver.store.dead_letters import Which
    from callserver.store.webhook import WebhookId

    return Which(id=letter, webhook=None if webhook is None else WebhookId(webhook), error=error)


def _some(letter: int | None, webhook: int | None, error: str | None) -> Which:
    if letter is None and webhook is None and error is None:
        raise BadValue("", "say which: a number, --webhook or --error")
    return _which(letter, webhook, error)


def _say_key(webhook: Webhook, as_json: bool) -> None:
    from callserver.store.webhook import shown

    if as_json:
        json_line({**shown(webhook), "secret": webhook.keys[0].text})
        return
    print(webhook.keys[0].text)
    typer.echo(f"webhook {webhook.id}: this is its key; it cannot be shown again", err=True)


def _told(webhook: Webhook, queue: Backlog) -> dict[str, Any]:
    from callserver.store.webhook import shown

    return {**shown(webhook), "unsent": queue.unsent, "since": iso(queue.since), "dead": queue.dead}


def _show(webhook: Webhook, queue: Backlog) -> None:
    asked = webhook.asked
    print(f"{webhook.id:>4}  {asked.name}  {asked.state}  {asked.url}  {' '.join(asked.events)}")
    if queue.unsent or queue.dead:
        since = f" since {iso(queue.since)}" if queue.since else ""
        print(f"      {queue.unsent} unsent{since}, {queue.dead} dead")
    if webhook.notice:
        again = f", next try {iso(webhook.retry_at)}" if webhook.retry_at else ""
        print(f"      {printable(webhook.notice)}{again}")


def _letter(one: Letter) -> dict[str, Any]:
    return {
        "id": one.id,
        "webhook": one.webhook,
        "event": one.event,
        "type": one.type,
        "subject": one.subject,
        "at": iso(one.at),
        "dead_at": iso(one.dead_at),
        "attempts": one.attempts,
        "error": one.error,
    }
