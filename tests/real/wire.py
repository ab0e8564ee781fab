"""A TCP line between callserver and a switch that can be cut, or fall silent while both ends think that it is up.

Flows in: the switch's port. Flows out: a port that leads there as long as the line is whole. Must not know: AMI.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Literal

from tests.rig.asterisk import LOOPBACK

Way = Literal["cut", "silent"]


class Wire:
    """Use as an async context."""

    def __init__(self, far_port: int) -> None:
        self._far_port = far_port
        self._broken: Way | None = None
        self._pairs: set[_Pair] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Wire:
        self._server = await asyncio.start_server(self._accept, LOOPBACK, 0)
        self.port = int(self._server.sockets[0].getsockname()[1])
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def fails(self, way: Way) -> None:
        """`cut`: both ends are told. `silent`: nothing arrives any more and nobody is told, as behind a router that
        lost its power; who connects anew is not answered either.
        """
        self._broken = way
        for pair in self._pairs:
            pair.fails(way)

    def is_mended(self) -> None:
        """New connections lead to the switch again; those that were broken never do."""
        self._broken = None

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        with contextlib.closing(writer), contextlib.suppress(OSError, asyncio.CancelledError):
            if self._broken == "silent":
                await reader.read(-1)
            elif self._broken is None:
                await self._connect(reader, writer)
        self._tasks.discard(task)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(LOOPBACK, self._far_port)
        pair = _Pair(writer, far_writer)
        self._pairs.add(pair)
        with contextlib.closing(far_writer):
            await asyncio.gather(pair.carry(reader, far_writer), pair.carry(far_reader, writer))
        self._pairs.discard(pair)


class _Pair:
    """One connection through the wire."""

    def __init__(self, *writers: asyncio.StreamWriter) -> None:
        self._writers = writers
        self._silent = False

    def fails(self, way: Way) -> None:
        self._silent = way == "silent"
        if way == "cut":
            for writer in self._writers:
                writer.transport.abort()

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Bytes of one direction, until its end; a silent line swallows them, and the end as well."""
        with contextlib.suppress(OSError):
            while data := await reader.read(65_536):
                if not self._silent:
                    writer.write(data)
                    await writer.drain()
            if not self._silent:
                writer.write_eof()
