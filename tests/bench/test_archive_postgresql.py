"""What COPY is given for the archive on PostgreSQL is what the archive on SQLite has."""

from __future__ import annotations

from bench import archive, archive_postgresql

SOME = range(48, 53)  # the fiftieth owes a call, and has an open ticket beside him


def test_every_value_of_every_row_stands_in_its_column() -> None:
    last, texts = archive_postgresql._batch(SOME)
    assert last == 52
    for table, rows in archive.rows_of(SOME).items():
        lines = texts[table.name].decode().splitlines()
        told = [[r"\N" if value is None else str(value) for value in row] for row in rows]
        assert [line.split("\t") for line in lines] == told


def test_nothing_in_it_would_be_read_as_something_else() -> None:
    for text in archive_postgresql._batch(SOME)[1].values():
        assert text.replace(rb"\N", b"").count(b"\\") == 0


def test_words_are_put_down_one_by_one() -> None:
    _, texts = archive_postgresql._batch(range(7, 8))
    place, words = texts["customer_words"].decode().rstrip("\n").split("\t")
    assert place == "7"
    assert words.split() == [f"'{word}'" for word in archive.words_of(7)]
