"""Text of strangers -> text that can be kept and shown: no NUL, no lone surrogates, no control characters.

In: any text. Out: one line, or lines. Must not know: what it is text of. Letters of any script, emoji and direction
marks inside the text stay: only a file's name has to read the same in both directions (`file_name`).
"""

from __future__ import annotations

import re

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_CONTROL = re.compile("[\x01-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x9f]")
_BREAKS = re.compile("[\r\n\t\u0085\u2028\u2029]+")
_TURNING = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_SEPARATORS = re.compile(r'[/\\:*?"<>|]+')


def line(text: str, longest: int | None = None) -> str:
    """The text on one line, without blanks around it; at most `longest` characters."""
    plain = _CONTROL.sub("", _BREAKS.sub(" ", _UNSTORABLE.sub("\ufffd", text))).strip()
    return plain if longest is None or len(plain) <= longest else plain[: longest - 1].rstrip() + "…"


def lines(text: str) -> str:
    """The text with its lines, each ending in a line feed only, without empty ones around it."""
    plain = _UNSTORABLE.sub("\ufffd", text).replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROL.sub("", plain).strip()


def file_name(text: str, longest: int = 150) -> str:
    """A name that a browser may offer for a file: no folder, no character that turns the reading direction.

    The ending is kept when the name is too long; what is left of `..` or of nothing is called `file`.
    """
    last = re.split(r"[/\\]", text)[-1]
    plain = _SEPARATORS.sub("_", line(_TURNING.sub("", last))).strip(" .")
    stem, dot, ending = plain.rpartition(".")
    if len(plain) > longest:
        ending = f".{ending}" if dot and len(ending) <= 10 else ""
        plain = (stem or plain)[: longest - len(ending)].rstrip() + ending
    return plain or "file"
