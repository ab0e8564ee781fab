"""A floor in a terminal: queues, calls, agents.

In: the screen of the stream, what time it is there. Out: tables for `rich`, or a line for a message. Must not know:
connections. Names and numbers come from callers: nothing in them is obeyed, neither by the terminal nor by `rich`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from callserver.client import Agent, Call, Pop, Queue, Screen
from callserver.logs import printable

_COLOURS: Final[Mapping[str, str]] = {
    "ready": "green",
    "talking": "cyan",
    "held": "cyan",
    "listening": "cyan",
    "ringing": "yellow",
    "queued": "yellow",
    "offered": "yellow",
    "answered": "cyan",
    "missed": "red",
    "wrap_up": "magenta",
    "paused": "bright_black",
    "gone": "bright_black",
    "unreachable": "red",
    "up": "green",
    "down": "red",
}
_ORDER: Final = (
    *("ringing", "talking", "held", "listening"),
    *("wrap_up", "ready", "paused", "unreachable", "gone"),
)


def picture(screen: Screen, now: datetime, line: str = "") -> RenderableType:
    """Everything, from top to bottom: what the connection says, switches, queues, calls with their pops, agents."""
    heads = [Text(printable(line), style="bold")] if line else []
    tables = (_queues(screen, now), _calls(screen, now), _pops(screen, now), _agents(screen, now))
    return Group(*heads, *_switches(screen), *(table for table in tables if table.row_count))


def _switches(screen: Screen) -> Iterator[Text]:
    for name, switch in sorted(screen.switches.items()):
        if switch.link != "up":
            yield _text(f"{name}: not seen since {_clock(switch.blind_since)}", "bold red")


def _queues(screen: Screen, now: datetime) -> Table:
    table = _table("queue", "waiting", "longest", "talking", "ready", "agents")
    for queue in sorted(screen.queues.values(), key=lambda one: (-len(one.waiting), one.pbx, one.name)):
        table.add_row(*_queue(queue, now))
    return table


def _queue(queue: Queue, now: datetime) -> Iterable[Text]:
    title = f"{queue.title} ({queue.name})" if queue.title else queue.name
    waits = queue.waiting[0].since if queue.waiting else None
    yield _text(title)
    yield _text(str(len(queue.waiting)), "bold yellow" if queue.waiting else "")
    yield _text(_for(waits, now))
    yield from (_text(str(count)) for count in (queue.talking, queue.ready, queue.members))


def _calls(screen: Screen, now: datetime) -> Table:
    table = _table("call", "for", "who", "queue", "with", "ticket")
    for call in sorted(screen.calls.values(), key=lambda one: one.id):
        table.add_row(*_call(call, screen, now))
    return table


def _call(call: Call, screen: Screen, now: datetime) -> Iterable[Text]:
    yield _state(call.state)
    yield _text(_for(call.started_at, now))
    yield _text(_who(call.number, call.name))
    yield _text(call.queue or "")
    yield _text(", ".join(_name(screen, call.pbx, one) for one in call.interfaces))
    yield _text("" if call.ticket is None else str(call.ticket))


def _pops(screen: Screen, now: datetime) -> Table:
    table = _table("pop", "for", "agent", "who", "customers", "ticket")
    for _, pop in sorted(screen.pops.items()):
        table.add_row(*_pop(pop, screen, now))
    return table


def _pop(pop: Pop, screen: Screen, now: datetime) -> Iterable[Text]:
    yield _state(pop.state)
    yield _text(_for(pop.answered_at or pop.offered_at, now))
    yield _text(_name(screen, pop.pbx, pop.interface))
    yield _text(_who(pop.number.shown, pop.name))
    yield _text(", ".join(_customers(pop.caller)))
    yield _text("" if pop.ticket is None else pop.ticket.number)


def _customers(caller: Mapping[str, Any] | None) -> Iterator[str]:
    for one in (caller or {}).get("customers", ()):
        customer = one["customer"]
        marks = [word for word in ("vip", "caution") if customer.get(word)]
        yield f"{customer.get('name')}{''.join(f' [{word}]' for word in marks)}"


def _agents(screen: Screen, now: datetime) -> Table:
    table = _table("agent", "phone", "state", "for", "queues")
    agents = sorted(screen.agents.values(), key=lambda one: (_rank(one.state), one.pbx, one.interface))
    for agent in agents:
        table.add_row(*_agent(agent, now))
    return table


def _agent(agent: Agent, now: datetime) -> Iterable[Text]:
    yield _text(agent.name or agent.login or "")
    yield _text(f"{agent.pbx}/{agent.interface}")
    yield _state(agent.state, agent.reason)
    yield _text(_for(agent.since, now))
    yield _text(", ".join(sorted(agent.queues)))


def line(body: Mapping[str, Any]) -> str:
    """One message of the stream as a line: type, key, and what of its value fits there."""
    value = body.get("value")
    more = (
        value if isinstance(value, Mapping) else {name: body[name] for name in body if name not in _LEFT_OUT}
    )
    said = "gone" if "value" in body and value is None else "  ".join(_plain(more))
    return printable(f"{body['type']:10}  {body.get('key', '')}  {said}".rstrip())


_LEFT_OUT: Final = frozenset({"type", "seq", "key", "value", "screen", "messages"})


def _plain(values: Mapping[str, Any]) -> Iterator[str]:
    for name, value in values.items():
        if value is None or value == "" or isinstance(value, Mapping | list):
            continue
        yield f"{name}={value}"


# --- words -----------------------------------------------------------------------------------------------------------


def _table(*heads: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for head in heads:
        table.add_column(head, no_wrap=True)
    return table


def _text(words: str, style: str = "") -> Text:
    return Text(printable(words), style=style)


def _state(state: str, reason: str | None = None) -> Text:
    return _text(state if reason is None else f"{state}: {reason}", _COLOURS.get(state, ""))


def _rank(state: str) -> int:
    return _ORDER.index(state) if state in _ORDER else len(_ORDER)


def _who(number: str | None, name: str | None) -> str:
    return " ".join(one for one in (number or "withheld", name) if one)


def _name(screen: Screen, pbx: str, interface: str) -> str:
    agent = screen.agents.get(f"{pbx}/{interface}")
    return (agent.name if agent is not None else None) or interface


def _clock(at: datetime | None) -> str:
    return "it began" if at is None else f"{at:%Y-%m-%d %H:%M:%S} UTC"


def _for(since: datetime | None, now: datetime) -> str:
    """How long, as 1:05 or 2:03:04; clocks that differ show no time below zero."""
    if since is None:
        return ""
    minutes, seconds = divmod(max(0, int((now - since).total_seconds())), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
