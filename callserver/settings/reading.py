"""A nested table -> frozen settings; every problem is collected, so that one run shows them all.

In: a table (see `sources`), the dataclasses of `shape`. Out: frozen sections; problems as lines that each
name the place, the key, what is wrong and an example. Must not know: any single setting; it follows the
annotations.
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Mapping
from dataclasses import MISSING, dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from callserver.settings.secrets import DatabaseUrl, Secret
from callserver.settings.shape import Key
from callserver.settings.sources import FromCredential, FromEnvironment, Table, did_you_mean

T = TypeVar("T")
_WORDS = {
    "true": True,
    "yes": True,
    "on": True,
    "1": True,
    "false": False,
    "no": False,
    "off": False,
    "0": False,
}
_KINDS = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    Path: "a path (text)",
}


class _Wrong(Exception):
    """One value is wrong; the text says how."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One setting of a section as the annotations tell it. `kind` is without `| None`."""

    name: str
    kind: Any
    optional: bool
    required: bool
    key: Key
    default: Any


def entries(section: type[Any]) -> list[Entry]:
    """The settings of one section, in the order they are written down."""
    hints = get_type_hints(section, include_extras=True)
    return [_entry(field, hints[field.name]) for field in dataclasses.fields(section)]


def _entry(field: dataclasses.Field[Any], hint: Any) -> Entry:
    kind, key = get_args(hint) if get_origin(hint) is Annotated else (hint, Key("", ""))
    parts = get_args(kind) if get_origin(kind) in (Union, types.UnionType) else (kind,)
    made = field.default_factory() if field.default_factory is not MISSING else field.default
    return Entry(
        name=field.name,
        kind=next(part for part in parts if part is not type(None)),
        optional=type(None) in parts,
        required=made is MISSING,
        key=key,
        default=None if made is MISSING else made,
    )


class Reader:
    """Reads sections; keeps what is wrong in `problems` and what is doubtful in `warnings`."""

    def __init__(self, origin: Path | None) -> None:
        self.origin = origin
        self.problems: list[str] = []
        self.warnings: list[str] = []
        self._base = origin.parent if origin else Path()

    def section(self, shape: type[T], table: object, where: str) -> T | None:
        """One section; None where something in it is wrong."""
        if not isinstance(table, Mapping):
            self.wrong(where, "must be a table with keys of its own", f"{where}\n    ...")
            return None
        known = entries(shape)
        before = len(self.problems)
        self._unknown(known, table, where)
        values = {entry.name: self._value(entry, table, where) for entry in known}
        if len(self.problems) > before:
            return None
        return shape(**{name: value for name, value in values.items() if value is not MISSING})

    def wrong(self, where: str, what: str, example: str = "", variable: str = "") -> None:
        """Note one problem, with its place and an example."""
        place = f"environment: {variable}" if variable else f"{self.origin or 'settings'}: {where}"
        self.problems.append(f"{place}: {what}" + (f" (example: {example})" if example else ""))

    def _unknown(self, known: list[Entry], table: Mapping[str, Any], where: str) -> None:
        names = [entry.name for entry in known]
        names += [entry.name + "_file" for entry in known if is_secret(entry.kind)]
        for name in table.keys() - set(names):
            self.wrong(f"{where} {name}", f"is no setting{did_you_mean(name, names)}")

    def _value(self, entry: Entry, table: Mapping[str, Any], where: str) -> Any:
        name = entry.name
        raw = table.get(name, MISSING)
        from_file = table.get(name + "_file", MISSING) if is_secret(entry.kind) else MISSING
        if raw is not MISSING and from_file is not MISSING:
            self.wrong(f"{where} {name}", f"is given twice: as {name} and as {name}_file; keep one")
            return MISSING
        if from_file is not MISSING:
            return self._from_file(entry, from_file, where)
        if raw is not MISSING:
            return self._checked(entry, raw, where)
        if entry.required:
            self._missing(entry, where)
            return MISSING
        return self._placed(entry.default, "")

    def _missing(self, entry: Entry, where: str) -> None:
        example = f"{entry.name} = {entry.key.example}"
        if is_secret(entry.kind):
            example = f'{entry.name}_file = "/etc/callserver/{entry.name}"'
        self.wrong(f"{where} {entry.name}", "is missing and has no default", example)

    def _checked(self, entry: Entry, raw: Any, where: str, *, written_here: bool = True) -> Any:
        variable = raw.variable if isinstance(raw, FromEnvironment) else ""
        try:
            value = _converted(entry.kind, raw)
            what = entry.key.wrong(value) if entry.key.wrong else None
            if what:
                raise _Wrong(
                    f"{_shown(entry, raw)} {what}"
                    if what.startswith("is ")
                    else f"{_shown(entry, raw)}: {what}"
                )
        except _Wrong as error:
            self.wrong(f"{where} {entry.name}", str(error), f"{entry.name} = {entry.key.example}", variable)
            return MISSING
        if written_here and isinstance(value, Secret) and not isinstance(value, DatabaseUrl) and not variable:
            self._warn_if_readable(self.origin, f"{where} {entry.name} is written in")
        return self._placed(value, variable)

    def _placed(self, value: Any, variable: str) -> Any:
        """Relative files belong to the settings file that names them, not to the current directory."""
        if variable:
            return value
        if isinstance(value, Path):
            return self._base / value
        if isinstance(value, DatabaseUrl) and value.sqlite_path and not value.sqlite_path.startswith("/"):
            scheme, _, rest = value.reveal().partition("://")
            absolute = (self._base / value.sqlite_path).absolute()
            return DatabaseUrl(f"{scheme}:///{absolute}" + rest[len("/") + len(value.sqlite_path) :])
        return value

    def _from_file(self, entry: Entry, raw: Any, where: str) -> Any:
        key = f"{where} {entry.name}_file"
        example = f'{entry.name}_file = "/etc/callserver/{entry.name}"'
        variable = raw.variable if isinstance(raw, FromEnvironment) else ""
        try:
            text, path = _read_secret(raw, self._base)
        except _Wrong as error:
            self.wrong(key, str(error), example, variable)
            return MISSING
        if not isinstance(raw, FromCredential):
            self._warn_if_readable(path, f"{key} names")
        raw = FromEnvironment("", text) if entry.kind is DatabaseUrl else text
        return self._checked(entry, raw, where, written_here=False)

    def _warn_if_readable(self, path: Path | None, what: str) -> None:
        try:
            if path is not None and path.stat().st_mode & 0o004:
                self.warnings.append(
                    f"{what} {path}, which every user of this machine can read: chmod o-r {path}"
                )
        except OSError:
            return


