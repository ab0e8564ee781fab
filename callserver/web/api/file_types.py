"""What a file is, by its content and never by its name: one of the types that tickets take, or nothing.

In: bytes of strangers. Out: a media type. Must not know: what becomes of the file. Only the first bytes and fixed marks
are looked at and nothing is unpacked, so no file costs more than being searched once. Whatever is taken is only ever
offered for saving (`Download`), so the worst that a wrong type can do is a wrong icon.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

_HEAD = 512
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_RUN = (b"<", b"#!", b"%!", b"{\\rtf")  # markup, scripts, PostScript, RTF: no plain text

_STARTS: Final[tuple[tuple[bytes, str], ...]] = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"%PDF-", "application/pdf"),
    (b"ID3", "audio/mpeg"),
    (b"OggS\x00", "audio/ogg"),
    (b"#!AMR\n", "audio/amr"),
    (b"#!AMR-WB\n", "audio/amr"),
    (b"fLaC\x00\x00\x00", "audio/flac"),
)
_BRANDS: Final = (
    ((b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1"), "image/heic"),
    ((b"M4A ", b"M4B "), "audio/mp4"),
    ((b"qt  ",), "video/quicktime"),
    ((b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"M4V ", b"MSNV"), "video/mp4"),
)
_OFFICE: Final = "application/vnd.openxmlformats-officedocument."
_OPENXML: Final = (
    (b"word/document.xml", f"{_OFFICE}wordprocessingml.document"),
    (b"xl/workbook.xml", f"{_OFFICE}spreadsheetml.sheet"),
    (b"ppt/presentation.xml", f"{_OFFICE}presentationml.presentation"),
)
_ODF: Final = tuple(f"application/vnd.oasis.opendocument.{one}".encode() for one in ("text", "spreadsheet"))
_OLE: Final = tuple(
    (name.encode("utf-16-le"), kind)
    for name, kind in (
        ("WordDocument", "application/msword"),
        ("Workbook", "application/vnd.ms-excel"),
        ("PowerPoint Document", "application/vnd.ms-powerpoint"),
    )
)


def type_of(content: bytes, name: str = "") -> str | None:
    """Its media type; None: nothing that we know. `name` tells plain text from a table only."""
    for start, kind in _STARTS:
        if content.startswith(start):
            return kind
    for looks in _LOOKING:
        if (found := looks(content)) is not None:
            return found
    if not _is_text(content):
        return None
    return "text/csv" if name.lower().endswith(".csv") else "text/plain"


def _riff(content: bytes) -> str | None:
    if content[:4] != b"RIFF":
        return None
    return {b"WEBP": "image/webp", b"WAVE": "audio/wav"}.get(content[8:12])


def _media(content: bytes) -> str | None:
    """ISO base media: photographs, sounds and films of telephones."""
    if content[4:8] != b"ftyp":
        return None
    return next((kind for brands, kind in _BRANDS if content[8:12] in brands), None)


def _bitmap(content: bytes) -> str | None:
    """ "BM" begins many words; the reserved bytes and the size of the next header do not follow in one."""
    sizes = (12, 40, 52, 56, 64, 108, 124)
    is_one = content[:2] == b"BM" and content[6:10] == bytes(4)
    return "image/bmp" if is_one and int.from_bytes(content[14:18], "little") in sizes else None


def _mp3(content: bytes) -> str | None:
    """Eleven bits of a frame's beginning, layer 3, a bit rate and a sampling rate that exist."""
    if len(content) < 4 or content[0] != 0xFF or content[1] & 0xE6 != 0xE2:
        return None
    return "audio/mpeg" if content[2] & 0xF0 not in (0, 0xF0) and content[2] & 0x0C != 0x0C else None


def _packed(content: bytes) -> str | None:
    """Office files are ZIPs, in which names can be read without unpacking; one with macros is not taken."""
    if not content.startswith(b"PK\x03\x04"):
        return None
    if content[30:38] == b"mimetype":
        size = int.from_bytes(content[18:22], "little")
        kind = content[38 : 38 + min(size, 100)]
        return kind.decode() if kind in _ODF else None
    if b"[Content_Types].xml" not in content or b"vbaProject.bin" in content:
        return None
    return next((kind for mark, kind in _OPENXML if mark in content), None)


def _ole(content: bytes) -> str | None:
    """Office files of before 2007; the names of their streams are UTF-16."""
    if not content.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return None
    return next((kind for mark, kind in _OLE if mark in content), None)


_LOOKING: Final[tuple[Callable[[bytes], str | None], ...]] = (_riff, _media, _bitmap, _mp3, _packed, _ole)


def _is_text(content: bytes) -> bool:
    """Whichever encoding it is in, as GB18030: no control characters, and nothing that a program would run."""
    if content.startswith(_UTF16):
        try:
            content = content.decode("utf-16").encode("utf-8")
        except UnicodeError:
            return False
    start = content[:_HEAD].removeprefix(b"\xef\xbb\xbf").lstrip()
    return bool(content) and not _CONTROL.search(content) and not start.startswith(_RUN)
