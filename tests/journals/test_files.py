"""A journal's lines, each once and in order, whatever is done to the file meanwhile."""

from __future__ import annotations

import gzip
import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callserver.errors import JournalUnreadable
from callserver.facts import Instant
from callserver.journals.files import Position, Tail, window
from callserver.journals.lines import MAX_LINE


def when(line: str) -> Instant | None:
    stamp = line.partition("|")[0]
    return int(stamp) * 1000 if stamp.isascii() and stamp.isdigit() else None


def line(second: int) -> str:
    return f"{second}|NONE|NONE|NONE|PENALTY|{second}"


def write(path: Path, *seconds: int) -> None:
    with path.open("a") as file:
        file.writelines(line(second) + "\n" for second in seconds)


def lines(*seconds: int) -> tuple[str, ...]:
    return tuple(line(second) for second in seconds)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "queue_log"


def tail(log: Path, position: Position | None = None) -> Tail:
    return Tail(log, position, when=when)


def test_a_missing_file_is_an_empty_one(log: Path) -> None:
    reader = tail(log)
    assert reader.read().lines == ()
    write(log, 1)
    assert reader.read().lines == lines(1)


def test_a_missing_folder_is_an_empty_one(tmp_path: Path) -> None:
    assert tail(tmp_path / "cel-custom" / "callserver.csv").read().lines == ()


def test_reading_goes_on_where_a_stored_position_says(log: Path) -> None:
    write(log, 1, 2)
    first = tail(log)
    assert first.read().lines == lines(1, 2)
    stored = first.position.to_json()
    write(log, 3)
    assert tail(log, Position.from_json(stored)).read().lines == lines(3)


def test_a_half_written_last_line_is_left_for_later(log: Path) -> None:
    write(log, 1)
    with log.open("a") as file:
        file.write("2|NONE")
    reader = tail(log)
    assert reader.read().lines == lines(1)
    with log.open("a") as file:
        file.write("|NONE|NONE|PENALTY|2\n")
    assert reader.read().lines == lines(2)


def test_a_tail_at_the_end_leaves_the_past_alone(log: Path) -> None:
    write(log.with_name("queue_log.1"), 1)
    write(log, 2)
    reader = Tail.at_end(log, when=when)
    write(log, 3)
    assert reader.read().lines == lines(3)


def test_a_tail_at_the_end_of_nothing_reads_all_that_comes(log: Path) -> None:
    reader = Tail.at_end(log, when=when)
    write(log, 1)
    assert reader.read().lines == lines(1)


def test_the_old_file_is_finished_before_the_new_one_begins(log: Path) -> None:
    write(log, 1)
    reader = tail(log)
    reader.read()
    write(log, 2)
    log.rename(log.with_name("queue_log.1"))
    write(log, 3)
    assert reader.read().lines == lines(2, 3)
    write(log, 4)
    assert reader.read().lines == lines(4)


@pytest.mark.parametrize("created", [False, True], ids=["nothing yet", "an empty file"])
def test_a_renamed_file_is_followed_while_the_writer_still_has_it_open(log: Path, created: bool) -> None:
    write(log, 1)
    reader = tail(log)
    reader.read()
    old = log.rename(log.with_name("queue_log-20261121"))
    if created:
        log.touch()
    with old.open("a") as file:
        file.write(line(2)[:4])
    assert reader.read().lines == ()
    with old.open("a") as file:
        file.write(line(2)[4:] + "\n")
    write(log, 3)
    assert reader.read().lines == lines(2, 3)


def test_a_last_line_without_its_end_in_a_finished_file_is_a_line(log: Path) -> None:
    write(log, 1)
    with log.open("a") as file:
        file.write(line(2))
    reader = tail(log)
    assert reader.read().lines == lines(1)
    log.rename(log.with_name("queue_log.1"))
    write(log, 3)
    assert reader.read().lines == lines(2, 3)
    assert reader.read().lines == ()


def test_a_half_line_in_the_new_file_does_not_make_the_old_one_forgotten(log: Path) -> None:
    write(log, 1, 2)
    reader = tail(log)
    reader.read()
    log.rename(log.with_name("queue_log.1"))
    log.write_text("3|NO")
    assert reader.read().lines == ()
    log.write_text(line(3) + "\n")
    assert reader.read().lines == lines(3)


def test_several_rotations_unseen_are_caught_up_in_order(log: Path) -> None:
    write(log, 1)
    reader = tail(log)
    reader.read()
    for second in (2, 3, 4):
        for number in (3, 2, 1):
            old = log.with_name(f"queue_log.{number}")
            if old.exists():
                old.rename(log.with_name(f"queue_log.{number + 1}"))
        log.rename(log.with_name("queue_log.1"))
        write(log, second)
    assert reader.read().lines == lines(2, 3, 4)


def test_order_is_by_time_where_the_highest_number_is_the_newest(log: Path) -> None:
    """Asterisk's `rotatestrategy = sequential` counts upwards."""
    write(log.with_name("queue_log.0"), 1)
    write(log.with_name("queue_log.1"), 2)
    write(log.with_name("queue_log.10"), 3)
    write(log, 4)
    assert tail(log).read().lines == lines(1, 2, 3, 4)


