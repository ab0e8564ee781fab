"""The measurements run, and count the right things. How fast is for `make bench` to say, not for a test."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pytest

from bench import __main__ as program
from bench import ami, day, peers, resync, stream
from bench.figures import Figure, Goal, Scale, in_turns, ratio, table
from callserver.ami import events, wire
from callserver.calls.floor import Floor

QUICK = Scale(repetitions=1, quick=True)


def block(*, filtered: bool, amount: int = 600) -> list[bytes]:
    return list(next(iter(stream.blocks(filtered=filtered, events=amount, block=amount))))


@pytest.mark.parametrize("filtered", [True, False], ids=["filtered", "unfiltered"])
def test_every_contestant_finds_every_message(filtered: bool) -> None:
    messages = block(filtered=filtered)
    chunks = stream.chunked(messages, 1000)
    assert peers.splitting(chunks) == len(messages)
    assert peers.panoramisk(chunks) == len(messages)
    assert peers.asterisk_ami(chunks) == len(messages)


def test_the_stream_is_the_same_every_time() -> None:
    assert block(filtered=True) == block(filtered=True)


def test_no_channel_of_the_stream_comes_twice_and_time_goes_on() -> None:
    heard = [
        item for item in wire.read(block(filtered=True, amount=3000)) if not isinstance(item, wire.Reply)
    ]
    born = [event.channel.uniqueid for event in heard if isinstance(event, events.Newchannel)]
    assert len(born) > 50
    assert len(set(born)) == len(born)
    instants = [event.at for event in heard if event.at is not None]
    assert instants == sorted(instants)


def test_calls_of_the_stream_come_to_their_end() -> None:
    floor, outcomes = Floor(ami.PBX), set()
    for event in ami.events(block(filtered=True, amount=4000)):
        floor.feed(event)
    outcomes = {record.outcome for record in floor.scene.book.records.values() if not record.open}
    assert {"answered", "abandoned"} <= outcomes
    assert floor.surprises < 20


def test_the_synthetic_switch_has_as_many_calls_as_were_asked_for() -> None:
    floor = Floor(ami.PBX)
    floor.resync(resync.seen(resync.answers(40)))
    calls = floor.calls()
    assert len(calls) == 40
    assert {len(record.legs) for record in calls} == {2}
    assert sum(record.outcome == "answered" for record in calls) == 28


@pytest.mark.parametrize("measurement", [ami, resync, day], ids=["ami", "resync", "day"])
def test_a_quick_measurement_gives_figures(measurement: object) -> None:
    figures: list[Figure] = measurement.measure(QUICK)  # type: ignore[attr-defined]
    assert figures
    assert all(figure.ratio > 0 for figure in figures)


def test_the_contestants_take_turns_and_none_is_always_first() -> None:
    order: list[str] = []
    in_turns({name: partial(order.append, name) for name in "abc"}, 3)
    assert "".join(order) == "abcbcacab"


def test_a_ratio_is_the_median_of_the_repetitions_own() -> None:
    assert ratio([2.0, 20.0, 3.0], [1.0, 10.0, 1.0]) == 2.0


def test_a_goal_missed_is_said_and_written() -> None:
    figure = Figure(
        name="memory",
        unit="MB",
        ours=2.2,
        beside="before",
        theirs=2.0,
        ratio=1.1,
        goal=Goal(ratio=1.05, at_most=True),
    )
    assert "<= 1.05  NO" in table([figure])
    assert figure.to_json()["met"] is False


def test_figures_are_written_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert program.main(["resync", "--quick", "--json", str(tmp_path / "figures.json")]) == 0
    written = json.loads((tmp_path / "figures.json").read_text("utf-8"))
    assert written["quick"] is True
    assert len(written["figures"]) == 3
    assert "the figures mean nothing" in capsys.readouterr().out


def test_an_unknown_measurement_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        program.main(["speed"])
    assert "no measurement 'speed'" in capsys.readouterr().err
