"""Lines out of a file that Asterisk appends to and somebody rotates.

In: a path and a stored `Position`. Out: complete lines, each once, in order, over any rotation and
truncation. Must not know: what the lines mean (only, through a function it is given, when a line was
written). Blocking file I/O: run it in a thread.

A file is known again by its first bytes, not by name or inode: renaming keeps them, compressing keeps them,
copying before truncation keeps them, and a new file that got an old inode does not have them.

The writer may go on in a renamed file until it is told to reopen (Asterisk: `logger reload`). So an old
file counts as finished only when the next one has content; then the old one's rest is read first, last line
without an end included.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

from callserver.facts import Instant
from callserver.journals.lines import Lines
from callserver.journals.rotation import (
    LineTime,
    block_of,
    family,
    first_time,
    head,
    open_journal,
    reaches,
    refusals,
)

Sieve: TypeAlias = Callable[[Iterable[str]], Iterable[str]]
"""Lines -> those that are to be believed."""


def timeless(_line: str) -> Instant | None:
    """For files whose lines do not say when they were written."""
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """How far a journal was read. `Position()` is before everything there is, rotated files included.

    `offset`: bytes (uncompressed) consumed of the file whose first bytes hash to `head`. `inode` is for
    people. `seen`: the last dated line's time, used only if that file has vanished. `skipping`: inside a
    line that was too long.
    """

    inode: int = 0
    offset: int = 0
    head: str = ""
    seen: Instant | None = None
    skipping: bool = False

    def to_json(self) -> dict[str, Any]:
        """For the store."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @classmethod
    def from_json(cls, body: dict[str, Any]) -> Position:
        """The inverse of `to_json`; unknown keys are ignored, missing ones get their defaults."""
        return cls(**{field.name: body[field.name] for field in fields(cls) if field.name in body})


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What one `Tail.read` brought. `skipped`: over-long lines. `lost`: the file we were in is gone, its
    rest with it.

    `more`: there was more than the limit; read again.
    """

    lines: tuple[str, ...] = ()
    skipped: int = 0
    lost: bool = False
    more: bool = False


class Tail:
    """Reads on from a position. Nothing is remembered but `position`, so a stored one continues anywhere."""

    def __init__(self, path: Path, position: Position | None = None, *, when: LineTime = timeless) -> None:
        self.path = path
        self.position = position or Position()
        self._when = when

    @classmethod
    def at_end(cls, path: Path, *, when: LineTime = timeless) -> Tail:
        """A tail that begins after everything there is now. Raises JournalUnreadable."""
        tail = cls(path, when=when)
        for file in reversed(family(path, when)):
            tail._read_on([_Named(file, _inode_of(file))], limit=sys.maxsize)
            if tail.position.offset:
                break
        return tail

    def read(self, limit: int = 1 << 20) -> Batch:
        """Complete lines from here on, about `limit` bytes of them; advances `position`.

        A missing file is an empty one. A half-written last line stays for later. Raises JournalUnreadable,
        and `position` is then as it was.
        """
        files, lost = self._files()
        if not lost:
            return self._read_on(files, limit)
        before, since = self.position, self.position.seen or 0
        self.position = Position(seen=before.seen)
        batch = self._read_on(files, limit)
        if not self.position.offset:  # nothing there yet to go on with
            self.position = before
        return replace(
            batch, lost=True, lines=tuple(line for line in batch.lines if self._is_since(line, since))
        )

    def _is_since(self, line: str, since: Instant) -> bool:
        at = self._when(line)
        return at is None or at >= since

    def _files(self) -> tuple[list[_Named], bool]:
        """The files to read, the one we are in first; and whether ours is gone."""
        position = self.position
        if position.head and _is_in(self.path, position):  # an ordinary day: no look at the other files
            return [_Named(self.path, None)], False
        files = [_Named(file, _inode_of(file)) for file in family(self.path, self._when)]
        if not position.head:
            return files, False
        ours = next((index for index, file in enumerate(files) if _is_in(file.path, position)), None)
        if ours is not None:
            return [_Named(files[ours].path, None), *files[ours + 1 :]], False
        later = [file for file in files if (first_time(file.path, self._when) or 0) >= (position.seen or 0)]
        return later or files[-1:], True

    def _read_on(self, files: list[_Named], limit: int) -> Batch:
        position = self.position
        lines: list[str] = []
        skipped = consumed = 0
        for file in files:
            part = self._part(file, position, limit - consumed, finished=file is not files[-1])
            if part is None:
                break
            position, splitter = part
            lines += splitter.lines
            skipped += splitter.skipped
            consumed += splitter.consumed
            if consumed >= limit:
                break
        self.position = position
        return Batch(lines=tuple(lines), skipped=skipped, more=consumed >= limit)

    def _part(
        self, file: _Named, position: Position, limit: int, *, finished: bool
    ) -> tuple[Position, Lines] | None:
        """What one file gives; None where its name means another file by now: the next read finds it."""
        try:
            with refusals(file.path), open_journal(file.path) as stream:
                start = position if file.inode is None else Position(seen=position.seen)
                if not (_matches(stream, position) if file.inode is None else _is_file(stream, file.inode)):
                    return None
                splitter = _split(stream, start, limit, finished=finished)
                return self._after(stream, start, splitter) if splitter.consumed else position, splitter
        except FileNotFoundError:
            return None

    def _after(self, stream: BinaryIO, start: Position, splitter: Lines) -> Position:
        offset = start.offset + splitter.consumed
        seen = next((at for line in reversed(splitter.lines) if (at := self._when(line)) is not None), None)
        return Position(
            inode=os.fstat(stream.fileno()).st_ino,
            offset=offset,
            head=head(stream, offset),
            seen=start.seen if seen is None else seen,
            skipping=splitter.skipping,
        )


@dataclass(frozen=True, slots=True)
class _Named:
    """A file by its name; `inode` as it was when the name was looked up, None for the file the position is
    in.
    """

    path: Path
    inode: int | None


def _inode_of(file: Path) -> int:
    try:
        return file.stat().st_ino
    except FileNotFoundError:
        return -1


def _is_file(stream: BinaryIO, inode: int) -> bool:
    return os.fstat(stream.fileno()).st_ino == inode


def _is_in(file: Path, position: Position) -> bool:
    try:
        with refusals(file), open_journal(file) as stream:
            return _matches(stream, position)
    except FileNotFoundError:
        return False


def _matches(stream: BinaryIO, position: Position) -> bool:
    return head(stream, position.offset) == position.head and reaches(stream, position.offset)


def _split(stream: BinaryIO, start: Position, limit: int, *, finished: bool) -> Lines:
    stream.seek(start.offset)
    splitter = Lines(skipping=start.skipping)
    while splitter.consumed < limit:
        block = block_of(stream)
        if not block:
            if finished:
                splitter.finish()
            break
        splitter.feed(block)
    return splitter


def window(
    path: Path, begin: Instant, end: Instant, when: LineTime, sieve: Sieve | None = None
) -> Iterator[str]:
    """All lines, rotated files included, whose time lies in [`begin`, `end`]; undated ones of these files
    too.

    Files that cannot hold such a line are not read. `sieve` sees each file's lines before they are chosen
    by time. Over-long lines are left out. Raises JournalUnreadable.
    """
    files = family(path, when)
    firsts = [first_time(file, when) for file in files]
    for file, first, following in zip(files, firsts, [*firsts, None][1:], strict=True):
        if (following is not None and following < begin) or (first is not None and first > end):
            continue
        lines: Iterable[str] = _lines(file, finished=file is not files[-1])
        for line in lines if sieve is None else sieve(lines):
            at = when(line)
            if at is None or begin <= at <= end:
                yield line


def _lines(file: Path, *, finished: bool) -> Iterator[str]:
    splitter = Lines()
    try:
        with refusals(file), open_journal(file) as stream:
            while block := block_of(stream):
                splitter.feed(block)
                yield from splitter.lines
                splitter.lines.clear()
    except FileNotFoundError:
        return
    if finished:
        splitter.finish()
        yield from splitter.lines
