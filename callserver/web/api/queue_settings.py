"""The API of what is set of queues: it goes before the settings file, at once and until it is taken back.

In: settings of a queue. Out: every queue that anybody speaks of, what is set of it, and which switches have it. Must
not know: who works by the settings, how they are kept.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from callserver.store import queue_renaming, queue_settings
from callserver.store.engine import Connection
from callserver.store.queue_settings import Kept, Said
from callserver.web.api.operation import Asked, Done, Operations
from callserver.web.api.shapes import Moment, moment
from callserver.web.queue_news import said

api = Operations("queue-settings", "What queues are called, how they are counted and when the wall warns.")

QueueName = Annotated[
    str,
    Meta(min_length=1, max_length=100, description="As Asterisk knows it.", examples=["repair"]),
]
Seconds = Annotated[float, Meta(ge=0, le=86_400)]


class QueueSaid(Struct, frozen=True, kw_only=True):
    """What is set of a queue. What is not there is as it would be without a word.

    `title`: what people call it. `target_s`: a call answered within so many seconds counts as in time. `kind`: of the
    tickets that its calls open, or `service`, `sales`, `complaint`. `short_s`: who hangs up earlier is counted apart.
    `warn_wait_s`, `warn_waiting`: from when on the wall warns. `formerly`: names that it had before; their calls count
    as its own.
    """

    title: Annotated[str, Meta(max_length=200)] | None = None
    target_s: Seconds | None = None
    kind: Annotated[str, Meta(max_length=63)] = "service"
    short_s: Seconds = 5.0
    warn_wait_s: Seconds | None = None
    warn_waiting: Annotated[int, Meta(ge=1, le=100_000)] | None = None
    formerly: Annotated[list[QueueName], Meta(max_length=20)] = []


class QueueSet(QueueSaid, frozen=True, kw_only=True):
    """A queue, and what is set of it.

    `version` 0: nothing was ever set here. `here`: what is set was set here; else it is the settings file's.
    `switches`: that have it; `seen`: whether all switches have been asked.
    """

    queue: str
    version: int
    here: bool
    switches: list[str]
    seen: bool
    updated_at: Moment | None


class QueueRenamed(Struct, frozen=True, kw_only=True):
    """What a queue is called now."""

    to: QueueName


class QueuesSet(Struct, frozen=True, kw_only=True):
    """Every queue that a switch has, that the settings file names, or of which something was set."""

    queues: list[QueueSet]


@api("GET", "/queue-settings", scope="queues:manage")
def list_queue_settings(connection: Connection, asked: Asked) -> Done[QueuesSet]:
    """What is set of every queue."""
    kept = {one.queue: one for one in queue_settings.every(connection)}
    names = sorted({*kept, *asked.site.queues.file, *_on_switches(asked)})
    return Done(QueuesSet(queues=[_shown(asked, kept.get(name, Kept(queue=name))) for name in names]))


@api("GET", "/queue-settings/{queue}", scope="queues:manage", versioned=True)
def read_queue_settings(connection: Connection, asked: Asked, queue: QueueName) -> Done[QueueSet]:
    """What is set of one queue, also of one that nobody has heard of yet."""
    return _done(asked, queue_settings.find(connection, queue))


@api("PUT", "/queue-settings/{queue}", scope="queues:manage", versioned=True)
async def put_queue_settings(asked: Asked, queue: QueueName, body: QueueSaid) -> Done[QueueSet]:
    """Say what a queue is called, how it is counted and when the wall warns.

    It counts at once, before the settings file, on every process within a second. What was counted already is counted
    anew in the background where target or `short_s` changed.
    """
    wanted = Said(**{**msgspec.structs.asdict(body), "formerly": tuple(body.formerly)})

    def put(connection: Connection) -> Kept:
        return queue_settings.put(
            connection, queue, wanted, _expected(connection, asked, queue), asked.actor, asked.now
        )

    return await _changed(asked, await asked.site.store.write(put))


@api("DELETE", "/queue-settings/{queue}", scope="queues:manage", versioned=True)
async def reset_queue_settings(asked: Asked, queue: QueueName) -> Done[QueueSet]:
    """Go back to what the settings file says of a queue."""

    def reset(connection: Connection) -> Kept:
        return queue_settings.reset(
            connection, queue, _expected(connection, asked, queue), asked.actor, asked.now
        )

    return await _changed(asked, await asked.site.store.write(reset))


@api("POST", "/queue-settings/{queue}/rename", scope="queues:manage", guarded=True, versioned=True)
async def rename_queue(asked: Asked, queue: QueueName, body: QueueRenamed) -> Done[QueueSet]:
    """Say that the switch calls a queue something else now; its new settings.

    Teams, people's own queues and policies that named the old one name the new one, its settings move, and the calls of
    both are one queue's.
    """
    otherwise = (_of_file(asked, queue), _of_file(asked, body.to))

    def rename(connection: Connection) -> Kept:
        expected = _expected(connection, asked, queue)
        return queue_renaming.rename(connection, queue, body.to, expected, otherwise, asked.actor, asked.now)

    return await _changed(asked, await asked.site.store.write(rename))


async def _changed(asked: Asked, kept: Kept) -> Done[QueueSet]:
    await asked.site.queues_changed()
    return _done(asked, kept)


def _expected(connection: Connection, asked: Asked, queue: str) -> int:
    return queue_settings.find(connection, queue).version if asked.expected is None else asked.expected


def _done(asked: Asked, kept: Kept) -> Done[QueueSet]:
    return Done(_shown(asked, kept), version=kept.version)


def _shown(asked: Asked, kept: Kept) -> QueueSet:
    switches = asked.site.vitals.switches
    now = kept.said or _of_file(asked, kept.queue)
    return msgspec.convert(
        {
            **asdict(now),
            "queue": kept.queue,
            "version": kept.version,
            "here": kept.said is not None,
            "switches": [one.pbx for one in switches.values() if kept.queue in (one.queues or ())],
            "seen": all(one.queues is not None for one in switches.values()),
            "updated_at": moment(kept.updated_at),
        },
        QueueSet,
    )


def _of_file(asked: Asked, queue: str) -> Said:
    file = asked.site.queues.file.get(queue)
    return Said() if file is None else said(file)


def _on_switches(asked: Asked) -> Iterable[str]:
    return (name for one in asked.site.vitals.switches.values() for name in one.queues or ())
