"""What the description of the stream allows, to the letter: for whatever makes a message to be held against.

In: the description. Out: a judge for each message, and one for a value as its collection has it. Must not know: who
sends.
"""

from __future__ import annotations

from typing import Any

import jsonschema_rs

from callserver.push.description import document

DOCUMENT = document()


def _closed(schema: Any) -> Any:
    """The schema, with no member left over."""
    if isinstance(schema, list):
        return [_closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {name: _closed(one) for name, one in schema.items()}
    return closed | ({"additionalProperties": False} if "properties" in schema else {})


CLOSED = _closed(DOCUMENT["components"]["schemas"])
FITS = {
    one["name"]: jsonschema_rs.validator_for(
        {**one["payload"], "components": {"schemas": CLOSED}}, validate_formats=True
    )
    for one in DOCUMENT["components"]["messages"].values()
}


def fits(type: str, value: Any) -> None:
    """Raises where a value of this collection is not what the description says."""
    FITS[type].validate({"type": type, "seq": 1, "key": "one", "value": value})
