"""Which files a journal consists of, and how one of them is known again.

In: the journal's path. Out: its files, oldest first; their first bytes as a fingerprint. Must not know:
positions, what lines mean (only, through a function it is given, when a line was written).

Asterisk names rotated files in three ways (`rotatestrategy`: `.0` is the newest, or the oldest, or a number
is the epoch), logrotate in two more: so order is taken from the first line's time, else from the file's
own.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO, Final, Literal, TypeAlias, TypeVar, cast

from callserver.errors import JournalUnreadable
from callserver.facts import Instant
from callserver.journals.lines import Lines

LineTime: TypeAlias = Callable[[str], Instant | None]
"""When a line was written, None where it does not say."""

HEAD: Final = 256
"""Bytes that a file is known by: a few lines, the first of which carry the time."""
BLOCK: Final = 65_536

_T = TypeVar("_T")
_Opener: TypeAlias = Callable[[Path, Literal["rb"]], BinaryIO]
_PACKED: Final = {
    ".gz": cast("_Opener", gzip.open),
    ".bz2": cast("_Opener", bz2.open),
    ".xz": cast("_Opener", lzma.open),
}
_MARK: Final = r"[.-](?:\d[\d_.:T-]*|old)"


@contextmanager
def refusals(path: Path) -> Iterator[None]:
    """Turns the file system's refusals into JournalUnreadable; FileNotFoundError passes."""
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise JournalUnreadable(f"{path}: {error.strerror or error}") from error


def open_journal(file: Path) -> BinaryIO:
    """Opens a plain or compressed file for reading bytes."""
    opener = _PACKED.get(file.suffix)
    return file.open("rb") if opener is None else opener(file, "rb")


def _intact(action: Callable[[], _T], otherwise: _T) -> _T:
    """An archive that is damaged or still being written ends where it breaks."""
    try:
        return action()
    except (EOFError, zlib.error, lzma.LZMAError):
        return otherwise
    except OSError as error:
        if error.errno is not None:  # the file system's, not gzip's or bz2's
            raise
        return otherwise


def block_of(stream: BinaryIO) -> bytes:
    """The next block, empty at the end."""
    return _intact(lambda: stream.read(BLOCK), b"")


def head(stream: BinaryIO, length: int) -> str:
    """Fingerprint of the first min(`length`, HEAD) bytes; moves the stream."""
    return blake2b(_start(stream, min(length, HEAD)), digest_size=12).hexdigest()


def _start(stream: BinaryIO, length: int) -> bytes:
    return _intact(lambda: stream.read(length) if stream.seek(0) == 0 else b"", b"")


def reaches(stream: BinaryIO, offset: int) -> bool:
    """Whether the file has at least `offset` bytes; moves the stream."""
    return _intact(lambda: stream.seek(0, os.SEEK_END), 0) >= offset


def family(path: Path, when: LineTime) -> list[Path]:
    """The journal's files that hold anything, oldest first, `path` itself last; copies of the same content
    once.

    A missing folder is an empty one. Raises JournalUnreadable.
    """
    with refusals(path):
        if path.exists() and not path.is_file():
            raise JournalUnreadable(f"{path} is not a file")
        names = list(path.parent.iterdir()) if path.parent.is_dir() else []
        rotated = [file for file in names if is_rotated(file.name, path) and file.is_file()]
        rotated.sort(key=lambda file: (_age(file, when), file.suffix in _PACKED, file.name))
        files = _without_copies([path, *rotated])
        return [*files[1:], path] if path in files else files


def is_rotated(name: str, path: Path) -> bool:
    """`queue_log.1`, `queue_log-20261121.gz`, `callserver.csv.1`, `callserver-20261121.csv.gz`."""
    packed = r"(?:\.gz|\.bz2|\.xz)?"
    after = re.escape(path.name) + _MARK
    inside = re.escape(path.stem) + _MARK + re.escape(path.suffix)
    return re.fullmatch(f"(?:{after}|{inside}){packed}", name) is not None


def _without_copies(files: list[Path]) -> list[Path]:
    """Drop what is there twice for a moment: a file being compressed, or copied before it is truncated.

    Lines carry their time, so two files that begin alike are one; the first in the list stays. Empty files
    go.
    """
    kept: dict[Path, bytes] = {}
    for file in files:
        start = _first_bytes(file)
        if start and not any(start.startswith(other) or other.startswith(start) for other in kept.values()):
            kept[file] = start
    return list(kept)


def _first_bytes(file: Path) -> bytes:
    try:
        with open_journal(file) as stream:
            return _start(stream, HEAD)
    except FileNotFoundError:
        return b""


def _age(file: Path, when: LineTime) -> Instant:
    first = first_time(file, when)
    return round(file.stat().st_mtime * 1000) if first is None else first


def first_time(file: Path, when: LineTime) -> Instant | None:
    """The first dated line's time, looked for in the first block only."""
    splitter = Lines()
    try:
        with open_journal(file) as stream:
            splitter.feed(block_of(stream))
    except FileNotFoundError:
        return None
    return next((at for line in splitter.lines if (at := when(line)) is not None), None)
