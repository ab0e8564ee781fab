"""Makes `.venv` and `.local` from Python 3.11 and apt alone; a second run does nothing and needs no network.

In: requirements-dev.lock, pyproject.toml and this machine. Out: `.venv/` with exactly the locked packages and
callserver itself, and the programs of tests/rig/provision.py. Only the standard library. The stamp in `.venv`
says what it was made from, so that a changed lock file is noticed.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import re
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
if sys.version_info < (3, 11):  # noqa: UP036 (this file is run by whatever Python the machine has)
    sys.exit(f"set-up failed: Python 3.11 or newer is needed, {sys.executable} is {sys.version.split()[0]}")
sys.path.insert(0, str(ROOT))

from tests.rig import debian, provision  # noqa: E402

LOCK = ROOT / "requirements-dev.lock"
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / ".made-from"


def main() -> int:
    """Set up what is missing; 1 when tests or demo would lack something."""
    provision.LOCAL.mkdir(exist_ok=True)
    with (provision.LOCAL / "setup.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        # The two halves do not need each other: the programs are fetched while pip works.
        with subprocess.Popen([sys.executable, "-m", "tests.rig.provision"], cwd=ROOT) as programs:
            try:
                make_environment()
            except subprocess.CalledProcessError:
                return _refuse(
                    "pip could not install the packages (its own words are above); it needs its index once"
                )
            except (debian.Unavailable, OSError, ValueError) as reason:
                return _refuse(str(reason))
    missing = programs.returncode
    if missing and not os.environ.get("CI"):
        _say("set-up: goes on with what is there; what needs the missing programs is skipped or says so")
        return 0
    return missing


def make_environment() -> None:
    """`.venv` as the lock file says, unless it is already."""
    made_from = fingerprint()
    if STAMP.is_file() and STAMP.read_text() == made_from and PYTHON.exists():
        return
    began = time.monotonic()
    STAMP.unlink(missing_ok=True)
    if not PYTHON.exists() or not _runs([str(PYTHON), "-m", "pip", "--version"]):
        _say(f".venv: making it with Python {sys.version.split()[0]} ...")
        make_bare_environment()
    _say(f".venv: installing the packages of {LOCK.name} (about a minute, once) ...")
    _renew_pip()
    _pip("--require-hashes", "--requirement", str(LOCK))
    _pip("--no-deps", "--no-build-isolation", "--editable", str(ROOT))
    STAMP.write_text(made_from)
    _say(f".venv: done in {time.monotonic() - began:.0f} s")


def fingerprint() -> str:
    """What `.venv` depends on: the lock, the project's metadata, the Python, and where it lies."""
    said = hashlib.sha256()
    for part in (
        LOCK.read_bytes(),
        (ROOT / "pyproject.toml").read_bytes(),
        sys.version.encode(),
        bytes(VENV),
    ):
        said.update(hashlib.sha256(part).digest())
    return said.hexdigest()


def make_bare_environment() -> None:
    """A virtual environment with pip.

    Debian's Python comes without ensurepip: pip is then taken from Debian's own wheel package, unpacked into
    `.local/`, so that neither root nor python3-venv is needed.
    """
    if importlib.util.find_spec("ensurepip"):
        venv.EnvBuilder(clear=True, symlinks=True, with_pip=True).create(VENV)
        return
    wheels = provision.prefix_of(
        "pip", lambda into: debian.fetch(["python3-pip-whl"], debian.codename(), into)
    )
    wheel = next(wheels.glob("usr/share/python-wheels/pip-*.whl"))
    venv.EnvBuilder(clear=True, symlinks=True, with_pip=False).create(VENV)
    _run([str(PYTHON), f"{wheel}/pip", "install", "--quiet", "--no-index", str(wheel)])


def _renew_pip() -> None:
    """Debian's pip is slow with long lists of files: the locked one does the work."""
    locked = re.search(r"^pip==.*\n(?: .*\n)*", LOCK.read_text(), flags=re.MULTILINE)
    if locked is None:
        raise ValueError(f"{LOCK.name} has no pip")
    with tempfile.NamedTemporaryFile("w", suffix=".lock") as alone:
        alone.write(locked[0])
        alone.flush()
        _pip("--require-hashes", "--requirement", alone.name)


def _pip(*arguments: str) -> None:
    _run([str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *arguments])


def _run(argv: list[str]) -> None:
    # What is ignored is the build backend's advice on editable installs.
    environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
    subprocess.run(argv, check=True, stdin=subprocess.DEVNULL, cwd=ROOT, env=environment)


def _runs(argv: list[str]) -> bool:
    return subprocess.run(argv, capture_output=True, stdin=subprocess.DEVNULL, check=False).returncode == 0


def _refuse(why: str) -> int:
    _say(f"set-up failed: {why}")
    return 1


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
