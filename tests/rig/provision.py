"""The programs that tests, traces and the demo need, found on this machine or fetched into `.local/`.

In: PATH, `ASTERISK=`, and Debian's archive through tests/rig/debian.py. Out: how to run Asterisk, SIPp, PostgreSQL,
Chromium and OpenSSL. It knows nothing of calls. Only the standard library: `python3 -m tests.rig.provision` runs before
the virtual environment exists. What is there is used as it is; nothing is fetched twice; no root is needed.

A prefix in `.local/` is filled beside its place and renamed when whole: a half-fetched one is never used.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.rig import debian
from tests.rig.debian import Unavailable

ROOT = Path(__file__).resolve().parents[2]
LOCAL = ROOT / ".local"
OLDEST_USED = 18  # an Asterisk on PATH that is older than this is passed over
SYSTEM_FOLDERS = ("/usr/local/sbin", "/usr/sbin")  # an ordinary user does not have these on PATH
SUITES = {22: "sid", 16: "bullseye"}
EXPIRED = frozenset({"bullseye"})
ASTERISK_PACKAGES = ("asterisk", "asterisk-core-sounds-en-gsm", "asterisk-moh-opsound-wav")
# Of the machine's own suite, so its own C library does; the others serve parts that are never used here.
POSTGRES_WITHOUT = ("libc6", "libc-bin", "libllvm", "perl", "libperl", "ssl-cert", "locales")
CHROMIUM_WITHOUT = tuple(
    "libc6 libc-bin libllvm libz3 libgl1-mesa mesa- perl libperl systemd libsystemd-shared adwaita hicolor "
    "libgtk-3-common dconf dbus xkb-data fonts- passwd xdg x11- coreutils".split()
)
FONTS = ("fonts-noto-cjk", "fonts-dejavu-core")
"""So that a Chinese screen shows letters and not boxes, and is as wide on every machine."""
FONTS_CONF = """\
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>{folder}</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
  <alias binding="same"><family>monospace</family><prefer><family>Noto Sans Mono CJK SC</family></prefer></alias>
  <match target="pattern"><edit name="family" mode="append_last"><string>Noto Sans CJK SC</string></edit></match>
</fontconfig>
"""
TOOLS = ("asterisk22", "asterisk16", "sipp", "postgres", "chromium", "openssl")
BY_HAND = {
    "asterisk22": "or put an Asterisk (18 or newer) on PATH, or name one with ASTERISK=",
    "asterisk16": "its tests are skipped then, and its traces cannot be recorded",
    "sipp": "or install SIPp (Debian's package sip-tester) and put it on PATH",
    "postgres": "or install PostgreSQL's server (Debian's package postgresql)",
    "chromium": "or install Chromium (Debian's package chromium)",
    "openssl": "or install OpenSSL (Debian's package openssl)",
}
NEEDED = ("asterisk22", "sipp", "postgres", "asterisk16", "chromium", "openssl")

Version = tuple[int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """One Asterisk: `argv`, to which its own arguments are added, and the folders for asterisk.conf."""

    argv: tuple[str, ...]
    modules: Path
    data: Path
    version: Version


@dataclass(frozen=True, slots=True, kw_only=True)
class Postgres:
    """PostgreSQL's server programs, and the environment that they need beside the usual one."""

    bin: Path
    environment: dict[str, str]
    version: Version


@dataclass(frozen=True, slots=True, kw_only=True)
class Browser:
    """Chromium, and the environment that it needs beside the usual one."""

    program: Path
    environment: dict[str, str]
    version: Version


def asterisk(version: int = 22) -> Switch:
    """An Asterisk to run: the machine's own (`ASTERISK=`, PATH; 18 or newer), else Debian's, fetched once.

    Asked for 16, the machine's own is taken only when it is a 16. Raises Unavailable.
    """
    own = _own_asterisk()
    if own and _serves(own, version):
        return own
    suite = SUITES[version]

    def fill(prefix: Path) -> None:
        debian.fetch(ASTERISK_PACKAGES, suite, prefix, expired=suite in EXPIRED)
        _name_default_voice(prefix)
        if (fetched := _fetched_asterisk(prefix)).version[0] != version:
            raise Unavailable(f"{suite} has Asterisk {_dotted(fetched.version)} now, not {version}")

    return _fetched_asterisk(prefix_of(f"asterisk-{version}", fill))


def _serves(own: Switch, version: int) -> bool:
    """Whether the machine's own Asterisk serves for the one asked for; a named one has to."""
    if own.version[0] == version:
        return True
    if version == 22 and own.version[0] < OLDEST_USED and "ASTERISK" in os.environ:
        raise Unavailable(f"ASTERISK= is {_dotted(own.version)}; {OLDEST_USED} or newer is needed")
    return version == 22 and own.version[0] >= OLDEST_USED


