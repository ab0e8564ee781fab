"""What a setting was before a change and after it, as the audit keeps it: only where the two differ, field by field.

In: a setting as JSON before and after. Out: the part of a note's detail that says so. Must not know: what is set. Only
for what administrators set: never for a customer's record, whose values the audit must not hold, and never for secrets.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final

from callserver.store.text import dump

MOST: Final = 100
"""Fields that one line tells of."""
LONGEST: Final = 500
"""Characters of a value; of a longer one the beginning is kept, with a mark."""
CUT: Final = "…"
NOTHING: Final[Mapping[str, Any]] = {}
_NAMES = ("name", "queue", "kind", "code")


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """`{"changed": {"hours.holidays": ["closed", "as_usual"]}}`; what was not there, or is not any more, is null.

    Of something new `before` is `NOTHING`, of something removed `after`. Lists whose parts have a name of their own are
    compared part by part (`fields[fault_code].title.en`), others as a whole.
    """
    old, new = dict(_leaves("", before)), dict(_leaves("", after))
    paths = (path for path in {**old, **new} if old.get(path) != new.get(path))
    return {"changed": {path: [_kept(old.get(path)), _kept(new.get(path))] for path in islice(paths, MOST)}}


def _leaves(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    named = _named(value) if isinstance(value, list | tuple) else None
    if isinstance(value, Mapping) and (value or not path):
        for name, one in value.items():
            yield from _leaves(f"{path}.{name}" if path else name, one)
    elif named:
        for name, one in named:
            yield from _leaves(f"{path}[{name}]", one)
    else:
        yield path, list(value) if isinstance(value, tuple) else value


def _named(parts: Sequence[Any]) -> list[tuple[str, Any]] | None:
    """The parts by their names; None where they have none, or share one."""
    if not parts or not all(isinstance(part, Mapping) for part in parts):
        return None
    for key in _NAMES:
        names = [part.get(key) for part in parts]
        if all(isinstance(name, str) for name in names) and len(set(names)) == len(names):
            return [(name, part) for name, part in zip(names, parts, strict=True) if isinstance(name, str)]
    return None


def _kept(value: Any) -> Any:
    text = value if isinstance(value, str) else dump(value)
    return value if len(text) <= LONGEST else text[:LONGEST] + CUT
