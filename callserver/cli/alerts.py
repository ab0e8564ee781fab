"""`callserver alerts`: what is wrong and what was, who takes care of it, and trying a rule's ways.

In: settings, ids. Out: alerts; text for people or JSON. Must not know: how rules are judged. A running server sees what
this command changes within five seconds; it sends what a test puts down.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from callserver.cli.archive import actor, milliseconds, opened, written
from callserver.cli.common import AsJson, Config, json_line, settings
from callserver.cli.ending import Commands
from callserver.facts import iso
from callserver.logs import printable

if TYPE_CHECKING:
    from callserver.settings import Settings
    from callserver.store.alerting import Alert

app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    help="What is wrong: list it, take care of it, try whether you would hear of it.",
)

_MOST = 500
Id = Annotated[int, typer.Argument(metavar="ID", min=1, help="The alert's number.")]


@app.command(name="list")
def every(
    closed: Annotated[bool, typer.Option("--all", "-a", help="Also what is over; the newest first.")] = False,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=_MOST, help="At most so many.")] = 50,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Alerts, a line each; those that go on unless `--all` is given.

    Example: `callserver alerts list --all`
    """
    found = asyncio.run(_page(settings(config), closed, limit))
    for one in found:
        _say(one, as_json)
    if not found and not as_json:
        print("nothing is wrong" if not closed else "nothing was wrong yet")


@app.command()
def ack(
    id: Id,
    why: Annotated[str, typer.Option("--why", help="For everybody who sees the alert.")] = "",
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Say that you take care of it: nobody is reminded any more.

    Example: `callserver alerts ack 17 --why "the disk is ordered"`
    """
    from callserver.store import alerting

    _say(written(config, lambda c: alerting.ack(c, id, why, actor(), milliseconds())), as_json)


@app.command()
def test(
    rule: Annotated[str, typer.Argument(metavar="RULE", help="A rule's name, such as long_wait or rule-3.")],
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Raise an alert that says that it is a test, by all ways of a rule; the running server sends it.

    Example: `callserver alerts test link_lost`
    """
    from callserver.store import alert_rules, alerting

    zone = settings(config).zone
    made = written(
        config,
        lambda c: alerting.test(c, alert_rules.get(c, rule), actor(), milliseconds(), zone),
    )
    _say(made, as_json)


@app.command()
def rules(config: Config = None, as_json: AsJson = False) -> None:
    """What is watched, a line each.

    Example: `callserver alerts rules`
    """
    from callserver.alerts.reading import to_json
    from callserver.store import alert_rules

    for one in written(config, alert_rules.every).values():
        if as_json:
            json_line(to_json(one))
        else:
            state = one.severity if one.enabled else "off"
            limits = f"{one.metric} {one.side} {one.threshold:g} for {one.for_s:g} s"
            ways = ", ".join(one.mail)
            print(printable("  ".join(part for part in (one.id, state, limits, ways) if part)))


async def _page(found: Settings, closed: bool, limit: int) -> tuple[Alert, ...]:
    from callserver.store import alert_pages
    from callserver.store.alert_pages import Wanted

    wanted = Wanted(open=None if closed else True)
    async with opened(found) as store:
        return (await store.report(lambda c: alert_pages.page(c, wanted, limit))).alerts


def _say(one: Alert, as_json: bool) -> None:
    from callserver.store import alerting

    if as_json:
        json_line(alerting.told(one))
        return
    if one.cleared_at is not None:
        state = f"over {iso(one.cleared_at)}"
    elif one.acked_by is not None:
        state = f"taken by {one.acked_by}"
    else:
        state = one.severity
    title = one.title.get("en") or next(iter(one.title.values()), one.rule)
    test = "test" if one.test else ""
    parts = (
        str(one.id),
        test,
        state,
        iso(one.raised_at),
        one.rule,
        title,
        alerting.said(one, "en"),
        one.ack_why,
    )
    print(printable("  ".join(part for part in parts if part)))
