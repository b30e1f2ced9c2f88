"""What of an archive goes into a backup.

Not the catalog, which follows from the records, nor the frontier of a crawl, which is made again from
them as well: of `crawls/` the orders alone. Hidden files are nobody's. No link is followed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from archive.copying import is_plain
from archive.errors import DamagedError, RecordError, Where, reading
from archive.evidence.log import CHECKPOINT, HEAD, ORDER, RESTORED, Log, current_log
from archive.evidence.sequencer import standstill
from archive.evidence.tiles import HEIGHT, WIDTH, EntryBundle, TileError, parse_path
from archive.layout import ArchiveRoot
from archive.recover import last_whole
from archive.stored import OPEN, sealed_name

PRIVATE = frozenset({".key", ".p12", ".pfx"})
"""How the names of files end that hold a private key; in a PEM file its own words say so."""


@dataclass(frozen=True, slots=True)
class Item:
    """A file of an archive, or what it held while the log stood still."""

    path: str
    source: Path
    data: bytes | None = None
    end: int | None = None
    """Up to which byte it counts, where it is being written."""
    mode: int = 0o644

    @property
    def is_sealed(self) -> bool:
        return is_sealed(self.path)


@dataclass
class Contents:
    """The files of an archive that a backup holds, and what was passed over on the way to them."""

    root: ArchiveRoot
    with_keys: bool = False
    log: Log | None = None
    """The log that the backup holds; `None` where it is too damaged to tell."""
    damaged: list[DamagedError] = field(default_factory=list)
    """Links and devices, a broken log, open files that are less whole than the log says."""
    private_keys: int = 0
    """How many were left out."""
    open_groups: int = 0
    """How many groups lie in files that are being written."""
    _log_files: list[Item] = field(default_factory=list)

    def hold_log(self) -> None:
        """Read what changes in the log while nobody writes it.

        All that it names is durable then, so whatever is read later of the WARC files holds it.
        """
        if self.root.log.is_symlink():
            self._is_ours(self.root.log)
            return
        with standstill(self.root):
            self.log = log = current_log(self.root)
            try:
                files = [
                    self._read(log.folder / name) for name in (HEAD, CHECKPOINT, ORDER, RESTORED)
                ]
                if log.head and log.tree().root() != log.head.root:
                    raise DamagedError("the tiles do not lead to the head", where=Where(log.folder))
                _ = log.order
            except DamagedError as error:
                self.give_up_log(error)
                return
        self._log_files = [item for item in files if item]

    def give_up_log(self, error: DamagedError) -> None:
        """Have the log count as damaged: nothing of it is copied."""
        self.damaged.append(error)
        self.log = None
        self._log_files = []

    def items(self) -> Iterator[Item]:
        """Every file, once `hold_log` was called; the configuration is the last one."""
        yield from self._log_files
        yield from self._tiles()
        root = self.root
        for folder in (root.closed_logs, root.timestamps, root.sources, root.quarantine):
            yield from (self._item(path) for path in self._walk(folder))
        yield from self._keys()
        yield from (self._item(path) for path in self._walk(root.crawls) if path.suffix == ".json")
        yield from self._warc()
        if config := self._read(root.config):
            yield config

    def _tiles(self) -> Iterator[Item]:
        """Those that the head commits to: others may yet be set aside."""
        if self.log is None:
            return
        for path in self._walk(self.log.folder / "tile"):
            if _is_committed(path.relative_to(self.log.folder).as_posix(), self.log.size):
                yield self._item(path)

    def _keys(self) -> Iterator[Item]:
        for path in self._walk(self.root.keys):
            item = self._read(path)
            if item is None or item.data is None or not is_private(path.name, item.data):
                yield self._item(path)
            elif self.with_keys:
                yield self._item(path, mode=0o600)
            else:
                self.private_keys += 1

    def _warc(self) -> Iterator[Item]:
        names = {
            sealed_name(path.name)
            for path in self._walk(self.root.warc)
            if sealed_name(path.name).endswith(".warc.gz")
        }
        for name in sorted(names):
            if item := self._sealed(name) or self._open(name) or self._sealed(name):
                yield item

    def sealed(self, item: Item) -> Item:
        """What became of a file that was being written, once it is sealed."""
        return self._item(item.source.with_name(sealed_name(item.source.name)), mode=0o444)

    def _sealed(self, name: str) -> Item | None:
        path = self.root.warc / name
        return self._item(path, mode=0o444) if is_plain(path) else None

    def _open(self, name: str) -> Item | None:
        """A file that is being written, up to its last whole group; `None` where it was sealed now."""
        path = self.root.warc / (name + OPEN)
        if not is_plain(path):
            return None
        end, groups = last_whole(path)
        if not is_plain(path):
            return None
        self.open_groups += groups
        logged = self.log.order.end_of(name) if self.log else 0
        if end < logged:
            self.damaged.append(
                RecordError(
                    f"it is whole up to byte {end}, and logged to {logged}", where=Where(path)
                )
            )
            return None
        return self._item(path, end=end) if groups else None

    def _item(self, path: Path, *, end: int | None = None, mode: int = 0o644) -> Item:
        return Item(path.relative_to(self.root.path).as_posix(), path, end=end, mode=mode)

    def _read(self, path: Path) -> Item | None:
        if not self._is_ours(path):
            return None
        with reading(path):
            return Item(path.relative_to(self.root.path).as_posix(), path, path.read_bytes())

    def _walk(self, folder: Path) -> Iterator[Path]:
        """The files below a folder, in the order of their names."""
        if folder.is_symlink() or not folder.is_dir():
            self._is_ours(folder)
            return
        with reading(folder):
            names = sorted(os.listdir(folder))  # noqa: PTH208 -- names, to be looked at without links
        for name in names:
            path = folder / name
            if name.startswith("."):
                continue
            if path.is_dir() and not path.is_symlink():
                yield from self._walk(path)
            elif self._is_ours(path):
                yield path

    def _is_ours(self, path: Path) -> bool:
        """Whether a file is there to be copied; a link, or what is no file, is told of."""
        if is_plain(path):
            return True
        if path.is_symlink() or path.exists():
            self.damaged.append(
                DamagedError(
                    "a link or a device, which is not followed",
                    where=Where(path),
                    advice="put the file itself there, or mount its folder",
                )
            )
        return False


def is_sealed(path: str) -> bool:
    """Whether a path of the archive is that of a sealed WARC file."""
    return path.startswith("warc/") and not path.endswith(OPEN)


def never_changes(path: str) -> bool:
    """Whether a file keeps its bytes for ever once it is there, as far as the log stays the same."""
    top, _, rest = path.partition("/")
    return (
        is_sealed(path)
        or top == "log.closed"
        or path.startswith("log/tile/")
        or (top == "timestamps" and rest.endswith((".tsr", "/checkpoint")))
        or (top == "keys" and rest.endswith((".vkey", ".pub.pem")))
    )


def is_private(name: str, data: bytes) -> bool:
    """Whether a file of `keys/` holds a private key."""
    return Path(name).suffix in PRIVATE or b"PRIVATE KEY" in data


def mode_of(path: str, data: bytes) -> int:
    """The permissions that a file of an archive has; `data` are its bytes where it lies in `keys/`."""
    if path.startswith("keys/") and is_private(path, data):
        return 0o600
    return 0o444 if is_sealed(path) else 0o644


def _is_committed(path: str, size: int) -> bool:
    try:
        tile = parse_path(path)
    except TileError:
        return False
    level = 0 if isinstance(tile, EntryBundle) else tile.level
    return tile.index * WIDTH + tile.width <= size >> HEIGHT * level
