"""One look at every byte of a file, before anything is believed about it.

In: a path. Out: its digest, how many lines, whether it is UTF-8 throughout, and some of its lines that are not ASCII.
Must not know: tables. Memory does not grow with the file.
"""

from __future__ import annotations

import codecs
import hashlib
import re
import stat
from dataclasses import dataclass
from pathlib import Path

from callserver.errors import BadValue

_CHUNK = 1 << 20
_SAMPLE = 64 << 10  # bytes of lines that are not ASCII
_LINE = 4_000  # bytes of one such line
_NOT_ASCII = re.compile(rb"[^\r\n]*[\x80-\xff][^\r\n]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What was seen. `sample`: lines with bytes above 127, from the beginning; `foreign`: the same, none of them UTF-8.

    `head`: the first bytes of the file. `native`, `alien`: lines not ASCII that are UTF-8 and that are not, counted
    only where the file is not UTF-8 throughout.
    """

    digest: str
    size: int
    lines: int
    utf8: bool
    head: bytes
    sample: tuple[bytes, ...] = ()
    foreign: tuple[bytes, ...] = ()
    native: int = 0
    alien: int = 0


def survey(path: Path) -> Survey:
    """Read the file once, twice where it is not UTF-8. Raises OSError, and BadValue for what can be read only once."""
    if not stat.S_ISREG(path.stat().st_mode):  # a pipe would be empty the second time, a terminal never ends
        raise BadValue("file", f"{path} is no ordinary file: it is read more than once, so save it first")
    digest, decoder = hashlib.blake2b(digest_size=16), codecs.getincrementaldecoder("utf-8")()
    head, size, lines, utf8 = b"", 0, 0, True
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            head = head or chunk[: _SAMPLE * 4]
            digest.update(chunk)
            size += len(chunk)
            lines += chunk.count(b"\n")
            utf8 = utf8 and _goes_on(decoder, chunk)
    utf8 = utf8 and _goes_on(decoder, b"", final=True)
    seen = _Lines()
    if not utf8:
        seen.look(path)
    return Survey(
        digest=digest.hexdigest(),
        size=size,
        lines=lines,
        utf8=utf8,
        head=head,
        sample=tuple(seen.sample),
        foreign=tuple(seen.foreign),
        native=seen.native,
        alien=seen.alien,
    )


def _goes_on(decoder: codecs.IncrementalDecoder, chunk: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(chunk, final)
    except UnicodeDecodeError:
        return False
    return True


class _Lines:
    """The lines of a file that are not ASCII, counted, and some of them kept."""

    def __init__(self) -> None:
        self.sample: list[bytes] = []
        self.foreign: list[bytes] = []
        self.native = self.alien = 0
        self._kept = {True: 0, False: 0}

    def look(self, path: Path) -> None:
        with path.open("rb") as file:
            while block := file.read(_CHUNK):
                block += file.readline(_CHUNK)
                for found in _NOT_ASCII.finditer(block):
                    self._see(found[0])

    def _see(self, line: bytes) -> None:
        native = _is_utf8(line)
        self.native += native
        self.alien += not native
        self._keep(self.sample, True, line)
        if not native:
            self._keep(self.foreign, False, line)

    def _keep(self, where: list[bytes], which: bool, line: bytes) -> None:
        if self._kept[which] < _SAMPLE:
            where.append(line[:_LINE])
            self._kept[which] += len(where[-1])


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True
