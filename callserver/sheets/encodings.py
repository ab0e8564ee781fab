"""In what encoding a text file is: known, or so likely that it may be said and used, or asked.

In: a survey of the file, and what the user says. Out: the name of a codec, and a sentence if it was guessed. Raises
BadValue("encoding") with two ways to read the file where nobody can know. Must not know: tables.

UTF-8 proves itself: other encodings' bytes are hardly ever valid in it. GB18030 does not (nearly every pair of bytes
above 127 is some character), so what speaks for it is that the characters are those that people use: the 6,763 of GB
2312, most of them of its first plane, from all over it. Big5, Shift-JIS, Cyrillic or German bytes do not look so.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import charset_normalizer

from callserver.errors import BadValue
from callserver.sheets.survey import Survey

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_GB = "gb18030"  # contains GBK and GB 2312
_WIDER = {"gb2312": _GB, "gbk": _GB, "cp936": _GB, "hz": "hz", "utf-8": "utf-8-sig"}
_ENOUGH = 20  # characters that are not ASCII, to be sure of anything
_SHOWN = 40  # characters of a line that are shown
_STRAY = 0.05  # of the lines may be in no encoding at all: rejected one by one


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoding:
    """A codec's name; `said`: how it was found, in words, empty where there was nothing to guess."""

    codec: str
    said: str = ""


def settled(found: Survey, given: str | None = None) -> Encoding:
    """The encoding of a file. Raises BadValue where it is unknown (`given`) or cannot be known."""
    if given is not None:
        return Encoding(codec=_known(given))
    for mark, codec in _MARKS:
        if found.head.startswith(mark):
            return Encoding(codec=codec)
    if found.head[:200].count(b"\0") * 5 > len(found.head[:200]):
        raise BadValue("encoding", "there are NULs everywhere: say --encoding utf-16-le or utf-16-be")
    if found.utf8:
        return Encoding(codec="utf-8")
    if found.native >= _ENOUGH and found.alien <= _STRAY * found.native:
        bad = f"{found.alien} line{'s are' if found.alien > 1 else ' is'} not"
        return Encoding(codec="utf-8", said=f"read as UTF-8, but {bad}: rejected")
    if found.native <= _STRAY * (found.alien + found.native) and surely_gb(found.sample):
        return Encoding(codec=_GB, said=f"read as GB18030 (no UTF-8), e.g. {_shown(found.sample[-1], _GB)}")
    raise _question(found)


def _known(given: str) -> str:
    try:
        name = codecs.lookup(given).name
        "".encode(name)
    except (LookupError, ValueError):
        raise BadValue("encoding", f"{given!r} is no encoding that is known here") from None
    return _WIDER.get(name, name)


def surely_gb(lines: Sequence[bytes]) -> bool:
    """Whether lines that are not UTF-8 can only be Chinese in GB 2312, GBK or GB18030."""
    texts = list(_decoded(lines, _GB))
    if len(texts) < (1 - _STRAY) * len(lines):
        return False
    foreign = [letter for text in texts for letter in text if not letter.isascii()]
    usual = list(_gb2312(foreign))
    hanzi = [lead for lead in usual if lead >= 0xB0]
    first_plane = [lead for lead in hanzi if lead <= 0xD7]
    kana = [lead for lead in usual if lead in (0xA4, 0xA5)]
    upper = [lead for lead in hanzi if lead > 0xC8]  # Korean has nothing here
    return (
        len(foreign) >= _ENOUGH
        and len(usual) >= 0.9 * len(foreign)
        and len(first_plane) >= 0.7 * len(hanzi)
        and len(kana) <= 0.02 * len(foreign)
        and len(upper) >= 0.1 * len(hanzi)
    )


def _gb2312(letters: Iterable[str]) -> Iterable[int]:
    """The first byte of each letter that GB 2312 has."""
    for letter in letters:
        coded = letter.encode("gb2312", "ignore")
        if coded:
            yield coded[0]


def _decoded(lines: Iterable[bytes], codec: str) -> Iterable[str]:
    for line in lines:
        try:
            yield line.decode(codec)
        except UnicodeDecodeError:
            continue


def _question(found: Survey) -> BadValue:
    """Two ways to read the same line, for somebody who can read."""
    lines = found.foreign or found.sample
    best = charset_normalizer.from_bytes(b"\n".join(lines)).best()
    guess = best.encoding if best else "cp1252"
    candidates = dict.fromkeys([_GB, _WIDER.get(guess, guess), "big5", "cp1252"])
    ways = [codec for codec in candidates if codec != "ascii" and any(_decoded(lines[:1], codec))][:2]
    shown = " or ".join(f"--encoding {codec} ({_shown(lines[0], codec)})" for codec in ways)
    mixed = f"; {found.native} lines are UTF-8, {found.alien} are not" if found.native else ""
    return BadValue("encoding", f"not UTF-8, and not to be known{mixed}: say which one reads well: {shown}")


def _shown(line: bytes, codec: str) -> str:
    """A piece of the line around its first byte that is not ASCII."""
    text = line.decode(codec, "replace")
    at = next((place for place, letter in enumerate(text) if not letter.isascii()), 0)
    return repr(text[max(0, at - 10) :][:_SHOWN])
