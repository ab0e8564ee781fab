"""The command line: argv -> settings -> what was asked for.

In: argv, the environment, files. Out: text or JSON on standard output, messages on standard error, an exit
code (see `ending`). Must not know: how anything is done; each command hands over to a room. Rooms are
imported inside the commands: `callserver --help` and completion stay quick.
"""

from __future__ import annotations

from callserver.cli.commands import app, main

__all__ = ["app", "main"]
