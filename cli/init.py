"""`muniment init`: make a new archive."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from archive.errors import UsageError, Where
from archive.layout import ArchiveRoot
from cli.config import login_name, new_config, operator_name
from cli.context import operator_option
from cli.output import say


@click.command("init")
@click.argument("folder", required=False, type=click.Path(path_type=Path), metavar="[DIR]")
@operator_option
@click.pass_context
def command(context: click.Context, folder: Path | None, operator: str | None) -> None:
    """Make a new archive in DIR, or in the folder that -C names, or here.

    The operator's name is asked for on a terminal; it stands on every crawl and import.

    \b
    Example:
      muniment init my-archive --operator "Ada Lovelace"
    """
    place = folder or context.find_root().obj or Path.cwd()
    if place.exists() and (not place.is_dir() or any(place.iterdir())):
        raise UsageError(
            "not an empty folder",
            where=Where(place),
            advice="name a new folder: `muniment init DIR`",
        )
    if operator is None and sys.stdin.isatty():
        operator = click.prompt(
            "Operator (who answers for what is recorded)", default=login_name(), err=True
        )
    name = operator_name(operator, None)
    ArchiveRoot.create(place, new_config(name))
    say(f"archive made in {place}, operator {name}")
    say("next: muniment source add NAME URL")
