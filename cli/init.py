"""`muniment init`: make a new archive."""

from __future__ import annotations

import sys
import uuid
from pathlib import Path

import click

from archive.errors import UsageError, Where
from archive.evidence.keys import KeyRing
from archive.evidence.note import NoteError, check_name
from archive.layout import ArchiveRoot
from cli.config import login_name, new_config, operator_name
from cli.context import operator_option
from cli.output import say


@click.command("init")
@click.argument("folder", required=False, type=click.Path(path_type=Path), metavar="[DIR]")
@operator_option
@click.option(
    "--origin",
    metavar="NAME",
    help="Name of the log, a host and path that is yours and never changes.  [default: a random one]",
)
@click.pass_context
def command(
    context: click.Context, folder: Path | None, operator: str | None, origin: str | None
) -> None:
    """Make a new archive in DIR, or in the folder that -C names, or here.

    The operator's name is asked for on a terminal; it stands on every crawl and import. The log's
    name stands in every checkpoint that is signed.

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
    log = _log_name(origin)
    root = ArchiveRoot.create(place, new_config(name, log))
    key = KeyRing(root.keys, log).create()
    say(f"archive made in {place}, operator {name}")
    say(f"its log is signed by {key.vkey}")
    say("next: muniment source add NAME URL")


def _log_name(given: str | None) -> str:
    """The log's own name, which becomes the name of its key (C2SP tlog-checkpoint)."""
    name = given or f"muniment.invalid/{uuid.uuid4()}"
    try:
        check_name(name)
    except NoteError as error:
        raise UsageError(str(error), advice="a host and path, without spaces or +") from error
    return name