def test_a_rotated_file_may_be_compressed_while_we_are_in_it(log: Path) -> None:
    write(log, *range(1, 40))
    reader = tail(log)
    reader.read()
    write(log, 40)
    log.with_name("queue_log.1.gz").write_bytes(gzip.compress(log.read_bytes()))
    log.unlink()
    write(log, 41)
    assert reader.read().lines == lines(40, 41)


def test_a_file_being_compressed_is_not_read_twice(log: Path) -> None:
    old = log.with_name("queue_log.1")
    write(old, *range(1, 40))
    old.with_name("queue_log.1.gz").write_bytes(gzip.compress(old.read_bytes())[:-30])
    write(log, 40)
    assert tail(log).read().lines == lines(*range(1, 41))


def test_a_damaged_archive_gives_what_can_be_read_of_it(log: Path) -> None:
    rows = random.Random(1).sample(range(10**8, 10**9), 5000)
    text = "".join(line(row) + "\n" for row in rows).encode()
    log.with_name("queue_log.1.gz").write_bytes(gzip.compress(text)[:-2000])
    log.with_name("queue_log.2.bz2").write_bytes(b"BZh9 no archive at all")
    got = list(window(log, 0, 10**15, when))
    assert 100 < len(got) < 5001
    assert got[:-1] == [line(row) for row in rows[: len(got) - 1]]  # the last one is cut


def test_a_file_copied_then_truncated_loses_and_doubles_nothing(log: Path) -> None:
    write(log, *range(1, 20))
    reader = tail(log)
    reader.read()
    write(log, 20)
    copy = log.with_name("queue_log.1")
    copy.write_bytes(log.read_bytes())
    os.truncate(log, 0)
    assert reader.read().lines == lines(20)
    write(log, *range(21, 60))  # longer than before: size alone would not show it
    assert reader.read().lines == lines(*range(21, 60))


def test_between_copy_and_truncation_nothing_is_read_twice(log: Path) -> None:
    write(log, *range(1, 20))
    log.with_name("queue_log.1").write_bytes(log.read_bytes())
    reader = tail(log)
    assert reader.read().lines == lines(*range(1, 20))
    assert list(window(log, 0, 10**6, when)) == list(lines(*range(1, 20)))


def test_a_vanished_file_is_said_and_reading_goes_on_with_what_is_newer(log: Path) -> None:
    write(log, 1, 5)
    reader = tail(log)
    reader.read()
    log.unlink()
    write(log.with_name("queue_log.1"), 2)
    write(log, 6)
    batch = reader.read()
    assert batch.lost
    assert batch.lines == lines(6)
    write(log, 7)
    assert (reader.read().lost, reader.read().lines) == (False, ())


def test_nothing_is_forgotten_while_a_vanished_file_has_no_successor(log: Path) -> None:
    write(log, 1, 5)
    reader = tail(log)
    reader.read()
    position = reader.position
    log.unlink()
    assert reader.read().lost
    assert reader.position == position


def test_a_new_file_with_the_old_inode_is_a_new_file(log: Path) -> None:
    write(log, 1, 2)
    reader = tail(log)
    reader.read()
    with log.open("r+") as file:  # same inode, same length, other content
        file.write("".join(line(second) + "\n" for second in (8, 9)))
    assert reader.read().lines == lines(8, 9)


def test_a_huge_line_is_skipped_and_counted_once(log: Path) -> None:
    log.write_bytes(b"x" * (3 * MAX_LINE))
    reader = tail(log)
    assert (reader.read().skipped, reader.read().skipped) == (1, 0)
    with log.open("a") as file:
        file.write("|1|a tail that looks like a line\n" + line(2) + "\n")
    batch = reader.read()
    assert (batch.lines, batch.skipped) == (lines(2), 0)


def test_a_run_of_zero_bytes_after_a_power_cut_does_not_hide_the_line_behind_it(log: Path) -> None:
    log.write_bytes(b"\0" * 4000 + line(1).encode() + b"\r\n\n\n")
    assert tail(log).read().lines == lines(1)


def test_a_long_file_comes_in_pieces_and_says_that_there_is_more(log: Path) -> None:
    write(log, *range(1, 10_000))
    reader = tail(log)
    got: list[str] = []
    pieces = 0
    while (batch := reader.read(limit=50_000)).more:
        got += batch.lines
        pieces += 1
    assert (*got, *batch.lines) == lines(*range(1, 10_000))
    assert pieces > 2


def test_other_files_beside_the_journal_are_none_of_ours(log: Path) -> None:
    for other in ("queue_log_old.txt", "queue_log.conf", "queue_logs.1", "xqueue_log.1", "queue_log.1.swp"):
        write(log.with_name(other), 1)
    write(log, 2)
    assert tail(log).read().lines == lines(2)


