"""The archive that an order is about: found, opened, tended before anything is written."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archive.errors import NotFoundError, StorageError, Where
from archive.layout import ArchiveRoot
from archive.times import Clock
from cli import clock
from cli.complaint import complaint
from cli.config import Config, operator_name, read_config

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from archive.evidence.log import Log
    from catalog.indexing import IndexReport

operator_option = click.option(
    "--operator",
    envvar="MUNIMENT_OPERATOR",
    show_envvar=True,
    metavar="NAME",
    help="Who answers for this.  [default: as told at init]",
)


@dataclass
class Archive:
    """An opened archive, with its configuration and the clock."""

    root: ArchiveRoot
    config: Config
    clock: Clock
    unlogged: bool = False
    """Whether this order wrote records that the log may lack; `settle` sees to them."""
    _acting: str | None = None
    _ingested: list[str] = field(default_factory=list)

    def operator(self, given: str | None) -> str:
        """Who gives this order. Raises `UsageError` where nobody says."""
        self._acting = operator_name(given, self.config.operator)
        return self._acting

    @property
    def log(self) -> Log:
        """The log as it lies there now."""
        from archive.evidence.log import current_log  # noqa: PLC0415 -- not every order needs the log

        return current_log(self.root)

    @cached_property
    def engine(self) -> Engine:
        """The catalog, opened when it is first needed."""
        from catalog.database import open_catalog  # noqa: PLC0415 -- not every order needs the catalog

        return open_catalog(self.config.catalog or self.root.catalog)

    def ingest(self, sealed: Iterable[Path] | None = None) -> None:
        """Enter sealed WARC files into the catalog; without any given, all that it lacks.

        A damaged file is told of and left out, so that it keeps nothing else from being done.
        """
        from catalog.ingest import ingest, not_ingested  # noqa: PLC0415 -- as above

        paths = not_ingested(self.engine, self.root) if sealed is None else sealed
        report = ingest(self.engine, paths, self.root)
        self._ingested += report.files
        for error in report.damaged:
            click.echo(complaint(error).line, err=True)

    def index(self, *, every: bool = False) -> IndexReport:
        """Read the texts of what was ingested, or of `every` content that waits for it; one that cannot
        be read out is told of.
        """
        from cli.indexing import index  # noqa: PLC0415 -- as above

        report = index(self, None if every else self._ingested)
        self._ingested.clear()
        return report

    def settle(self, *, every: bool = False) -> None:
        """Log what this order wrote, then `read`: evidence waits for no file to be read."""
        if self.unlogged:
            from cli.log_keeping import keep_log  # noqa: PLC0415 -- as above

            keep_log(self, self._acting or self.operator(None))
        self.read(every=every)

    def read(self, *, every: bool = False) -> None:
        """`index`, unless there is nothing new or the configuration has texts wait."""
        if (every or self._ingested) and not self.config.text.later:
            self.index(every=every)

    def close(self) -> None:
        if "engine" in self.__dict__:
            self.engine.dispose()


@contextmanager
def archive_in(folder: Path | None) -> Iterator[Archive]:
    """The archive of `open_archive`; at the end the log gets what was written."""
    with closing(open_archive(folder)) as archive:
        try:
            yield archive
        except StorageError:  # the log, on the same disk, would only fail as well
            raise
        except BaseException:
            archive.settle()
            raise
        archive.settle()


def with_archive(command: Callable[..., Any]) -> Callable[..., Any]:
    """Hand the opened archive to a command as its first argument, and log what it wrote."""

    @click.pass_context
    @functools.wraps(command)
    def call(context: click.Context, /, *args: Any, **options: Any) -> Any:
        with archive_in(context.find_root().obj) as archive:
            return command(archive, *args, **options)

    return call


def open_archive(folder: Path | None) -> Archive:
    """Open the archive in `folder`, or else the one that the current folder is in."""
    root = ArchiveRoot.open((folder or _nearest(Path.cwd())).absolute())
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
