"""The archive that an order is about: found, opened, tended before anything is written."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from archive.errors import NotFoundError, Where
from archive.layout import ArchiveRoot
from archive.times import Clock
from cli import clock
from cli.config import Config, operator_name, read_config

operator_option = click.option(
    "--operator",
    envvar="MUNIMENT_OPERATOR",
    show_envvar=True,
    metavar="NAME",
    help="Who answers for this.  [default: as told at init]",
)


@dataclass(frozen=True, slots=True)
class Archive:
    """An opened archive, with its configuration and the clock."""

    root: ArchiveRoot
    config: Config
    clock: Clock

    def operator(self, given: str | None) -> str:
        return operator_name(given, self.config.operator)

    @property
    def catalog(self) -> str | Path:
        """The database: its URL, or the path of the file in the archive."""
        return self.config.catalog or self.root.catalog


def with_archive(command: Callable[..., Any]) -> Callable[..., Any]:
    """Hand the opened archive to a command as its first argument."""

    @click.pass_context
    @functools.wraps(command)
    def call(context: click.Context, /, *args: Any, **options: Any) -> Any:
        return command(open_archive(context.find_root().obj), *args, **options)

    return call


def open_archive(folder: Path | None) -> Archive:
    """Open the archive in `folder`, or else the one that the current folder is in."""
    root = ArchiveRoot.open(folder if folder is not None else _nearest(Path.cwd()))
    return Archive(root, read_config(root.config), clock.now)


def _nearest(here: Path) -> Path:
    for folder in (here, *here.parents):
        if ArchiveRoot(folder).config.is_file():
            return folder
    raise NotFoundError(
        "no archive here",
        where=Where(here),
        advice="make one with `muniment init`, or name one with -C DIR or MUNIMENT_ARCHIVE",
    )