def test_a_csv_may_be_rotated_with_the_mark_before_its_ending(tmp_path: Path) -> None:
    csv = tmp_path / "callserver.csv"
    write(tmp_path / "callserver-20261120.csv", 1)
    write(tmp_path / "callserver.csv.1", 2)
    write(csv, 3)
    assert tail(csv).read().lines == lines(1, 2, 3)


def test_what_is_no_file_is_refused_with_its_path(tmp_path: Path) -> None:
    with pytest.raises(JournalUnreadable, match=str(tmp_path)):
        tail(tmp_path).read()


@pytest.fixture
def ordinary_user() -> Iterator[None]:
    """Root may read everything; so root becomes somebody else for a moment."""
    me = os.geteuid()
    if me == 0:
        os.seteuid(65534)
    yield
    os.seteuid(me)


def test_a_journal_that_may_not_be_read_is_said_and_the_position_kept(
    log: Path, request: pytest.FixtureRequest
) -> None:
    write(log, 1)
    reader = tail(log)
    reader.read()
    position = reader.position
    log.chmod(0)
    request.getfixturevalue("ordinary_user")
    with pytest.raises(JournalUnreadable, match="Permission denied"):
        reader.read()
    assert reader.position == position


def test_a_window_of_a_journal_that_has_not_begun_is_empty(log: Path) -> None:
    assert list(window(log, 0, 10**15, when)) == []
    assert list(window(log.parent / "cel-custom" / "callserver.csv", 0, 10**15, when)) == []


def test_a_window_holds_the_lines_of_its_span_and_those_without_a_time(log: Path) -> None:
    write(log.with_name("queue_log.2"), 1, 2)
    write(log.with_name("queue_log.1"), 3, 4)
    with log.with_name("queue_log.1").open("a") as file:
        file.write("rubbish\n")
    write(log, 5, 6)
    assert list(window(log, 4000, 5000, when)) == [line(4), "rubbish", line(5)]


def test_a_window_reads_only_files_that_can_hold_it(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(log.with_name("queue_log.2"), 1, 2)
    write(log.with_name("queue_log.1"), 3, 4)
    write(log, 5, 6)
    assert list(window(log, 1000, 1500, when)) == list(lines(1))
    asked: list[str] = []

    def listening(text: str) -> Instant | None:
        asked.append(text)
        return when(text)

    list(window(log, 3500, 4000, listening))
    assert line(2) not in asked
    assert line(6) not in asked


# --- properties ---


class Writer:
    """Asterisk and logrotate together: appends bytes, rotates in every way there is."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self.open = log
        self.number = 0

    def append(self, data: bytes) -> None:
        with self.open.open("ab") as file:
            file.write(data)

    def rotate(self, way: str) -> None:
        if self.open != self.log:
            self.open = self.log  # `logger reload` before the next rotation
        if not self.log.exists():
            return
        self.number += 1
        old = self.log.with_name(f"queue_log.{self.number}")
        if way == "copytruncate":
            old.write_bytes(self.log.read_bytes())
            os.truncate(self.log, 0)
        elif way == "compress":
            old.with_name(old.name + ".gz").write_bytes(gzip.compress(self.log.read_bytes(), 1))
            self.log.unlink()
        else:
            self.log.rename(old)
            if way == "keep writing":
                self.open = old
            if way == "create":
                self.log.touch()

    def reopen(self) -> None:
        self.open = self.log


WAYS = ("rename", "create", "copytruncate", "compress", "keep writing")


@settings(max_examples=80, deadline=None)
@given(acts=st.lists(st.sampled_from(("write", "write", "read", "reopen", *WAYS)), max_size=60))
def test_rotation_at_any_point_loses_and_doubles_nothing(
    tmp_path_factory: pytest.TempPathFactory, acts: list[str]
) -> None:
    """Whole lines at once, as Asterisk flushes them; each read is a new process with the stored position."""
    writer = Writer(tmp_path_factory.mktemp("rotate") / "queue_log")
    position, second = Position(), 1000
    got: list[str] = []
    for act in [*acts, "reopen", "write", "read"]:
        if act == "write":
            writer.append(f"{line(second)}\n".encode())
            second += 1
        elif act == "reopen":
            writer.reopen()
        elif act == "read":
            reader = tail(writer.log, position)
            got += reader.read().lines
            position = reader.position
        else:
            writer.rotate(act)
    assert tuple(got) == lines(*range(1000, second))


@settings(max_examples=40, deadline=None)
@given(text=st.binary(max_size=300) | st.text(max_size=120).map(str.encode))
def test_growing_byte_by_byte_gives_the_lines_that_reading_at_once_gives(
    tmp_path_factory: pytest.TempPathFactory, text: bytes
) -> None:
    folder = tmp_path_factory.mktemp("grow")
    whole, slow = folder / "whole", folder / "slow"
    whole.write_bytes(text)
    reader = tail(slow)
    got: list[str] = []
    with slow.open("ab", buffering=0) as file:
        for index in range(len(text)):
            file.write(text[index : index + 1])
            got += reader.read().lines
    assert tuple(got) == tail(whole).read().lines
