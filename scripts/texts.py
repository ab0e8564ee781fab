"""Keeps the screens' catalogs complete: `python -m scripts.texts` brings every message of the screens into them.

In: `agent_ui/templates` and `agent_ui/static`; the server's refusals (refusals.py). Out: `agent_ui/locale/*.po` and
`agent_ui/locale/refusals/*.po`, with what was translated kept, what nobody says any more left out, and new messages
empty; it ends with 1 as long as some are. A test fails when one has no translation, so nobody has to remember this.

In templates a message is `_("...")` or `count("one", "many", n)`; in scripts `t("...")` or `tn("one", "many", n)`, each
with the words right there: words that are put together cannot be translated.
"""

from __future__ import annotations

import ast
import io
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from scripts import refusals

ROOT = Path(__file__).resolve().parent.parent / "agent_ui"
REFUSALS = ROOT / "locale" / "refusals"
LOCALES = ("zh_CN",)
_WORDS = r'"((?:[^"\\]|\\.)*)"'
_ONE = re.compile(rf"(?<![\w.])(?:t|_)\(\s*{_WORDS}")
_MANY = re.compile(rf"(?<![\w.])(?:tn|count)\(\s*{_WORDS}\s*,\s*{_WORDS}")
_ASKED = re.compile(r"(?<![\w.])(?:(?:t|tn)\((?!message|one,)|_\()")
_NOISE = tuple(
    f'"{name}'
    for name in ("POT-Cr", "PO-Rev", "Report-", "Last-Tr", "Language-Team", "Generated", "Project-Id")
)
PLACE = re.compile(r"\{(\w+)\}")
Message = str | tuple[str, str]


@dataclass(frozen=True, slots=True)
class Use:
    """A message and where it is said."""

    message: Message
    file: str
    line: int


def uses(root: Path = ROOT) -> Iterator[Use]:
    """Every message of every screen, in the order of files and lines."""
    for file in sorted([*root.glob("templates/*.html"), *root.glob("static/*.js")]):
        yield from _in(file.relative_to(root).as_posix(), file.read_text("utf-8"))


def _in(name: str, text: str) -> Iterator[Use]:
    found: list[tuple[int, Message]] = [(hit.start(), _read(hit[1])) for hit in _ONE.finditer(text)]
    found += [(hit.start(), (_read(hit[1]), _read(hit[2]))) for hit in _MANY.finditer(text)]
    for place, message in sorted(found, key=lambda one: one[0]):
        yield Use(message, name, text.count("\n", 0, place) + 1)


def _read(quoted: str) -> str:
    return str(ast.literal_eval(f'"{quoted}"'))


def put_together(root: Path = ROOT) -> list[str]:
    """Places that ask for a translation without saying the words: nobody can translate those."""
    wrong = []
    for file in sorted([*root.glob("templates/*.html"), *root.glob("static/*.js")]):
        for number, line in enumerate(file.read_text("utf-8").splitlines(), 1):
            told = len(_ONE.findall(line)) + len([hit for hit in _MANY.finditer(line) if hit[0][0] == "t"])
            if len(_ASKED.findall(line)) != told:
                wrong.append(f"{file.name}:{number}: {line.strip()}")
    return wrong


def messages(root: Path = ROOT) -> Catalog:
    """The messages as a catalog without translations."""
    catalog = Catalog(fuzzy=False)
    for use in uses(root):
        catalog.add(use.message, locations=[(use.file, use.line)])
    return catalog


def refused() -> Catalog:
    """The server's refusals as a catalog without translations."""
    catalog = Catalog(fuzzy=False)
    for message in refusals.messages():
        catalog.add(message)
    return catalog


def brought_up(locale: str, template: Catalog, folder: Path = ROOT / "locale") -> Catalog:
    """The catalog of a language with the messages of today."""
    path = folder / f"{locale}.po"
    with path.open("rb") as file:
        kept = read_po(file, locale=locale)
    kept.update(template, no_fuzzy_matching=True, update_creation_date=False)
    kept.obsolete.clear()
    return kept


def missing(catalog: Catalog) -> list[Message]:
    """What nobody has translated yet."""
    return [
        tuple(one.id) if isinstance(one.id, (list, tuple)) else one.id  # type: ignore[misc]
        for one in catalog
        if one.id and (one.fuzzy or not all(_forms(one.string)))
    ]


def _forms(string: object) -> list[object]:
    return list(string) if isinstance(string, list | tuple) else [string]


def write(locale: str, catalog: Catalog, folder: Path = ROOT / "locale") -> None:
    """Keep it: sorted, without line numbers, so that a change shows only what changed."""
    written = io.BytesIO()
    write_po(written, catalog, width=0, no_location=True, sort_output=True)
    lines = written.getvalue().decode().splitlines(keepends=True)
    kept = "".join(line for line in lines if not line.startswith(_NOISE))
    (folder / f"{locale}.po").write_text(kept, "utf-8")


def main() -> int:
    """Update every catalog; what is missing is told."""
    empty = 0
    for folder, template in ((ROOT / "locale", messages()), (REFUSALS, refused())):
        for locale in LOCALES:
            catalog = brought_up(locale, template, folder)
            write(locale, catalog, folder)
            for message in missing(catalog):
                empty += 1
                print(f"{folder.name}/{locale}: {message}", file=sys.stderr)
    return 1 if empty else 0


if __name__ == "__main__":
    sys.exit(main())