def _own_asterisk() -> Switch | None:
    named = os.environ.get("ASTERISK", "")
    found = shutil.which(named or "asterisk", path=None if named else _path())
    if not found:
        if named:
            raise Unavailable(f"ASTERISK={named} is not a program")
        return None
    program = Path(found).resolve()
    modules = _first(
        [
            *program.parents[1].glob("lib*/asterisk/modules"),
            *program.parents[1].glob("lib/*/asterisk/modules"),
            *Path("/usr/lib").glob("*/asterisk/modules"),
        ],
        holding="app_queue.so",
    )
    data = _first([*program.parents[1].glob("share/asterisk"), Path("/var/lib/asterisk")], holding="sounds")
    version = _version([found, "-V"])
    if modules is None or version is None:
        if named:
            raise Unavailable(f"ASTERISK={named}: its version or its modules (app_queue.so) were not found")
        return None
    return Switch(argv=(found,), modules=modules, data=data or Path("/var/lib/asterisk"), version=version)


def _path() -> str:
    """PATH with the folders of system programs."""
    return os.pathsep.join([os.environ.get("PATH", os.defpath), *SYSTEM_FOLDERS])


def _first(folders: Sequence[Path], *, holding: str) -> Path | None:
    return next((folder for folder in folders if (folder / holding).exists()), None)


def _fetched_asterisk(prefix: Path) -> Switch:
    argv = _foreign(prefix, "usr/sbin/asterisk")
    modules = _first(
        [*prefix.glob("usr/lib/*/asterisk/modules"), prefix / "usr/lib/asterisk/modules"],
        holding="app_queue.so",
    )
    version = _version([*argv, "-V"])
    if modules is None or version is None:
        raise Unavailable(f"the Asterisk in {prefix} does not run: remove that folder and try again")
    return Switch(argv=tuple(argv), modules=modules, data=prefix / "usr/share/asterisk", version=version)


def _name_default_voice(prefix: Path) -> None:
    """Debian's sound package is named `en` by its install script, which has not run."""
    sounds = prefix / "usr/share/asterisk/sounds"
    voice = next(sounds.glob("en_*"), None)
    if voice and not (sounds / "en").exists():
        (sounds / "en").symlink_to(voice.name)


def sipp() -> list[str]:
    """SIPp to run: the machine's own, else Debian's sip-tester, fetched once. Raises Unavailable."""
    if own := shutil.which("sipp"):
        return [own]
    prefix = prefix_of("sipp", lambda into: debian.fetch(["sip-tester"], debian.codename(), into))
    return _foreign(prefix, "usr/bin/sipp")


def postgres() -> Postgres:
    """PostgreSQL's server: the machine's own, else that of its suite, fetched once. Raises Unavailable."""
    system = [Path(found).resolve().parent] if (found := shutil.which("postgres")) else []
    system += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    if folder := _first([bin for bin in system if (bin / "initdb").exists()], holding="postgres"):
        return _server(folder, {})
    prefix = prefix_of("postgres", _fetch_postgres)
    libraries = os.pathsep.join(map(str, _libraries(prefix)))
    return _server(next(prefix.glob("usr/lib/postgresql/*/bin")), {"LD_LIBRARY_PATH": libraries})


def _fetch_postgres(prefix: Path) -> None:
    debian.fetch(["postgresql"], debian.codename(), prefix, without=POSTGRES_WITHOUT)


def _server(folder: Path, environment: dict[str, str]) -> Postgres:
    version = _version([str(folder / "postgres"), "--version"], environment)
    if version is None:
        raise Unavailable(f"the PostgreSQL in {folder} does not run")
    return Postgres(bin=folder, environment=environment, version=version)


def chromium() -> Browser:
    """Chromium: the machine's own, else that of its suite, fetched once; with letters for every screen.

    Raises Unavailable.
    """
    fonts = {"FONTCONFIG_FILE": str(prefix_of("fonts", _fetch_fonts) / "fonts.conf")}
    if own := shutil.which("chromium"):
        return _browser(Path(own), fonts)
    prefix = prefix_of("chromium", _fetch_chromium)
    # PulseAudio keeps one of its libraries apart, where only its own run path would find it.
    libraries = os.pathsep.join(map(str, [*_libraries(prefix), *prefix.glob("usr/lib/*/pulseaudio")]))
    return _browser(prefix / "usr/lib/chromium/chromium", {**fonts, "LD_LIBRARY_PATH": libraries})


def _fetch_chromium(prefix: Path) -> None:
    debian.fetch(["chromium"], debian.codename(), prefix, without=CHROMIUM_WITHOUT)


def _fetch_fonts(prefix: Path) -> None:
    """The fonts, and a list that names them alone, by the place where `prefix` will lie."""
    debian.fetch(FONTS, debian.codename(), prefix)
    for unread in prefix.glob("usr/share/fonts/*/*/*Serif*"):
        unread.unlink()
    (prefix / "fonts.conf").write_text(FONTS_CONF.format(folder=f"{LOCAL / 'fonts'}/usr/share/fonts"))


