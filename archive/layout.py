"""Where things lie in an archive (design 4)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from archive.durable import Files, write_new
from archive.errors import NotFoundError, UsageError, Where, storage

CONFIG = "muniment.toml"


@dataclass(frozen=True)
class ArchiveRoot:
    """The folder of one archive, and the names inside it."""

    path: Path

    @property
    def config(self) -> Path:
        """What makes a folder an archive; written by `create`, edited by hand."""
        return self.path / CONFIG

    @property
    def sources(self) -> Path:
        return self.path / "sources"

    @property
    def warc(self) -> Path:
        """Sealed `*.warc.gz`, and `*.warc.gz.open` while they are written."""
        return self.path / "warc"

    @property
    def crawls(self) -> Path:
        """A folder for each crawl that is not over yet."""
        return self.path / "crawls"

    @property
    def quarantine(self) -> Path:
        """Bytes that recovery cut off; never read by the program, never deleted by it."""
        return self.path / "quarantine"

    @property
    def log(self) -> Path:
        """The transparency log: static files that anyone may mirror, but for `order`."""
        return self.path / "log"

    @property
    def closed_logs(self) -> Path:
        """Logs that `muniment log succeed` closed, numbered from 1."""
        return self.path / "log.closed"

    @property
    def keys(self) -> Path:
        """Public keys, and private ones that nobody else may read."""
        return self.path / "keys"

    @property
    def timestamps(self) -> Path:
        """A folder for each checkpoint that outsiders were asked to stamp."""
        return self.path / "timestamps"

    @property
    def audits(self) -> Path:
        """The last checkpoint of each log that an audit has seen."""
        return self.path / "audits"

    @property
    def catalog(self) -> Path:
        """The default catalog: an index, which `muniment rebuild` makes again."""
        return self.path / "catalog.sqlite"

    @classmethod
    def create(cls, path: Path, configuration: str = "", files: Files | None = None) -> ArchiveRoot:
        """Make an archive at `path`; its configuration comes last, so half an archive is none.

        Raises `UsageError` where an archive is already, `StorageError` where the disk refuses.
        """
        files = files or Files()
        root = cls(path)
        if root.config.exists():
            raise UsageError("there is an archive already", where=Where(path))
        with storage(path):
            folders = (root.warc, root.sources, root.crawls, root.quarantine)
            for folder in (*folders, root.log, root.keys, root.timestamps):
                files.mkdir(folder)
            write_new(root.config, configuration.encode(), files)
        return root

    @classmethod
    def open(cls, path: Path) -> ArchiveRoot:
        """The archive at `path`. Raises `NotFoundError` where there is none."""
        root = cls(path)
        if not root.config.is_file():
            raise NotFoundError(
                f"no archive here: {CONFIG} is missing",
                where=Where(path),
                advice="name the archive with -C DIR or MUNIMENT_ARCHIVE, or make one with `muniment init`",
            )
        return root
