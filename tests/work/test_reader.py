"""The process that reads a list."""

from __future__ import annotations

import subprocess
import sys

_GREEDY = "from callserver.work.reader import bounded; bounded(); bytearray(5 << 30)"


def test_what_unpacks_to_gigabytes_ends_where_it_is_read() -> None:
    done = subprocess.run([sys.executable, "-c", _GREEDY], capture_output=True, text=True, check=False)
    assert (done.returncode, "MemoryError" in done.stderr) == (1, True), done.stderr
