"""Writes the golden facts beside every trace: `python -m tests.calls.golden [22/abandoned-waiting ...]`.

Read the difference before you commit it: a golden file is what we say happened.
"""

from __future__ import annotations

import sys

from .traces import in_words, told, trace, traces


def main(names: list[str]) -> None:
    for known in [trace(name) for name in names] or traces():
        known.path.with_suffix(".golden").write_text(
            "\n".join(in_words(told(known.events()))) + "\n", "utf-8"
        )
        print(known.name)


if __name__ == "__main__":
    main(sys.argv[1:])
