"""The command line as a whole: help that teaches, exit codes that mean something, no traceback."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from callserver import errors
from callserver.cli.ending import MEANING, Ending, ending_of
from tests.cli.conftest import TRACES, Command

COMMANDS = [
    "serve",
    "replay",
    "tail",
    "reconcile",
    "number",
    "version",
    "asterisk render",
    "asterisk check",
    "trace scrub",
    "trace info",
    "db upgrade",
    "db check",
    "tickets list",
    "tickets show",
    "tickets note",
    "tickets close",
    "config check",
    "config show",
    "config example",
    "db dead",
    "db again",
    "customers import",
    "customers export",
    "customers show",
    "customers find",
    "customers history",
    "customers merge",
    "customers unmerge",
    "customers split",
    "token create",
    "token list",
    "token revoke",
    "webhooks add",
    "webhooks list",
    "webhooks test",
    "webhooks pause",
    "webhooks resume",
    "webhooks rotate",
    "webhooks remove",
    "webhooks dead",
    "webhooks resend",
    "webhooks drop",
    "privacy show",
    "privacy export",
    "privacy erase",
    "privacy wipe",
    "privacy retention",
    "audit verify",
    "audit list",
    "audit export",
]


def test_help_names_every_command_and_exit_code(callserver: Command) -> None:
    said = callserver("--help")
    assert said.code == 0
    for command in COMMANDS:
        assert command.split()[0] in said.out
    for ending in Ending:
        assert re.search(rf"^ {ending.value} \w", said.out, re.MULTILINE), ending


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(callserver: Command, command: str) -> None:
    said = callserver(*command.split(), "-h")
    assert said.code == 0
    assert command == "version" or "xample" in said.out


def test_the_documents_and_the_codes_agree() -> None:
    text = (Path(__file__).parents[2] / "docs" / "cli.md").read_text("utf-8")
    for ending, meaning in MEANING.items():
        assert f"| {ending.value} | {meaning} |" in text
    for command in COMMANDS:
        beside_another = f", `{command.split()[-1]} "  # `callserver webhooks pause ID`, `resume ID`
        assert f"callserver {command}" in text or beside_another in text, command


@pytest.mark.parametrize(
    "arguments", [("rplay",), ("replay",), ("replay", "--nothing", "x"), ("tail", "--since", "soon")]
)
def test_a_wrong_command_line_ends_with_2(
    callserver: Command, settings: Path, arguments: tuple[str, ...]
) -> None:
    said = callserver(*arguments)
    assert said.code == 2
    assert "Traceback" not in said.err


def test_a_wrong_setting_ends_with_3_and_one_line_each(callserver: Command, tmp_path: Path) -> None:
    (tmp_path / "callserver.toml").write_text('[web]\nprot = 1\n[log]\nlevel = "loud"\n')
    said = callserver("config", "check")
    assert said.code == 3
    lines = said.err.splitlines()
    assert len(lines) == 2
    assert all(line.startswith("callserver: callserver.toml: ") for line in lines)


def test_serve_without_an_asterisk_says_how_to_begin(callserver: Command) -> None:
    said = callserver("serve")
    assert said.code == 3
    assert "callserver config example" in said.err


@pytest.mark.parametrize(
    ("error", "ending"),
    [
        (errors.SettingsError("x"), 3),
        (errors.LoginRefused("x"), 4),
        (errors.LinkDown("x"), 4),
        (errors.SchemaTooNew("x"), 5),
        (errors.StoreFull("x"), 5),
        (errors.JournalUnreadable("x"), 6),
        (OSError("x"), 7),
        (errors.UnsafeValue("x"), 2),
        (KeyboardInterrupt(), 130),
        (RuntimeError("x"), 70),
    ],
)
def test_each_kind_of_error_has_its_code(error: BaseException, ending: int) -> None:
    assert ending_of(error) == ending


def test_the_version_is_told(callserver: Command) -> None:
    assert callserver("--version").out.startswith("callserver 0")
    (told,) = callserver("version", "--json").json
    assert told.keys() >= {"callserver", "python", "panoramisk"}


def test_a_reader_that_has_enough_is_no_error(callserver: Command) -> None:
    root = Path(__file__).parents[2]
    trace = TRACES / "same-second-burst.ami"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", f"{sys.executable} -m callserver replay --facts {trace} | head -1"],
        capture_output=True,
        cwd=root,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.count(b"\n") == 1


def test_output_that_is_no_terminal_has_no_colours(callserver: Command) -> None:
    assert "\x1b" not in callserver("--help").out
    assert "\x1b" not in callserver("rplay").err


def test_completion_is_offered_for_bash() -> None:
    """Asked as a shell asks, by a variable: `--show-completion` looks at which shell runs it, make's is none."""
    done = subprocess.run(
        [Path(sys.executable).with_name("callserver")],
        env={**os.environ, "_CALLSERVER_COMPLETE": "source_bash"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0
    assert "complete -o default -F _callserver_completion callserver" in done.stdout


def test_a_name_that_the_terminal_cannot_show_is_spelled_out() -> None:
    said = subprocess.run(
        [sys.executable, "-m", "callserver", "number", "王"],
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (said.returncode, said.stderr) == (1, b"")
    assert b"\\u738b" in said.stdout
