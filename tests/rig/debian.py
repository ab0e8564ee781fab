"""Debian packages into a folder of our own, without root and without touching the system.

In: the machine's own apt sources, package names and a suite. Out: a prefix with the packages' files and all
that they depend on. It knows nothing of Asterisk or of tests, and it names no mirror: the archive is the one
that this machine already uses. Only the standard library: it runs before the virtual environment exists.

apt is run beside the system's own: its state, cache and sources live in a workshop folder, and an empty dpkg
status makes it believe that nothing is installed, so that the whole closure comes along, the C library too.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

SOURCES = Path("/etc/apt")
OS_RELEASE = Path("/etc/os-release")
UNREAD = ("doc", "man", "locale", "info", "lintian", "bug", "bash-completion")
ENGLISH = {"LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
MERGED = ("bin", "sbin", "lib", "lib64")


class Unavailable(Exception):
    """A tool or a package cannot be had here; the text says why and what to do by hand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One configured apt source: an archive and what it is asked for."""

    uri: str
    suites: tuple[str, ...]
    components: tuple[str, ...]
    signed_by: str = ""
    trusted: str = ""


def sources(folder: Path) -> Iterator[Source]:
    """Every binary source that apt is configured with: sources.list, *.list and *.sources, in apt's order."""
    yield from one_line_sources(_text(folder / "sources.list"))
    for file in sorted((folder / "sources.list.d").glob("*")):
        if file.suffix == ".list":
            yield from one_line_sources(_text(file))
        elif file.suffix == ".sources":
            yield from deb822_sources(_text(file))


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


ONE_LINE = re.compile(r"deb\s+(?:\[(?P<options>[^]]*)]\s+)?(?P<uri>\S+)\s+(?P<suite>\S+)(?P<components>.*)")


def one_line_sources(text: str) -> Iterator[Source]:
    """Sources in the old form, `deb [signed-by=KEY] URI SUITE COMPONENT...`, one a line."""
    for line in text.splitlines():
        found = ONE_LINE.match(line.partition("#")[0].strip())
        if found:
            options = dict(item.partition("=")[::2] for item in (found["options"] or "").split())
            yield Source(
                uri=found["uri"],
                suites=(found["suite"],),
                components=tuple(found["components"].split()),
                signed_by=options.get("signed-by", "").replace(",", " "),
                trusted=options.get("trusted", ""),
            )


def deb822_sources(text: str) -> Iterator[Source]:
    """Sources in the new form: stanzas of `Field: value`, apart by blank lines."""
    for stanza in re.split(r"\n\s*\n", text):
        fields = _fields(stanza)
        if "deb" not in fields.get("types", "").split() or fields.get("enabled", "yes").lower() == "no":
            continue
        for uri in fields.get("uris", "").split():
            yield Source(
                uri=uri,
                suites=tuple(fields.get("suites", "").split()),
                components=tuple(fields.get("components", "").split()),
                signed_by=fields.get("signed-by", ""),
                trusted=fields.get("trusted", ""),
            )


def _fields(stanza: str) -> dict[str, str]:
    """Field names in lower case; a continued value keeps its lines, for a key may be written out in it."""
    fields: dict[str, str] = {}
    name = ""
    for line in stanza.splitlines():
        if line.startswith("#"):
            continue
        if line[:1].isspace():
            fields[name] = fields.get(name, "") + "\n" + line
        else:
            name, _, value = line.partition(":")
            name = name.strip().lower()
            fields[name] = value.strip()
    return fields


def codename(os_release: Path | None = None) -> str:
    """This machine's Debian suite, such as `bookworm`.

    Raises Unavailable on anything that is not Debian: another distribution's archive has no such suites.
    """
    fields = dict(line.partition("=")[::2] for line in _text(os_release or OS_RELEASE).splitlines())
    if fields.get("ID", "").strip('"') != "debian":
        raise Unavailable("this machine is not Debian: install the missing tool by hand and put it on PATH")
    return fields.get("VERSION_CODENAME", "").strip('"') or "sid"


def main_archive(configured: Iterator[Source], suite: str) -> Source:
    """The source that this machine's own packages come from: its archive is asked for every suite."""
    names = {suite, "stable", "oldstable", "testing", "unstable"}
    for source in configured:
        if "main" in source.components and names.intersection(source.suites) and _is_remote(source.uri):
            return source
    raise Unavailable(
        f"apt has no source for {suite} main: add Debian's archive to /etc/apt/sources.list, "
        "or install the missing tool by hand"
    )


def _is_remote(uri: str) -> bool:
    return not uri.startswith("cdrom:")


def fetch(
    packages: Sequence[str], suite: str, into: Path, *, expired: bool = False, without: Sequence[str] = ()
) -> None:
    """Unpack packages of a suite, with all that they depend on, into a new folder.

    `expired` accepts an archive's index after its valid-until date (suites that get no updates any more).
    `without` names beginnings of packages that come along but are not unpacked.
    Raises Unavailable with apt's own words.
    """
    with Workshop(into.with_name(f"{into.name}.apt"), suite, expired=expired) as workshop:
        workshop.update()
        for archive in workshop.download(packages):
            if not archive.name.startswith(tuple(without)):
                unpack(archive, into)


