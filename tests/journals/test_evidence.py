"""Whether a call of ours was ever on the switch, by a CEL file on disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from callserver.facts import LegId
from callserver.journals.evidence import UNKNOWN, Evidence, evidence
from callserver.journals.reading import Journals

from .words import PBX

T0 = 1_795_296_000
OURS = LegId("callserver-7")


def line(event: str, at: int, leg: str = OURS, extra: str = "") -> str:
    fields = [event, f"{at}.000000", "", "02012345678", "", "", "", "s", "callserver-promise-queue"]
    fields += ["PJSIP/trunk-00000001", "AppDial2", "(Outgoing Line)", "3", "", leg, leg, "", "", "", extra]
    return ",".join(f'"{field.replace(chr(34), chr(34) * 2)}"' for field in fields)


def found(tmp_path: Path, *lines: str, sent_at: int = T0 * 1000) -> Evidence:
    cel = tmp_path / "callserver.csv"
    cel.write_text("".join(one + "\n" for one in lines), encoding="utf-8")
    return evidence(Journals(pbx=PBX, cel=cel), OURS, sent_at)


EARLIER = line("CHAN_START", T0 - 3600, "1.0")
BUSY = '{"hangupcause":17,"hangupsource":"","dialstatus":""}'


def test_a_channel_that_was_never_there_is_evidence_in_a_journal_that_goes_back_far_enough(
    tmp_path: Path,
) -> None:
    assert found(tmp_path, EARLIER) == Evidence(kind="not_there")
    assert found(tmp_path, EARLIER, line("CHAN_START", T0 + 1, "callserver-70")) == Evidence(kind="not_there")


def test_a_channel_that_was_there_rang_and_its_end_is_told(tmp_path: Path) -> None:
    begun = line("CHAN_START", T0 + 1)
    assert found(tmp_path, EARLIER, begun) == Evidence(kind="rang")
    assert found(tmp_path, EARLIER, begun, line("ANSWER", T0 + 3)) == Evidence(kind="rang", answered=True)
    assert found(tmp_path, EARLIER, begun, line("HANGUP", T0 + 3, extra=BUSY)) == Evidence(
        kind="rang", cause=17
    )


def test_the_clocks_of_switch_and_database_may_differ_by_minutes(tmp_path: Path) -> None:
    assert found(tmp_path, EARLIER, line("CHAN_START", T0 - 300)).kind == "rang"


@pytest.mark.parametrize("lines", [(), (line("CHAN_START", T0 + 60, "1.0"),), ("rubbish",)])
def test_a_journal_that_begins_later_cannot_tell(tmp_path: Path, lines: tuple[str, ...]) -> None:
    assert found(tmp_path, *lines) == UNKNOWN


def test_no_journal_and_one_that_cannot_be_read_cannot_tell(tmp_path: Path) -> None:
    assert evidence(Journals(pbx=PBX), OURS, T0 * 1000) == UNKNOWN
    assert evidence(Journals(pbx=PBX, cel=tmp_path / "none"), OURS, T0 * 1000) == UNKNOWN
    assert evidence(Journals(pbx=PBX, cel=tmp_path), OURS, T0 * 1000) == UNKNOWN
