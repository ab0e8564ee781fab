"""The floors and the peers: what others make of the same AMI bytes.

In: chunks as a socket would bring them. Out: how many messages each found. Must not know: ours.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence

from asterisk.ami.client import AMIClient
from panoramisk.ami_protocol import AMIProtocol
from panoramisk.manager import Manager

_BLANK = b"\r\n\r\n"
_BANNER = b"Asterisk Call Manager/11.0.0\r\n"


def splitting(chunks: Iterable[bytes]) -> int:
    """The floor: messages cut out of the stream, nothing looked at."""
    found, rest = 0, b""
    for chunk in chunks:
        *messages, rest = (rest + chunk).split(_BLANK)
        found += len(messages)
    return found


class Panoramisk:
    """panoramisk 1.4 reading, one `*` handler that counts."""

    def __init__(self) -> None:
        self.heard = 0
        manager = Manager(loop=None)
        # The only handler of its own is a coroutine for FullyBooted, which is not in our streams; no loop runs here.
        manager.callbacks.clear()
        manager.patterns.clear()
        manager.register_event("*", self._hear)
        self.protocol = AMIProtocol()
        self.protocol.connection_made(None)
        self.protocol.factory = manager
        self.protocol.encoding = manager.config["encoding"]

    def _hear(self, _manager: object, _message: object) -> None:
        self.heard += 1


def panoramisk(chunks: Iterable[bytes]) -> int:
    """Events that panoramisk dispatched."""
    reader = Panoramisk()
    for chunk in chunks:
        reader.protocol.data_received(chunk)
    return reader.heard


class _Socket:
    """As much of a socket as asterisk-ami reads from: the chunks, then the end."""

    def __init__(self, chunks: Sequence[bytes]) -> None:
        self._chunks = iter([_BANNER, *chunks])

    def recv(self, _size: int) -> bytes:
        return next(self._chunks, b"")

    def close(self) -> None:
        pass


class _Heard:
    def __init__(self) -> None:
        self.count = 0

    def __call__(self, event: object, source: object) -> None:
        self.count += 1


def asterisk_ami(chunks: Sequence[bytes]) -> int:
    """Events that asterisk-ami 0.1.7 handed to one listener, without its thread and its socket."""
    client, heard = AMIClient(), _Heard()
    client._socket = _Socket(chunks)
    client.finished = threading.Event()
    client.add_event_listener(heard)
    client.listen()
    return heard.count
