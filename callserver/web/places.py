"""Which city or region a number is from: a table of prefixes, made once by a process of its own.

In: the site's country; E.164 numbers. Out: names in English and Chinese. Must not know: callers. `phonenumbers` has the
places of the whole world in 100 MB and reads them in a second; of one country's prefixes and a name for each, two
megabytes are left. The table is asked for by the first number: before it is there, nobody knows where a number is from.
"""

from __future__ import annotations

import asyncio
import sys
from array import array
from bisect import bisect_left

import orjson
import structlog

log = structlog.get_logger(__name__)

_DEADLINE_S = 60.0
# Run by a process that ends at once, and with us, however we end (PR_SET_PDEATHSIG); its output is one line of names,
# and an array each of prefixes and places in them.
_MADE = """
import contextlib, ctypes, json, sys, os
from array import array
with contextlib.suppress(AttributeError, OSError):
    ctypes.CDLL(None).prctl(1, 9)
os.nice(10)
import phonenumbers
from phonenumbers.geodata import GEOCODE_DATA
code = str(phonenumbers.country_code_for_region(sys.argv[1].upper()))
names, known, prefixes, places = [], {}, array("Q"), array("I")
for prefix in sorted((int(one) for one in GEOCODE_DATA if one.startswith(code))):
    said = {one: GEOCODE_DATA[str(prefix)][one] for one in ("en", "zh") if one in GEOCODE_DATA[str(prefix)]}
    if said:
        text = json.dumps(said)
        if text not in known:
            known[text] = len(names)
            names.append(said)
        prefixes.append(prefix)
        places.append(known[text])
sys.stdout.buffer.write(json.dumps([len(prefixes), names]).encode() + b"\\n" + prefixes.tobytes() + places.tobytes())
"""


class Places:
    """The table, filled when it is first asked for. One a process."""

    def __init__(self, country: str) -> None:
        self._country = country
        self._names: list[dict[str, str]] = []
        self._prefixes: array[int] = array("Q")
        self._places: array[int] = array("I")
        self._filling: asyncio.Task[None] | None = None

    def of(self, e164: str) -> dict[str, str] | None:
        """`{"en": "Qingdao, Shandong", "zh": "山东省青岛市"}`; None where nobody knows. From within a running loop."""
        if self._filling is None:
            self._filling = asyncio.create_task(self._fill(), name="places of numbers")
        for length in range(min(len(e164), 12), 2, -1):
            prefix = int(e164[1:length])
            at = bisect_left(self._prefixes, prefix)
            if at < len(self._prefixes) and self._prefixes[at] == prefix:
                return self._names[self._places[at]]
        return None

    async def filled(self) -> None:
        """Until the table is there, or is known not to come."""
        if self._filling is not None:
            await self._filling

    async def close(self) -> None:
        """Wait for no table any more."""
        if self._filling is not None:
            self._filling.cancel()
            await asyncio.wait([self._filling])

    async def _fill(self) -> None:
        try:
            async with asyncio.timeout(_DEADLINE_S):
                told = await _asked(self._country)
        except (OSError, TimeoutError, ValueError) as error:
            log.warning("places of numbers are not known", why=str(error) or type(error).__name__)
            return
        head, _, tables = told.partition(b"\n")
        many, names = orjson.loads(head)
        prefixes, places = array("Q"), array("I")
        prefixes.frombytes(tables[: many * prefixes.itemsize])
        places.frombytes(tables[many * prefixes.itemsize :])
        self._names, self._prefixes, self._places = names, prefixes, places


async def _asked(country: str) -> bytes:
    """What the other process says. Raises OSError, ValueError where it fails."""
    pipe = asyncio.subprocess.PIPE
    other = await asyncio.create_subprocess_exec(
        sys.executable, "-I", "-c", _MADE, country, stdin=asyncio.subprocess.DEVNULL, stdout=pipe, stderr=pipe
    )
    try:
        told, said = await other.communicate()
    except asyncio.CancelledError:
        other.kill()
        await other.wait()
        raise
    if other.returncode:
        raise ValueError(said.decode(errors="replace").strip().rpartition("\n")[2])
    return told
