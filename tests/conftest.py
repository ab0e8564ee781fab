"""What every test may ask for: the real programs, and a world left as it was found.

A missing program skips a test on somebody's machine and fails it under CI. After the last test nothing that
the tests started may run any more and, under CI, no file may be left: elsewhere somebody may be writing one.

The whole suite runs in several processes, a module in one of them: what its tests share is started once.
"""

import logging
import os
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
import structlog
from hypothesis import settings

from tests.rig import postgres, provision
from tests.rig.debian import Unavailable

ROOT = Path(__file__).resolve().parents[1]
MARK = "CALLSERVER_TEST_SESSION"
GRACE_S = 30.0
LONG = (
    "tests/work/test_landing",
    "tests/work/test_importing",
    "tests/work/test_webhooks",
    "tests/real/",
    "tests/browser/",
)
FILES = pytest.StashKey[set[str]]()
LEFT = pytest.StashKey[list[str]]()
Found = TypeVar("Found")

# Everything else stays as it was chosen, by Hypothesis itself under CI; a slow machine is no fault of the code.
settings.register_profile("untimed", settings.get_profile(settings.get_current_profile_name()), deadline=None)
settings.load_profile("untimed")


def needed(find: Callable[[], Found]) -> Found:
    """What `find` gives, or the test ends here: failed under CI, else skipped with the reason."""
    try:
        return find()
    except Unavailable as missing:
        reason = str(missing)
    if os.environ.get("CI"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def asterisk_22() -> provision.Switch:
    """A real Asterisk: the machine's own (18 or newer) or Debian's 22."""
    return needed(provision.asterisk)


@pytest.fixture(scope="session")
def asterisk_16() -> provision.Switch:
    """A real Asterisk 16: the oldest that we attach to."""
    return needed(lambda: provision.asterisk(16))


@pytest.fixture(scope="session")
def sipp() -> list[str]:
    """The command that customers and agents' phones are made of."""
    return needed(provision.sipp)


@pytest.fixture(scope="session")
def chromium() -> provision.Browser:
    """A real browser."""
    return needed(provision.chromium)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """`postgresql+asyncpg://...` of a server of this session; its user may create databases."""
    server = postgres.running()
    try:
        yield needed(server.__enter__).url
    finally:
        server.__exit__(None, None, None)


@pytest.fixture
def logging_as_it_was() -> Iterator[None]:
    """Whatever the test does to the process's logging is undone."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture(scope="session", autouse=True)
def nothing_left_running() -> Iterator[None]:
    """Set up first and torn down last: what the tests of this process started has ended.

    Processes are known by a variable that every one started from here inherits, even when its parent is gone.
    """
    os.environ[MARK] = uuid.uuid4().hex
    yield
    left = still_running(os.environ.pop(MARK))
    assert not left, "still running after the last test:\n" + "\n".join(left)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes minutes begins first: begun last, it would keep one process busy while others have nothing left."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONG))


def pytest_sessionstart(session: pytest.Session) -> None:
    """Where several processes share the tests, the one that hands them out looks after the files."""
    if not hasattr(session.config, "workerinput"):
        session.config.stash[FILES] = files_about()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Under CI, what was written must be gone: else all of it has failed."""
    before = session.config.stash.get(FILES, None)
    if before is None or not os.environ.get("CI"):
        return
    if written := sorted(files_about() - before):
        session.config.stash[LEFT] = written
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Which files those are."""
    if written := config.stash.get(LEFT, []):
        terminalreporter.section("left behind by the tests", red=True)
        terminalreporter.write("\n".join(written) + "\n")


def files_about() -> set[str]:
    """What is new or changed in the tree, as git says, and our folders among the temporary ones."""
    said = subprocess.run(
        ["git", "status", "--porcelain", "--untracked-files=all"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    return {*said.splitlines(), *map(str, Path(tempfile.gettempdir()).glob("callserver-*"))}


def still_running(mark: str, grace_s: float = GRACE_S) -> list[str]:
    """Processes of this session, after a moment for those that are about to end."""
    deadline = time.monotonic() + grace_s
    while (left := list(_marked(mark))) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left


def _marked(mark: str) -> Iterator[str]:
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if f"{MARK}={mark}".encode() in (process / "environ").read_bytes().split(b"\0"):
                command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                yield f"{process.name}: {command}"
        except OSError:  # ended meanwhile, or not ours to read
            continue