class Workshop:
    """apt with its own state: entered it is an empty folder with a configuration, left it is gone."""

    def __init__(self, folder: Path, suite: str, *, expired: bool = False) -> None:
        self.folder = folder
        self.suite = suite
        self.expired = expired

    def __enter__(self) -> Workshop:
        shutil.rmtree(self.folder, ignore_errors=True)
        for name in ("sources", "state/lists/partial", "cache/archives/partial"):
            (self.folder / name).mkdir(parents=True)
        (self.folder / "status").touch()
        archive = main_archive(sources(SOURCES), codename())
        (self.folder / "sources" / "archive.sources").write_text(stanza(archive, self.suite))
        (self.folder / "apt.conf").write_text(self._configuration())
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def update(self) -> None:
        """Fetch the suite's index."""
        self._apt("update", f"the index of {self.suite} could not be fetched")

    def download(self, packages: Sequence[str]) -> list[Path]:
        """Fetch the packages and their dependencies; gives the .deb files."""
        failure = f"{', '.join(packages)} could not be fetched from {self.suite}"
        self._apt("install", failure, "--yes", "--no-install-recommends", "--download-only", *packages)
        return sorted((self.folder / "cache/archives").glob("*.deb"))

    def _apt(self, verb: str, failure: str, *arguments: str) -> None:
        done = _run(["apt-get", "-q", verb, *arguments], self._environment(), self.folder)
        if done.returncode != 0:
            said = [line for line in done.stderr.splitlines() if line[:2] in ("E:", "W:")] or [
                done.stderr.strip()
            ]
            raise Unavailable(f"{failure}; apt says:\n  " + "\n  ".join(said[-6:]))

    def _environment(self) -> Mapping[str, str]:
        return {**os.environ, **ENGLISH, "APT_CONFIG": str(self.folder / "apt.conf")}

    def _configuration(self) -> str:
        """What APT_CONFIG names: it is read before /etc/apt/apt.conf.d and can switch that off.

        A hook of the system (a desktop's package list, a clean-up of the system's cache) must not run here.
        Its proxies and certificates are carried over: the archive may be reachable through them only.
        """
        dump = _run(["apt-config", "dump"], {**os.environ, **ENGLISH}, self.folder)
        carried = [line for line in dump.stdout.splitlines() if line.startswith("Acquire::")]
        folder = self.folder
        settings = {
            "Dir::State": folder / "state",
            "Dir::State::status": folder / "status",
            "Dir::Cache": folder / "cache",
            "Dir::Log": folder,
            "Dir::Etc::sourcelist": "/dev/null",
            "Dir::Etc::sourceparts": folder / "sources",
            "Dir::Etc::parts": "/dev/null",
            "Dir::Etc::main": "/dev/null",
            "Dir::Etc::preferences": "/dev/null",
            "Dir::Etc::preferencesparts": "/dev/null",
            "APT::Architecture": architecture(),
            # The user `_apt` cannot reach a folder in somebody's home; signatures are checked all the same.
            "APT::Sandbox::User": "root",
            "APT::Update::Error-Mode": "any",
            "Acquire::Languages": "none",
            "Acquire::Retries": "3",
            "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled": "false",
            **({"Acquire::Check-Valid-Until": "false"} if self.expired else {}),
        }
        own = [f'{name} "{value}";' for name, value in settings.items()]
        return "\n".join([*carried, *own, 'APT::Architectures { "' + architecture() + '"; };', ""])


def stanza(archive: Source, suite: str) -> str:
    """A deb822 source for another suite of the same archive, with the same trust."""
    uri = archive.uri.replace(
        "file:", "copy:", 1
    )  # apt leaves the packages of a `file:` archive where they are
    lines = ["Types: deb", f"URIs: {uri}", f"Suites: {suite}", "Components: main"]
    if archive.signed_by:
        lines.append(f"Signed-By: {archive.signed_by}")
    if archive.trusted:
        lines.append(f"Trusted: {archive.trusted}")
    return "\n".join(lines) + "\n"


def architecture() -> str:
    """dpkg's name for this machine, such as `amd64`."""
    done = _run(["dpkg", "--print-architecture"], {**os.environ, **ENGLISH}, Path("/"))
    return done.stdout.strip()


def unpack(archive: Path, into: Path) -> None:
    """A package's files into a folder, without its scripts, manuals and translations."""
    for name in MERGED:  # older packages still ship /lib: let it land where the merged layout has it
        if not (into / name).is_symlink():
            (into / "usr" / name).mkdir(parents=True, exist_ok=True)
            (into / name).symlink_to(f"usr/{name}")
    excluded = " ".join(f"--exclude=./usr/share/{name}" for name in UNREAD)
    command = (
        f"set -o pipefail; dpkg-deb --fsys-tarfile {shlex.quote(str(archive))} | "
        f"tar -x --keep-directory-symlink --no-same-owner {excluded} -C {shlex.quote(str(into))}"
    )
    done = _run(["bash", "-c", command], {**os.environ, **ENGLISH}, into)
    if done.returncode != 0:
        raise Unavailable(f"{archive.name} could not be unpacked: {done.stderr.strip()}")
    archive.unlink()


def _run(
    argv: Sequence[str], environment: Mapping[str, str], folder: Path
) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            argv,
            env=environment,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError as missing:
        raise Unavailable(f"{argv[0]} is not on this machine: install the missing tool by hand") from missing