def _browser(program: Path, environment: dict[str, str]) -> Browser:
    version = _version([str(program), "--version"], environment)
    if version is None:
        raise Unavailable(f"{program} does not run")
    return Browser(program=program, environment=environment, version=version)


def openssl() -> dict[str, str]:
    """The environment in which a shell finds `openssl`: the machine's own, else that of its suite, fetched once.

    Raises Unavailable.
    """
    if own := shutil.which("openssl"):
        return {"PATH": _before_usual(Path(own).parent)}
    prefix = prefix_of("openssl", lambda into: debian.fetch(["openssl"], debian.codename(), into))
    libraries = os.pathsep.join(map(str, _libraries(prefix)))
    return {"PATH": _before_usual(prefix / "usr/bin"), "LD_LIBRARY_PATH": libraries}


def _before_usual(folder: Path) -> str:
    return os.pathsep.join([str(folder), os.environ.get("PATH", os.defpath)])


def on_path(program: str) -> str:
    """A program that only the machine itself can have, by its full name. Raises Unavailable."""
    if own := shutil.which(program):
        return own
    raise Unavailable(f"{program} is not on this machine")


def _foreign(prefix: Path, program: str) -> list[str]:
    """A program of another suite, run by the dynamic loader and the C library that came with it."""
    loader = next((found for folder in _libraries(prefix) for found in folder.glob("ld-linux*.so*")), None)
    if loader is None or not (prefix / program).exists():
        raise Unavailable(f"{prefix} is not whole: remove that folder and try again")
    return [
        str(loader),
        "--library-path",
        os.pathsep.join(map(str, _libraries(prefix))),
        str(prefix / program),
    ]


def _libraries(prefix: Path) -> list[Path]:
    return [*sorted(prefix.glob("usr/lib/*-linux-gnu*")), prefix / "usr/lib"]


def _version(argv: Sequence[str], environment: dict[str, str] | None = None) -> Version | None:
    """What a program says of itself, as numbers: `Asterisk 22.10.1~dfsg`, `postgres (PostgreSQL) 15.13`."""
    return version_in(_said(argv, environment))


def _said(argv: Sequence[str], environment: dict[str, str] | None = None) -> str:
    """What a program says; nothing where it does not run."""
    variables = {**os.environ, **(environment or {})}
    try:
        return subprocess.run(
            argv, env=variables, capture_output=True, text=True, timeout=20, check=False
        ).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        return ""


def version_in(said: str) -> Version | None:
    """The first version number in a text, None where there is none."""
    found = re.search(r"(\d+)(?:\.(\d+))?(?:\.(\d+))?", said)
    return (int(found[1]), int(found[2] or 0), int(found[3] or 0)) if found else None


def _dotted(version: Version) -> str:
    return ".".join(map(str, version))


def prefix_of(name: str, fill: Callable[[Path], None]) -> Path:
    """A prefix in `.local/`, filled now if it is not there; two processes at once fetch it once."""
    prefix = LOCAL / name
    if prefix.is_dir():
        return prefix
    with _alone():
        if prefix.is_dir():
            return prefix
        unfinished = LOCAL / f"{name}.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir()
        _say(f"{name}: fetching Debian packages into {prefix.relative_to(ROOT)}/ (no root, once) ...")
        began = time.monotonic()
        try:
            fill(unfinished)
            unfinished.rename(prefix)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
        _say(f"{name}: fetched in {time.monotonic() - began:.0f} s")
    return prefix


@contextmanager
def _alone() -> Iterator[None]:
    LOCAL.mkdir(exist_ok=True)
    with (LOCAL / "provision.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def describe(tool: str) -> str:
    """Find or fetch one tool; one line that says what it is and where. Raises Unavailable."""
    match tool:
        case "asterisk22" | "asterisk16":
            switch = asterisk(int(tool[-2:]))
            return f"{tool}: Asterisk {_dotted(switch.version)}, {switch.argv[-1]}"
        case "sipp":
            return f"sipp: {sipp()[-1]}"
        case "postgres":
            server = postgres()
            return f"postgres: PostgreSQL {_dotted(server.version)}, {server.bin}"
        case "chromium":
            browser = chromium()
            return f"chromium: Chromium {_dotted(browser.version)}, {browser.program}"
        case "openssl":
            return f"openssl: {_said(['openssl', 'version'], openssl())}"
        case _:
            raise Unavailable(f"no tool is named {tool}; there are {', '.join(TOOLS)}")


def main(argv: Sequence[str]) -> int:
    """Find or fetch the named tools (those that tests need when none is named); 1 when one is missing."""
    missing = 0
    for tool in argv or NEEDED:
        try:
            _say(describe(tool))
        except Unavailable as reason:
            missing += 1
            _say(f"{tool}: missing: {reason}\n  {BY_HAND.get(tool, '')}".rstrip())
    return 1 if missing else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
