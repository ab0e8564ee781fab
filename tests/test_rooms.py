"""The rooms keep to themselves: who may import whom, and what the heart must not know.

In: the source of callserver and asterisk_conf, read with `ast`, and the tracked files. Out: one sentence a
violation. A room without a line in the table may not exist.
"""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import needed
from tests.rig.debian import Unavailable

ROOT = Path(__file__).resolve().parents[1]

# What a pure room must not reach for: time passes there only as an argument, and nothing is done there.
CLOCKS = frozenset({"time", "sched", "zoneinfo"})
DOING = frozenset(
    "asyncio concurrent ctypes importlib io logging multiprocessing os pathlib queue random secrets select "
    "selectors shutil signal socket sqlite3 ssl subprocess tempfile threading urllib uuid".split()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What one room may import: rooms of ours, packages from outside, and whether it is pure."""

    rooms: str = ""
    packages: str = ""
    pure: bool = False


ROOMS = {
    "errors": Room(pure=True),
    "facts": Room(pure=True),
    "settings": Room(rooms="errors facts numbers"),
    "logs": Room(rooms="errors facts settings", packages="structlog orjson"),
    "vitals": Room(rooms="facts", packages="prometheus_client"),
    "notify": Room(),
    "stages": Room(),
    "ways_out": Room(rooms="facts settings numbers alerts work"),
    "event_loop": Room(packages="uvloop"),
    "process": Room(rooms="node settings event_loop", packages="structlog"),
    "garbage": Room(),
    "limits": Room(rooms="settings metrics"),
    "back_office": Room(
        rooms="errors settings numbers limits logs event_loop garbage stages vitals store work web.queue_news",
        packages="structlog",
    ),
    "ami": Room(rooms="errors facts asterisk_conf.contract", packages="panoramisk structlog"),
    "calls": Room(rooms="facts errors ami.events", pure=True),
    "metrics": Room(rooms="facts errors", pure=True),
    "alerts": Room(rooms="errors facts metrics tickets", pure=True),
    "journals": Room(rooms="errors facts ami.events asterisk_conf.contract"),
    "numbers": Room(rooms="errors facts", packages="phonenumbers", pure=True),
    "pinyin": Room(packages="pypinyin"),
    "recordings": Room(rooms="errors"),
    "customers": Room(rooms="errors facts numbers pinyin", pure=True),
    "tickets": Room(rooms="errors facts customers numbers", packages="stdnum", pure=True),
    "people": Room(rooms="errors facts", pure=True),
    "seats": Room(rooms="errors facts people", pure=True),
    "promises": Room(rooms="errors facts tickets people", packages="holidays", pure=True),
    "sheets": Room(rooms="errors", packages="openpyxl charset_normalizer"),
    "store": Room(
        rooms="errors facts numbers customers tickets people seats promises alerts metrics",
        packages="sqlalchemy alembic aiosqlite asyncpg orjson structlog",
    ),
    "work": Room(
        rooms="errors facts numbers customers tickets people seats promises alerts metrics sheets store",
        packages="aiohttp aiosmtplib orjson structlog",
    ),
    "push": Room(
        rooms="errors facts client.messages client.values", packages="aiohttp orjson msgspec structlog"
    ),
    "client": Room(packages="aiohttp msgspec websockets"),
    "web": Room(
        rooms="errors facts settings numbers customers tickets people seats promises alerts metrics recordings sheets "
        "store push vitals",
        packages="aiohttp argon2 babel jinja2 msgspec orjson prometheus_client structlog",
    ),
    "node": Room(
        rooms="errors facts settings ami calls journals seats store vitals asterisk_conf.contract",
        packages="orjson prometheus_client structlog",
    ),
    "asterisk_conf": Room(rooms="errors", packages="jinja2"),
}
# Where every room meets: argv, settings and the order of starting and stopping.
MEETING_PLACES = frozenset({"app", "cli", "__main__", "__init__"})
# Finer than a room: the only modules of it that may hold this package.
ONLY_IN = {
    "panoramisk": ("ami.wire", "ami.link"),
    "aiohttp": ("push.hub", "client.client", "web", "work", "app", "cli"),
}


def violations(module: str, source: str) -> list[str]:
    """What a module (dotted name, `callserver.calls.floor`) does that its room may not, a sentence each."""
    room_name = room_of(module)
    if room_name in MEETING_PLACES:
        return []
    room = ROOMS.get(room_name)
    if room is None:
        return [f"{module} is in no room of the table: give {room_name} a line in tests/test_rooms.py"]
    tree = ast.parse(source)
    found = [
        said for name in imports(module, tree) if (said := _import_violation(module, room_name, room, name))
    ]
    return found + (_clock_readings(module, tree) if room.pure else [])


def room_of(module: str) -> str:
    """`callserver.calls.floor` is in `calls`, `asterisk_conf.render` in `asterisk_conf`."""
    package, _, inside = module.partition(".")
    return package if package != "callserver" else inside.partition(".")[0] or "__init__"


def imports(module: str, tree: ast.AST) -> Iterator[str]:
    """Every module that is imported anywhere in the source, by full name; `from a import b` counts as a.b."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(
                [*module.split(".")[: -node.level], *filter(None, [node.module])] if node.level else []
            )
            yield from (f"{base or node.module}.{alias.name}" for alias in node.names)


