"""Where settings come from: one TOML file, the environment over it, systemd's credentials under both.

In: a path and a mapping of environment variables. Out: one nested table whose leaves say where they came
from. Must not know: what the settings mean; of their shape it knows only which names exist.

    CALLSERVER_WEB_PORT=8088                      [web] port
    CALLSERVER_ASTERISK_MAIN_HOST=10.0.0.5        [[asterisk]] id = "main": host   (in the file or not)
    CALLSERVER_ASTERISK_MAIN_SECRET_FILE=/run/x   the same block: secret_file
    $CREDENTIALS_DIRECTORY/asterisk.main.secret   the same block: secret           (systemd: LoadCredential=)
    $CREDENTIALS_DIRECTORY/web.token              [web] token
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from callserver.errors import SettingsError

PREFIX = "CALLSERVER_"
CONFIG_VARIABLE = PREFIX + "CONFIG"
FOR_TESTS = PREFIX + "TEST_"  # a test run marks its processes with such a variable; it is no setting
PLACES = (Path("callserver.toml"), Path("/etc/callserver/callserver.toml"))

Table: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class FromEnvironment:
    """A value as text, and the variable that it was in."""

    variable: str
    text: str


@dataclass(frozen=True, slots=True)
class FromCredential:
    """A file that systemd laid ready."""

    path: Path


@dataclass(frozen=True, slots=True)
class Names:
    """Which settings exist: sections with their keys, and the keys of one `[[asterisk]]` block."""

    sections: Mapping[str, frozenset[str]]
    asterisk: frozenset[str]
    secrets: frozenset[tuple[str, str]]  # (section, key); section "asterisk" for the block


def find(explicit: Path | None, environ: Mapping[str, str]) -> Path | None:
    """The settings file: the one asked for, else CALLSERVER_CONFIG, else the first of PLACES; None: none."""
    asked = explicit or (Path(environ[CONFIG_VARIABLE]) if environ.get(CONFIG_VARIABLE) else None)
    if asked is not None:
        return asked
    return next((place for place in PLACES if place.exists()), None)


def read_toml(path: Path) -> Table:
    """The file as a table. Raises SettingsError where it cannot be read or is no TOML."""
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8"))
    except FileNotFoundError:
        raise SettingsError(
            f"{path}: there is no such file; `callserver config example > {path}` makes one"
        ) from None
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path}: is not UTF-8 text (byte {error.start})") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path}: is not valid TOML: {error}") from None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`; did you mean 'port'?` where something known is close, else what is known."""
    names = sorted(known)
    close = difflib.get_close_matches(word.lower(), [name.lower() for name in names], n=1, cutoff=0.6)
    if close:
        return f"; did you mean {next(name for name in names if name.lower() == close[0])!r}?"
    return f"; known here: {', '.join(names)}" if names else ""


def overlay(table: Table, environ: Mapping[str, str], names: Names, problems: list[str]) -> Table:
    """`table` with the environment's values over it; each variable that means nothing is a problem."""
    for variable in sorted(environ):
        if variable.startswith(PREFIX) and variable != CONFIG_VARIABLE and not variable.startswith(FOR_TESTS):
            _lay(table, variable, environ[variable], names, problems)
    return table


def _lay(table: Table, variable: str, text: str, names: Names, problems: list[str]) -> None:
    place = _asterisk_place(table, variable, names) or _section_place(table, variable, names)
    if place is None:
        known = [
            PREFIX + f"{section}_{key}".upper() for section, keys in names.sections.items() for key in keys
        ]
        known += [PREFIX + f"ASTERISK_MAIN_{key}".upper() for key in names.asterisk]
        problems.append(f"environment: {variable} is no setting{did_you_mean(variable, known)}")
        return
    target, key = place
    for twin in _twins(key):
        target.pop(
            twin, None
        )  # the environment's secret replaces the file's secret_file and the other way round
    target[key] = FromEnvironment(variable, text)


def _twins(key: str) -> tuple[str, ...]:
    return (key.removesuffix("_file"),) if key.endswith("_file") else (key + "_file",)


def _section_place(table: Table, variable: str, names: Names) -> tuple[Table, str] | None:
    rest = variable.removeprefix(PREFIX).lower()
    for section, keys in names.sections.items():
        key = rest.removeprefix(section + "_")
        if key != rest and key in _with_files(section, keys, names):
            target = table.setdefault(section, {})
            return (target, key) if isinstance(target, dict) else None
    return None


def _asterisk_place(table: Table, variable: str, names: Names) -> tuple[Table, str] | None:
    rest = variable.removeprefix(PREFIX).lower()
    if not rest.startswith("asterisk_"):
        return None
    rest = rest.removeprefix("asterisk_")
    keys = _with_files("asterisk", names.asterisk, names)
    for key in sorted(keys, key=len, reverse=True):
        name = rest.removesuffix("_" + key)
        if name != rest and name:
            return _block(table, name), key
    return None


def _with_files(section: str, keys: frozenset[str], names: Names) -> set[str]:
    return set(keys) | {key + "_file" for key in keys if (section, key) in names.secrets}


def in_variable(pbx: object) -> str:
    """An Asterisk's id as it is spelled within a variable's name (lower case here)."""
    return str(pbx).lower().replace("-", "_")


def _block(table: Table, name: str) -> Table:
    """The `[[asterisk]]` block called `name`; a new one where the file has none."""
    blocks = table.setdefault("asterisk", [])
    if not isinstance(blocks, list):
        return {}
    for block in blocks:
        if isinstance(block, dict) and in_variable(block.get("id")) == name:
            return block
    blocks.append({"id": name})
    created: Table = blocks[-1]
    return created


def lay_credentials(table: Table, directory: str | None, names: Names) -> Table:
    """Secrets that neither file nor environment gave, from systemd's credentials folder."""
    if not directory:
        return table
    for section, key in sorted(names.secrets):
        for target, stem in _targets(table, section):
            path = Path(directory) / f"{stem}.{key}"
            if key not in target and key + "_file" not in target and path.is_file():
                target[key + "_file"] = FromCredential(path)
    return table


def _targets(table: Table, section: str) -> list[tuple[Table, str]]:
    if section == "asterisk":
        blocks = table.get("asterisk", [])
        return (
            [(b, f"asterisk.{b.get('id')}") for b in blocks if isinstance(b, dict)]
            if isinstance(blocks, list)
            else []
        )
    target = table.setdefault(section, {})
    return [(target, section)] if isinstance(target, dict) else []
