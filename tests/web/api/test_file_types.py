"""What a file is, whatever somebody calls it."""

from __future__ import annotations

import io
import struct
import zipfile

import pytest

from callserver.store.attachments import TYPES
from callserver.web.api.file_types import type_of

OFFICE = "application/vnd.openxmlformats-officedocument."
ODF = "application/vnd.oasis.opendocument."
OLE = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600)


def packed(*names: str, mimetype: str | None = None) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        if mimetype is not None:
            archive.writestr("mimetype", mimetype, zipfile.ZIP_STORED)
        for name in names:
            archive.writestr(name, "<x/>" * 100)
    return file.getvalue()


def media(brand: bytes) -> bytes:
    return b"\0\0\0\x18ftyp" + brand + b"\0\0\0\0isom" + bytes(30)


BITMAP = b"BM" + struct.pack("<IIII", 100, 0, 54, 40) + bytes(50)

TAKEN = {
    "image/jpeg": [b"\xff\xd8\xff\xe1\0\x10Exif" + bytes(50)],
    "image/png": [b"\x89PNG\r\n\x1a\n" + bytes(30)],
    "image/gif": [b"GIF87a" + bytes(20), b"GIF89a" + bytes(20)],
    "image/webp": [b"RIFF\x24\0\0\0WEBPVP8 " + bytes(30)],
    "image/heic": [media(b"heic"), media(b"mif1")],
    "image/bmp": [BITMAP],
    "image/tiff": [b"II*\0" + bytes(30), b"MM\0*" + bytes(30)],
    "application/pdf": [b"%PDF-1.7\n"],
    "audio/mpeg": [b"ID3\x03" + bytes(30), b"\xff\xfb\x90\x64" + bytes(60)],
    "audio/mp4": [media(b"M4A ")],
    "audio/wav": [b"RIFF\x24\0\0\0WAVEfmt " + bytes(30)],
    "audio/ogg": [b"OggS\0\x02" + bytes(30)],
    "audio/amr": [b"#!AMR\n" + bytes(30)],
    "audio/flac": [b"fLaC\0\0\0\x22" + bytes(30)],
    "video/mp4": [media(b"isom"), media(b"mp42")],
    "video/quicktime": [media(b"qt  ")],
    "text/plain": [
        b"E4 on the display\r\n",
        "电视坏了".encode(),
        "电视坏了".encode("gb18030"),
        "电视坏了".encode("utf-16"),
        "\ufeffmit Umlaut: ü".encode(),
        b"BM is a brand",
    ],
    "application/msword": [OLE + "WordDocument".encode("utf-16-le")],
    "application/vnd.ms-excel": [OLE + "Workbook".encode("utf-16-le")],
    "application/vnd.ms-powerpoint": [OLE + "PowerPoint Document".encode("utf-16-le")],
    f"{OFFICE}wordprocessingml.document": [packed("[Content_Types].xml", "word/document.xml")],
    f"{OFFICE}spreadsheetml.sheet": [packed("[Content_Types].xml", "xl/workbook.xml")],
    f"{OFFICE}presentationml.presentation": [packed("[Content_Types].xml", "ppt/presentation.xml")],
    f"{ODF}text": [packed("content.xml", mimetype=f"{ODF}text")],
    f"{ODF}spreadsheet": [packed("content.xml", mimetype=f"{ODF}spreadsheet")],
}
NOTHING = {
    "a page": b"<!DOCTYPE html><script>alert(1)</script>",
    "a page behind blanks": b" \r\n\t<script>alert(1)</script>",
    "a page behind a mark of UTF-8": b"\xef\xbb\xbf<svg onload=alert(1)>",
    "a page in UTF-16": "<script>alert(1)</script>".encode("utf-16"),
    "half of UTF-16": b"\xff\xfea",
    "a drawing": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    "a script": b"#!/bin/sh\nrm -rf /\n",
    "a program": b"MZ\x90\0" + bytes(60),
    "PostScript": b"%!PS-Adobe-3.0",
    "any ZIP": packed("a.txt"),
    "a JAR": packed("META-INF/MANIFEST.MF", "word/document.xml"),
    "a Word file with macros": packed("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"),
    "another OpenDocument": packed(mimetype="application/vnd.oasis.opendocument.formula"),
    "an OLE file of nobody": OLE,
    "noughts": bytes(40),
    "nothing": b"",
    "AVIF": media(b"avif"),
    "a RIFF of nobody": b"RIFF\x24\0\0\0AVI LIST",
}


@pytest.mark.parametrize("kind", TAKEN)
def test_a_file_is_what_is_in_it(kind: str) -> None:
    assert [type_of(content, "x.exe") for content in TAKEN[kind]] == [kind] * len(TAKEN[kind])


@pytest.mark.parametrize("what", NOTHING)
def test_what_a_program_would_run_is_nothing(what: str) -> None:
    assert type_of(NOTHING[what], "x.png") is None


def test_every_type_that_is_taken_is_known() -> None:
    assert {*TAKEN, "text/csv"} == TYPES


def test_only_of_text_the_name_says_more() -> None:
    assert type_of(b"a,b\n1,2\n", "LIST.CSV") == "text/csv"
    assert type_of(TAKEN["image/png"][0], "list.csv") == "image/png"