def _import_violation(module: str, room_name: str, room: Room, name: str) -> str | None:
    package = name.partition(".")[0]
    if package in ("callserver", "asterisk_conf"):
        if room_of(name) == room_name or room_of(name).startswith("__") or _within(name, room.rooms.split()):
            return None
        return f"{module} imports {name}: {room_name} may import only {room.rooms or 'no other room'}"
    if package in sys.stdlib_module_names:
        if room.pure and package in CLOCKS | DOING:
            return f"{module} imports {package}: {room_name} is pure (no clock, no I/O, no async)"
        return None
    if package not in room.packages.split():
        return (
            f"{module} imports {package}: {room_name} may use only {room.packages or 'the standard library'}"
        )
    if not _within(module, ONLY_IN.get(package, (module,))):
        return f"{module} imports {package}: only {' and '.join(ONLY_IN[package])} may"
    return None


def _within(name: str, allowed: list[str] | tuple[str, ...]) -> bool:
    """Whether a full name lies at or below one of these, which are written without `callserver.`."""
    short = name.removeprefix("callserver.")
    return any(f"{short}.".startswith(f"{place.removeprefix('callserver.')}.") for place in allowed)


def _clock_readings(module: str, tree: ast.AST) -> list[str]:
    return [
        f"{module} line {node.lineno} reads a clock ({node.attr}): there, `now` is an argument"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr in ("now", "utcnow", "today", "monotonic", "perf_counter")
        if isinstance(node.value, ast.Name | ast.Attribute)
        and _called(node.value) in ("datetime", "date", "time")
    ]


def _called(node: ast.Name | ast.Attribute) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr


def modules() -> Iterator[tuple[str, Path]]:
    for package in ("callserver", "asterisk_conf"):
        for file in sorted((ROOT / package).rglob("*.py")):
            yield ".".join(file.relative_to(ROOT).with_suffix("").parts), file


def test_every_room_imports_only_what_the_table_allows():
    found = [said for name, file in modules() for said in violations(name, file.read_text(encoding="utf-8"))]
    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize(
    ("module", "source", "said"),
    [
        ("callserver.calls.floor", "import asyncio", "is pure"),
        ("callserver.calls.floor", "import time as t", "is pure"),
        ("callserver.calls.floor", "from datetime import datetime\ndatetime.now()", "reads a clock (now)"),
        ("callserver.calls.floor", "import datetime\ndatetime.datetime.utcnow()", "reads a clock (utcnow)"),
        ("callserver.metrics.sla", "import sqlalchemy", "may use only the standard library"),
        ("callserver.calls.floor", "from callserver.ami import link", "imports callserver.ami.link"),
        ("callserver.calls.floor", "from ..ami.link import Link", "imports callserver.ami.link.Link"),
        (
            "callserver.calls.floor",
            "def f():\n    from callserver.store import journal",
            "imports callserver.store",
        ),
        ("callserver.ami.events", "import panoramisk", "only ami.wire and ami.link may"),
        ("callserver.ami.link", "from callserver import calls", "imports callserver.calls"),
        ("callserver.node", "from callserver.web import routes", "imports callserver.web.routes"),
        ("callserver.node", "import callserver.work", "imports callserver.work"),
        ("callserver.push.screen", "import aiohttp", "only push.hub"),
        ("callserver.attic", "", "is in no room"),
    ],
)
def test_a_module_that_breaks_the_rules_is_told_so(module, source, said):
    assert any(said in sentence for sentence in violations(module, source)), violations(module, source)


