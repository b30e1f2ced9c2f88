"""What a person and a program see."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime

import click
import pytest
from rich.console import Console

from cli import output
from cli.output import (
    Column,
    moment,
    size,
    write_fields,
    write_json,
    write_line,
    write_rows,
)

COLUMNS = (Column("name", "Name"), Column("length", "Size", size, right=True), Column("url", "URL"))
ROWS = [
    {"name": "附件", "length": 17, "url": "https://a.example/"},
    {"name": "b", "length": 1_300_000, "url": None},
]


def test_a_table_in_a_pipe_is_aligned_by_the_width_of_its_characters(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert write_rows(ROWS, COLUMNS, as_json=False) == 2
    assert capsys.readouterr().out == "附件     17 B  https://a.example/\nb     1.2 MiB  -\n"


def test_a_table_on_a_terminal_has_titles_and_folds_what_is_long(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        output, "Console", lambda **_: Console(force_terminal=True, no_color=True, width=32)
    )
    write_rows(ROWS, COLUMNS, as_json=False)
    lines = [line.rstrip() for line in click.unstyle(capsys.readouterr().out).splitlines()]
    assert lines[0].split() == ["Name", "Size", "URL"]
    assert "".join(line[15:].strip() for line in lines[2:4]) == "https://a.example/"


def test_on_a_narrow_terminal_what_is_long_has_a_line_of_its_own(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        output, "Console", lambda **_: Console(force_terminal=True, no_color=True, width=32)
    )
    columns = (*COLUMNS[:2], Column("url", "URL", long=True))
    write_rows(ROWS, columns, as_json=False)
    lines = [line.rstrip() for line in click.unstyle(capsys.readouterr().out).splitlines()]
    assert lines == ["附件     17 B", "  https://a.example/", "b     1.2 MiB"]


def test_verdicts_are_coloured_on_a_terminal_and_plain_elsewhere(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    line = "x.pdf: no capture holds these bytes: failed"
    write_line(line)
    assert capsys.readouterr().out == line + "\n"
    monkeypatch.setattr(output, "Console", lambda **_: Console(force_terminal=True))
    write_line(line)
    shown = capsys.readouterr().out
    assert click.unstyle(shown) == line + "\n"
    assert shown != line + "\n"


def test_an_empty_table_writes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert write_rows([], COLUMNS, as_json=False) == 0
    assert capsys.readouterr().out == ""


def test_json_is_one_object_a_line_in_utf_8(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    row = {
        "url": "https://例.example/",
        "time": datetime(2026, 11, 23, tzinfo=UTC),
        "sha256": b"\1",
    }
    write_rows([row, {"name": "n\udcff\n\x1b"}], COLUMNS, as_json=True)
    first, second = capsysbinary.readouterr().out.splitlines()
    assert json.loads(first) == {
        "url": "https://例.example/",
        "time": "2026-11-23T00:00:00.000000Z",
        "sha256": "01",
    }
    assert second == rb'{"name":"n\udcff\n\u001b"}'


def test_a_key_that_the_reference_does_not_know_is_a_mistake() -> None:
    with pytest.raises(KeyError, match="not in the table of JSON keys: colour"):
        write_json({"id": "x", "colour": "red"})


def test_fields_are_aligned_and_cannot_steer_the_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_fields([("url", "https://a.example/\x1b[2J"), ("outcome", "content")])
    assert capsys.readouterr().out == "url      https://a.example/\\x1b[2J\noutcome  content\n"


def test_progress_is_silent_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with output.progress("hashing", 10) as advance:
        advance(5)
    assert capsys.readouterr() == ("", "")


def test_progress_draws_a_bar_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = io.StringIO()
    monkeypatch.setattr(output, "Console", lambda **_: Console(file=drawn, force_terminal=True))
    with output.progress("hashing", 10) as advance:
        advance(5)
    assert "hashing" in drawn.getvalue()


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (None, "-"),
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (5 << 40, "5.0 TiB"),
        (5 << 50, "5120.0 TiB"),
    ],
)
def test_sizes_are_written_as_people_read_them(length: int | None, text: str) -> None:
    assert size(length) == text


def test_a_moment_is_written_in_utc_and_says_so() -> None:
    assert moment(datetime(2026, 11, 23, 23, 15, 57, 9, UTC)) == "2026-11-23 23:15:57Z"
    assert moment(None) == "-"
