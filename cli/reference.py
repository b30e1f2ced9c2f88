"""Makes docs/reference.md out of the program: `python -m cli.reference > docs/reference.md`."""

from __future__ import annotations

from collections.abc import Iterator

import click

from cli.exits import MEANINGS
from cli.keys import KEYS
from cli.main import main

WIDTH = 88
"""Columns of the help texts, whatever the terminal that makes them."""

HEAD = """\
# Reference

Made from the program by `python -m cli.reference > docs/reference.md`; a test holds the two equal.

Data goes to stdout, talk and errors to stderr. Every command that gives data takes `--json`: one object a line.
Where a command checks something there are three answers: passed, failed, not checked."""


def reference() -> str:
    """The text of docs/reference.md."""
    return "\n\n".join([HEAD, *_tables(), *_commands()]) + "\n"


def _tables() -> Iterator[str]:
    yield "## Exit codes"
    yield _table("code", "means", {str(int(code)): text for code, text in MEANINGS.items()})
    yield "## JSON keys"
    yield _table("key", "is", {f"`{key}`": text for key, text in KEYS.items()})


def _table(name: str, meaning: str, rows: dict[str, str]) -> str:
    lines = [f"| {name} | {meaning} |", "| --- | --- |"]
    return "\n".join(lines + [f"| {key} | {text} |" for key, text in rows.items()])


def _commands() -> Iterator[str]:
    yield "## Commands"
    root = click.Context(main, info_name="muniment", terminal_width=WIDTH, **main.context_settings)
    yield _help(main, root)
    for name in main.list_commands(root):
        command = main.get_command(root, name)
        assert command is not None
        yield from _command(command, root, name, "###")


def _command(
    command: click.Command, above: click.Context, name: str, heading: str
) -> Iterator[str]:
    context = click.Context(command, above, name.rsplit(maxsplit=1)[-1], terminal_width=WIDTH)
    yield f"{heading} {name}"
    yield _help(command, context)
    if isinstance(command, click.Group):
        for child_name, child in command.commands.items():
            yield from _command(child, context, f"{name} {child_name}", f"{heading}#")


def _help(command: click.Command, context: click.Context) -> str:
    return f"```text\n{command.get_help(context)}\n```"


if __name__ == "__main__":
    click.echo(reference(), nl=False)