@pytest.mark.parametrize(
    ("module", "source"),
    [
        (
            "callserver.calls.floor",
            "from callserver.ami.events import AmiEvent\nfrom callserver import facts",
        ),
        ("callserver.calls.floor", "from . import call\nfrom .agent import Agent\nimport datetime"),
        ("callserver.ami.link", "import panoramisk, asyncio\nfrom asterisk_conf.contract import MANAGER"),
        ("callserver.node", "from callserver.ami.link import Link\nfrom callserver.store import journal"),
        ("callserver.app", "from callserver import web, node, ami"),
        ("callserver.settings.__init__", "from .secrets import Secret"),
        ("callserver.ami.link", "from callserver import __version__"),
    ],
)
def test_a_module_that_keeps_the_rules_is_left_alone(module, source):
    assert violations(module, source) == []


# Names in two halves, so that this file does not hold what it looks for.
REGISTRIES = re.compile(
    rb"pypi\.o"
    rb"rg|pythonhosted\.o"
    rb"rg|registry\.npmjs\.o"
    rb"rg|registry\.yarnpkg\.c"
    rb"om"
    rb"|(?<![a-z.])[a-z.]+\.debian\.o"
    rb"rg/debian|(deb|ftp|security|archive|snapshot)[a-z.]*\.debian\.o"
    rb"rg"
)
MACHINE_PATHS = re.compile(rb"(?<![\w.}])/(work/(main|shared|\.lib)|fa" rb"rm/|root/|home/\w+/)")


def checkout() -> Path:
    if not (ROOT / ".git").exists():
        raise Unavailable("not a checkout: what is tracked is not known")
    return ROOT


def tracked() -> list[Path]:
    needed(checkout)
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    return [file for name in listed.decode().split("\0") if name and (file := ROOT / name).is_file()]


# Where none of these words is, there is nothing to look for: each is found a hundred times as quickly.
WORDS = (b".org", b".com", b"work/", b"arm/", b"root/", b"home/")


def names_somebody(content: bytes) -> re.Match[bytes] | None:
    """A registry, or a path of one machine."""
    if not any(word in content for word in WORDS):
        return None
    return REGISTRIES.search(content) or MACHINE_PATHS.search(content)


def test_no_tracked_file_names_this_machine_or_a_registry():
    found = [
        f"{file.relative_to(ROOT)}: {hit[0]!r}"
        for file in tracked()
        if (hit := names_somebody(file.read_bytes()))
    ]
    assert not found, "somebody's machine or a registry is in:\n" + "\n".join(found)


def test_what_must_not_be_tracked_is_recognised():
    index, mirror = b".".join([b"pypi", b"org"]), b".".join([b"deb", b"debian", b"org"])
    assert names_somebody(b"--index-url https://" + index + b"/simple")
    assert names_somebody(b"http://" + mirror + b"/debian")
    assert names_somebody(b"PREFIX=/ro" + b"ot/x")
    assert not names_somebody(b"callserver/work/promises.py and /api/work/main")


def test_the_licence_is_there_in_full():
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License\n                           Version 2.0" in text
    assert "END OF TERMS AND CONDITIONS" in text


def test_the_table_names_no_room_twice_and_no_unknown_one():
    named = {place.partition(".")[0] for room in ROOMS.values() for place in room.rooms.split()}
    assert named <= ROOMS.keys()
