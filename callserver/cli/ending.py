"""How a command ends: exit codes that mean something, and one line instead of a traceback.

In: what a command raised. Out: an exit code, a message on standard error. Must not know: any command.
"""

from __future__ import annotations

import os
import sys
import traceback
from enum import IntEnum
from typing import Any

import typer
from typer.core import TyperGroup

from callserver import errors
from callserver.logs import printable


class Ending(IntEnum):
    """What the exit code says; documented in docs/cli.md."""

    OK = 0
    FINDINGS = 1  # it ran, and found something: omitted calls, findings of a check
    USAGE = 2  # the command line is wrong
    SETTINGS = 3
    SWITCH = 4
    DATABASE = 5
    JOURNAL = 6  # queue_log or CEL cannot be read
    FILE = 7  # a file given on the command line cannot be read or written
    SERVER = 8  # of `watch`: it speaks to a callserver
    BUG = 70  # our fault
    INTERRUPTED = 130


MEANING = {
    Ending.OK: "it worked and there is nothing to complain of",
    Ending.FINDINGS: "it worked and found something: omitted calls, differences, findings",
    Ending.USAGE: "the command line is wrong",
    Ending.SETTINGS: "a setting is missing or wrong",
    Ending.SWITCH: "the Asterisk cannot be reached, refuses the login or the action",
    Ending.DATABASE: "the database: unreachable, full, read-only, too old or too new",
    Ending.JOURNAL: "Asterisk's queue_log or CEL cannot be read",
    Ending.FILE: "a file named on the command line cannot be read or written",
    Ending.SERVER: "the callserver cannot be reached, or does not take the token",
    Ending.BUG: "a mistake in callserver; please report it with the traceback",
    Ending.INTERRUPTED: "interrupted (Ctrl-C)",
}

_BY_ERROR: tuple[tuple[type[BaseException], Ending], ...] = (
    (errors.SettingsError, Ending.SETTINGS),
    (errors.SwitchError, Ending.SWITCH),
    (errors.StoreError, Ending.DATABASE),
    (errors.JournalUnreadable, Ending.JOURNAL),
    (errors.UnsafeValue, Ending.USAGE),
    (errors.Refusal, Ending.USAGE),
    (OSError, Ending.FILE),
    (KeyboardInterrupt, Ending.INTERRUPTED),
)


def ending_of(error: BaseException) -> Ending:
    """The exit code for what was raised."""
    return next((ending for kind, ending in _BY_ERROR if isinstance(error, kind)), Ending.BUG)


class Commands(TyperGroup):
    """The command group that turns what was raised into a line and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:  # `callserver tail | head`: the reader has enough
            _swallow_output()
            raise typer.Exit(Ending.OK) from None
        except (errors.CallserverError, OSError, KeyboardInterrupt) as error:
            _say(error)
            raise typer.Exit(ending_of(error)) from None
        except (typer.Exit, typer.Abort):
            raise
        except Exception as error:
            if _is_usage(error):
                raise
            traceback.print_exc()
            raise typer.Exit(Ending.BUG) from None


def _is_usage(error: Exception) -> bool:
    """What the command-line library itself knows how to show has an exit code of its own."""
    return hasattr(error, "exit_code") and hasattr(error, "show")


def _say(error: BaseException) -> None:
    if isinstance(error, KeyboardInterrupt):
        return
    for line in _words(error).splitlines():
        print(f"callserver: {printable(line)}", file=sys.stderr)


def _words(error: BaseException) -> str:
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        return f"{error.filename}: {error.strerror}"
    return str(error) or type(error).__name__


def _swallow_output() -> None:
    """Python flushes standard output once more at exit; into a closed pipe that would be an error."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
