"""The command as a person runs it: argv in, lines and an exit code out."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from callserver.cli import app

TRACES = Path(__file__).parents[1] / "traces" / "22"


@dataclass(frozen=True)
class Said:
    """What a run gave."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


Command = Callable[..., Said]


@pytest.fixture
def callserver(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    logging_as_it_was: None,  # `serve` routes all logging to an error output that is this test's alone
) -> Command:
    """Run `callserver ARGUMENTS` in a folder of its own, with no settings but those the test lays there.

    In this process, because starting a new one for each line takes a second; standard input, output and
    error are the real file descriptors all the same.
    """
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("TERM", "dumb")
    for name in [name for name in os.environ if name.startswith("CALLSERVER_")]:
        if not name.startswith("CALLSERVER_TEST_"):
            monkeypatch.delenv(name)

    def run(*arguments: str | Path, input: bytes = b"", **environ: str) -> Said:
        capfd.readouterr()
        with monkeypatch.context() as patch, standard_input(tmp_path / ".stdin", input):
            for name, value in environ.items():
                patch.setenv(name, value)
            code = ended([str(argument) for argument in arguments])
        said = capfd.readouterr()
        return Said(code, said.out, said.err)

    return run


def ended(arguments: list[str]) -> int:
    """The exit code of the command."""
    try:
        _command()(arguments, prog_name="callserver")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


@cache
def _command() -> Callable[..., object]:
    """Made once: each call of `app` makes all of its commands anew, a fifth of a second of work."""
    return get_command(app)


@contextmanager
def standard_input(path: Path, content: bytes) -> Iterator[None]:
    """File descriptor 0 reads this."""
    path.write_bytes(content)
    before = os.dup(0)
    with path.open("rb") as file:
        os.dup2(file.fileno(), 0)
    try:
        yield
    finally:
        os.dup2(before, 0)
        os.close(before)
        path.unlink()


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    """A settings file with one Asterisk whose journals are those of a recorded trace."""
    path = tmp_path / "callserver.toml"
    journals = TRACES / "answered-caller-ends"
    path.write_text(
        f'[[asterisk]]\nid = "main"\nsecret_file = "ami.secret"\ntrunks = ["PJSIP/trunk"]\nport = 1\n'
        f'queue_log = "{journals}.queue_log"\ncel = "{journals}.cel.csv"\n'
    )
    (tmp_path / "ami.secret").write_text("s3cret")
    path.chmod(0o600)
    (tmp_path / "ami.secret").chmod(0o600)
    return path
