"""The command as a whole: fast help, one line for each error, codes of one table."""

from __future__ import annotations

import errno
import importlib
import inspect
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from archive import errors
from archive.errors import Error, NotFoundError, Where
from archive.verdict import Verdict
from cli import exits
from cli.complaint import complaint
from cli.exits import Exit
from cli.main import COMMANDS, Muniment, main
from cli.visible import visible


def test_help_loads_no_command_and_no_scrapy() -> None:
    script = (
        "import sys; from click.testing import CliRunner; from cli.main import main;"
        "assert CliRunner().invoke(main, ['--help']).exit_code == 0;"
        "print([m for m in ('scrapy', 'sqlmodel', 'rich', 'cli.init') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example(name: str) -> None:
    command = importlib.import_module(COMMANDS[name].module).command
    assert isinstance(command, click.Command)
    for each in _orders(command):
        assert "Example:\n  muniment " in inspect.cleandoc(each.help or ""), each.name


def _orders(command: click.Command) -> Iterator[click.Command]:
    """The commands that do something, whatever the groups they lie in."""
    if isinstance(command, click.Group):
        for each in command.commands.values():
            yield from _orders(each)
    else:
        yield command


def test_an_unknown_command_is_one_line_and_exit_2() -> None:
    done = CliRunner().invoke(main, ["craw1"])
    assert done.exit_code == Exit.USAGE
    assert done.stderr.startswith("muniment: No such command 'craw1'.")
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""


def test_no_command_at_all_shows_the_help_and_is_exit_2() -> None:
    done = CliRunner().invoke(main, [])
    assert done.exit_code == Exit.USAGE
    assert "Collect:" in done.stderr


def _subclasses(kind: type[Error]) -> list[type[Error]]:
    return [kind, *(found for child in kind.__subclasses__() for found in _subclasses(child))]


def test_every_error_of_the_tree_has_its_code_in_the_table_and_in_the_docstring() -> None:
    assert errors.__doc__ is not None
    drawn = {
        line.split()[1]: int(line.split()[-1])
        for line in errors.__doc__.splitlines()
        if re.search(r"exit \d$", line)
    }
    assert drawn == {kind.__name__: int(code) for kind, code in exits.ERRORS.items()}
    for kind in _subclasses(Error)[1:]:
        assert exits.of_error(kind("x")) is not Exit.DONE
    assert set(exits.MEANINGS) == set(Exit)
    assert set(exits.VERDICTS) == set(Verdict)


def test_an_error_says_what_where_and_what_to_do() -> None:
    error = NotFoundError(
        "no such crawl", where=Where("a.warc.gz", 17), advice="see `muniment crawls`"
    )
    found = complaint(error)
    assert found.line == "muniment: no such crawl (a.warc.gz at byte 17). See `muniment crawls`"
    assert found.code is Exit.NOT_FOUND


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.ENOSPC, Exit.STORAGE),
        (errno.EROFS, Exit.STORAGE),
        (errno.EACCES, Exit.STORAGE),
        (errno.ENOENT, Exit.NOT_FOUND),
        (errno.ELOOP, Exit.UNCHECKED),
    ],
)
def test_what_the_operating_system_refuses_is_one_line(number: int, code: Exit) -> None:
    found = complaint(OSError(number, os.strerror(number), "/a/file"))
    assert found.code is code
    assert found.line == f"muniment: {os.strerror(number)} (/a/file)"


def _group_that_raises(error: BaseException) -> click.Group:
    def fail() -> None:
        raise error

    group = Muniment("muniment")
    group.get_command = lambda ctx, cmd_name: click.Command("x", callback=fail)  # type: ignore[method-assign] # a command that fails as no real one should
    return group


def test_a_mistake_of_ours_is_one_line_and_never_a_verdict() -> None:
    done = CliRunner().invoke(_group_that_raises(ZeroDivisionError("by\nzero")), ["x"])
    assert done.exit_code == Exit.UNCHECKED
    assert done.stderr.startswith(
        "muniment: this is a mistake of ours: ZeroDivisionError: by\\nzero."
    )
    assert done.stderr.count("\n") == 1


def test_muniment_debug_shows_where_a_mistake_was_made() -> None:
    done = CliRunner().invoke(
        _group_that_raises(ZeroDivisionError("zero")), ["x"], env={"MUNIMENT_DEBUG": "1"}
    )
    assert "Traceback" in done.stderr


def test_ctrl_c_says_that_nothing_is_lost() -> None:
    done = CliRunner().invoke(_group_that_raises(KeyboardInterrupt()), ["x"])
    assert done.exit_code == Exit.UNCHECKED
    assert done.stderr.strip().startswith("muniment: stopped by hand. What was stored is kept")


def test_a_reader_that_goes_away_is_not_complained_of() -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "cli.main", "--help"],
        stdout=write,
        stderr=subprocess.PIPE,
        check=False,
        cwd=Path(__file__).parents[1],
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (Exit.UNCHECKED, b"")


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\r\nb\x00", "a\\r\\nb\\x00"),
        ("fdp\u202egpj", "fdp\\u202egpj"),
        ("\x9b1m", "\\x9b1m"),
        ("n\udcffame", "n\\udcffame"),
        ("国务院关于", "国务院关于"),
        ("می\u200cخواهم", "می\u200cخواهم"),
    ],
)
def test_text_from_outside_cannot_steer_the_terminal(text: str, seen: str) -> None:
    assert visible(text) == seen