def _read_secret(raw: Any, base: Path) -> tuple[str, Path]:
    path = (
        raw.path
        if isinstance(raw, FromCredential)
        else Path(raw.text)
        if isinstance(raw, FromEnvironment)
        else raw
    )
    if isinstance(path, str):
        path = base / path
    if not isinstance(path, Path) or str(path) in ("", "."):
        raise _Wrong("must be the path of a file")
    try:
        text = path.read_text("utf-8").strip("\r\n")
    except UnicodeDecodeError:
        raise _Wrong(f"{path} is not UTF-8 text") from None
    except (OSError, ValueError) as error:
        raise _Wrong(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if not text.strip():
        raise _Wrong(f"{path} is empty")
    return text, path


def is_secret(kind: object) -> bool:
    """Whether a setting's type is one that must not be shown."""
    return isinstance(kind, type) and issubclass(kind, Secret)


def _shown(entry: Entry, raw: Any) -> str:
    if is_secret(entry.kind):
        return "the value"
    return repr(raw.text if isinstance(raw, FromEnvironment) else raw)


def _converted(kind: Any, raw: Any) -> Any:
    """`raw` as `kind`; raises _Wrong."""
    if get_origin(kind) is tuple:
        return _texts(raw)
    if get_origin(kind) is Literal:
        return _one_of(get_args(kind), raw)
    if is_secret(kind):
        return _secret(kind, raw)
    return _from_text(kind, raw.text) if isinstance(raw, FromEnvironment) else _from_toml(kind, raw)


def _secret(kind: type[Secret], raw: Any) -> Secret:
    text = raw.text if isinstance(raw, FromEnvironment) else raw
    if not isinstance(text, str) or not text.strip():
        raise _Wrong("must be a text that is not empty")
    if any(ord(letter) < 32 or ord(letter) == 127 for letter in text):
        raise _Wrong("must be one line without control characters")
    return kind(text)


def _texts(raw: Any) -> tuple[str, ...]:
    if isinstance(raw, FromEnvironment):
        return tuple(piece.strip() for piece in raw.text.split(",") if piece.strip())
    if isinstance(raw, list) and all(isinstance(piece, str) and piece for piece in raw):
        return tuple(raw)
    raise _Wrong("must be a list of texts")


def _one_of(words: tuple[Any, ...], raw: Any) -> Any:
    word = raw.text if isinstance(raw, FromEnvironment) else raw
    if word in words:
        return word
    raise _Wrong(f"{word!r} is none of {', '.join(words)}")


def _from_toml(kind: Any, raw: Any) -> Any:
    if kind is float and type(raw) in (int, float):
        return float(raw)
    if kind is Path and isinstance(raw, str) and raw and "\0" not in raw:
        return Path(raw)
    if kind is not Path and type(raw) is kind:
        return raw
    raise _Wrong(f"{raw!r} is not {_KINDS[kind]}")


def _from_text(kind: Any, text: str) -> Any:
    try:
        if kind is bool:
            return _WORDS[text.strip().lower()]
        if kind is Path and not text:
            raise ValueError(text)
        return cast("Any", kind)(text)
    except (KeyError, ValueError):
        raise _Wrong(f"{text!r} is not {_KINDS[kind]}") from None


def as_tables(raw: object) -> list[Table] | None:
    """`[[name]]` blocks as a list, None where it is something else."""
    if isinstance(raw, list) and all(isinstance(block, dict) for block in raw):
        return raw
    return None
