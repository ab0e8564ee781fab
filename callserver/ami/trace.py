"""Records what the switch says, byte for byte, so that a bad day can be replayed.

In: the bytes of the link as they are read. Out: `NAME.ami`, exactly these bytes, and beside it `NAME.reads`,
one JSON object a read ({"offset", "len", "at"}: bytes, bytes, ISO 8601), so that boundaries and times can be
replayed too. Must not know: what the bytes mean, except that a blank line is a good place to begin a new
file.

It never hurts the link: any error of the disk ends the recording with one loud line, and calls go on.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from io import FileIO
from pathlib import Path

import structlog

from callserver.facts import Instant, PbxId, instant, iso

log = structlog.get_logger(__name__)

_SUFFIXES = (".ami", ".reads")


class TraceRecorder:
    """One recording after the other of one switch, in `folder/pbx`.

    A new connection begins a new file, and so does a file that passed `max_bytes` (at the next blank line, so
    that each file reads by itself; at twice the size at any byte). The newest `keep` recordings stay. Files
    are for their owner only: they hold customers' numbers and names.
    """

    def __init__(
        self,
        folder: Path,
        pbx: PbxId,
        *,
        max_bytes: int,
        keep: int,
        clock: Callable[[], Instant],
    ) -> None:
        if max_bytes <= 0 or keep <= 0:
            raise ValueError("a trace recorder needs max_bytes and keep above 0")
        self.folder = folder / pbx
        self.off = ""  # why nothing is recorded any more; empty: it is
        self.octets = 0
        self._pbx = pbx
        self._max_bytes = max_bytes
        self._keep = keep
        self._clock = clock
        self._files: tuple[FileIO, ...] = ()
        self._offset = 0
        self._number = 0

    def begin(self) -> None:
        """The next bytes are those of a new connection."""
        self._guarded(self._close)

    def received(self, data: bytes) -> None:
        """These bytes came in one read."""
        if data and not self.off:
            self._guarded(lambda: self._write(data))

    def close(self) -> None:
        """No more bytes."""
        self._guarded(self._close)

    def _guarded(self, step: Callable[[], None]) -> None:
        try:
            step()
        except OSError as error:
            self.off = str(error)
            with suppress(OSError):
                self._close()
            log.error("trace recorder is off", pbx=self._pbx, folder=str(self.folder), reason=self.off)

    def _write(self, data: bytes) -> None:
        raw, reads = self._files or self._open()
        row = {"offset": self._offset, "len": len(data), "at": iso(self._clock())}
        _append(raw, data)
        _append(reads, json.dumps(row).encode() + b"\n")
        self._offset += len(data)
        self.octets += len(data)
        if self._offset >= self._max_bytes * (1 if data.endswith(b"\n\r\n") else 2):
            self._close()

    def _open(self) -> tuple[FileIO, ...]:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._number += 1
        moment = (iso(self._clock()) or "").replace(":", "").replace("-", "")
        stem = f"{moment}-{self._number:04d}"
        self._files = (_create(self.folder / (stem + ".ami")),)
        self._files += (_create(self.folder / (stem + ".reads")),)
        self._offset = 0
        self._sweep()
        return self._files

    def _close(self) -> None:
        files, self._files = self._files, ()
        for file in files:
            file.close()

    def _sweep(self) -> None:
        for old in sorted(self.folder.glob("*.ami"))[: -self._keep]:
            for suffix in _SUFFIXES:
                old.with_suffix(suffix).unlink(missing_ok=True)


def playback(recording: Path) -> Iterator[tuple[Instant | None, bytes]]:
    """Each read of a `NAME.ami` with its time, as `NAME.reads` tells; without that file one read without a time.

    Raises OSError; a line of `NAME.reads` that is not ours ends it, and what is left comes without a time.
    """
    with recording.open("rb") as raw:
        for at, size in _reads(recording.with_suffix(".reads")):
            yield at, raw.read(size)
        if rest := raw.read():
            yield None, rest


def _reads(path: Path) -> Iterator[tuple[Instant | None, int]]:
    with suppress(FileNotFoundError, ValueError, KeyError, TypeError), path.open(encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            yield instant(str(row["at"])), max(0, int(row["len"]))


def _create(path: Path) -> FileIO:
    # Unbuffered: what was read is in the file even if the process is killed at once.
    return FileIO(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb")


def _append(file: FileIO, data: bytes) -> None:
    while data:  # a nearly full disk takes a part, and says no at the next try
        data = data[file.write(data) :]
