"""Tones of a few countries, as indications.conf wants them (frequency in Hz / duration in ms).

Flows in: nothing. Flows out: one table. Must not know: the plan. Figures: ITU-T E.180 national tables.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Tones:
    """What one country's telephone network sounds like; elements are `frequency[+frequency][/milliseconds]`."""

    description: str
    ringcadence: str
    dial: str
    busy: str
    ring: str
    congestion: str
    callwaiting: str
    dialrecall: str
    record: str
    info: str
    stutter: str


COUNTRIES: Final[Mapping[str, Tones]] = {
    "cn": Tones(
        description="China",
        ringcadence="1000,4000",
        dial="450",
        busy="450/350,0/350",
        ring="450/1000,0/4000",
        congestion="450/700,0/700",
        callwaiting="450/400,0/4000",
        dialrecall="450",
        record="950/400,0/10000",
        info="450/100,0/100,450/100,0/100,450/100,0/100,450/400,0/400",
        stutter="450+425",
    ),
    "de": Tones(
        description="Germany",
        ringcadence="1000,4000",
        dial="425",
        busy="425/480,0/480",
        ring="425/1000,0/4000",
        congestion="425/240,0/240",
        callwaiting="425/200,0/200,425/200,0/5000",
        dialrecall="425",
        record="1400/80,0/15000",
        info="950/330,1400/330,1800/330,0/1000",
        stutter="425+400",
    ),
    "uk": Tones(
        description="United Kingdom",
        ringcadence="400,200,400,2000",
        dial="350+440",
        busy="400/375,0/375",
        ring="400+450/400,0/200,400+450/400,0/2000",
        congestion="400/400,0/350,400/225,0/525",
        callwaiting="400/100,0/4000",
        dialrecall="350+440",
        record="1400/500,0/60000",
        info="950/330,0/15,1400/330,0/15,1800/330,0/1000",
        stutter="350+440/750,440/750",
    ),
    "us": Tones(
        description="United States",
        ringcadence="2000,4000",
        dial="350+440",
        busy="480+620/500,0/500",
        ring="440+480/2000,0/4000",
        congestion="480+620/250,0/250",
        callwaiting="440/300,0/10000",
        dialrecall="350+440",
        record="1400/500,0/15000",
        info="950/330,1400/330,1800/330,0",
        stutter="350+440/100,0/100",
    ),
}
