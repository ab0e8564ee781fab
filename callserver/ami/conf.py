"""Asterisk's configuration files, read as Asterisk reads them, as far as a check needs it.

In: a folder of `*.conf`. Out: sections with their entries, templates applied, includes followed. Must not
know: what the entries mean. A file that cannot be read is told as such and is no error of ours; nothing is
executed (`#exec`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_SECTION = re.compile(r"\[([^\]]+)\](?:\(([^)]*)\))?")
_ENTRY = re.compile(r"([^=]+?)\s*=>?\s*(.*)")
_INCLUDE = re.compile(r"#(?:try)?include\s+[\"<]?([^\">]+)[\">]?")
_BLOCK = re.compile(r";--(?!-).*?--;", re.DOTALL)
_DEEPEST = 10  # includes within includes


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """`key = value` or `key => value`."""

    key: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One `[name]`, with what its templates say before its own entries. A name that comes twice goes on."""

    name: str
    entries: tuple[Entry, ...]

    def get(self, key: str, default: str = "") -> str:
        """The last value of this key, as Asterisk takes it."""
        return next((entry.value for entry in reversed(self.entries) if entry.key == key), default)

    def all(self, key: str) -> list[str]:
        """Every value of a key that may come more than once."""
        return [entry.value for entry in self.entries if entry.key == key]

    def keys(self) -> list[str]:
        """Every key, as often as it comes."""
        return [entry.key for entry in self.entries]


@dataclass(frozen=True, slots=True, kw_only=True)
class Conf:
    """One file. `trouble`: why it could not be read; empty where it could."""

    name: str
    sections: tuple[Section, ...] = ()
    trouble: str = ""

    def section(self, name: str) -> Section:
        """The section of this name, an empty one where there is none."""
        return next(
            (section for section in self.sections if section.name == name), Section(name=name, entries=())
        )

    def has(self, name: str) -> bool:
        return any(section.name == name for section in self.sections)


def truth(value: str) -> bool:
    """Whether Asterisk takes this value for yes."""
    return value.strip().lower() in ("yes", "true", "y", "t", "1", "on")


def read(folder: Path, name: str) -> Conf:
    """The file `name` of this folder. Never raises."""
    try:
        return Conf(name=name, sections=tuple(_sections(_lines(folder / name, folder))))
    except (OSError, RecursionError) as error:
        return Conf(name=name, trouble=str(error))


def _lines(path: Path, folder: Path, depth: int = 0) -> Iterator[str]:
    if depth > _DEEPEST:
        raise RecursionError(f"{path}: includes within includes, deeper than {_DEEPEST}")
    for line in _BLOCK.sub("", path.read_text("utf-8", "replace")).splitlines():
        text = _uncommented(line)
        include = _INCLUDE.fullmatch(text)
        if include:
            for other in _included(include[1].strip(), folder):
                yield from _lines(other, folder, depth + 1)
        elif text and not text.startswith("#"):
            yield text


def _included(pattern: str, folder: Path) -> list[Path]:
    place = folder / pattern  # an absolute pattern stays what it is
    return sorted(path for path in place.parent.glob(place.name.replace("**", "*")) if path.is_file())


def _uncommented(line: str) -> str:
    return re.split(r"(?<!\\);", line, maxsplit=1)[0].replace("\\;", ";").strip()


def _sections(lines: Iterator[str]) -> list[Section]:
    found: dict[str, list[Entry]] = {}
    hidden: set[str] = set()
    entries: list[Entry] = []
    for line in lines:
        head = _SECTION.match(line)
        entry = _ENTRY.fullmatch(line)
        if head:
            name, marks = head[1].strip(), [mark.strip() for mark in (head[2] or "").split(",")]
            entries = found.setdefault(name, [])
            for template in marks:
                entries += found.get(template, ())
            if "!" in marks:
                hidden.add(name)
        elif entry:
            entries.append(Entry(key=entry[1].strip(), value=entry[2].strip()))
    return [Section(name=name, entries=tuple(own)) for name, own in found.items() if name not in hidden]
