"""The source files of an archive: finding, reading, writing them."""

from __future__ import annotations

import difflib
from pathlib import Path

from archive.durable import Files, write_new
from archive.errors import NotFoundError, storage
from archive.layout import ArchiveRoot
from crawler.source import Source, check_name
from crawler.source_file import SUFFIX, load


def source_path(root: ArchiveRoot, name: str) -> Path:
    """Where the source of that name lies. Raises `UsageError` for a name that no file can have."""
    check_name(name)
    return root.sources / (name + SUFFIX)


def source_names(root: ArchiveRoot) -> list[str]:
    return sorted(path.stem for path in root.sources.glob(f"[!.]*{SUFFIX}"))


def load_source(root: ArchiveRoot, name: str) -> tuple[Source, str]:
    """A source and its text as read. Raises `NotFoundError`, or `UsageError` for a broken file."""
    return load(_existing(root, name))


def source_text(root: ArchiveRoot, name: str) -> str:
    """The text of a source's file, even of a broken one. Raises `NotFoundError`."""
    return _existing(root, name).read_text("utf-8", "backslashreplace")


def _existing(root: ArchiveRoot, name: str) -> Path:
    path = source_path(root, name)
    if not path.is_file():
        near = difflib.get_close_matches(name, source_names(root), 1)
        advice = f"did you mean {near[0]}?" if near else "see `muniment source list`"
        raise NotFoundError(f"no source is named {name!r}", advice=advice)
    return path


def replace(path: Path, text: str) -> None:
    """Put a new text in a source file's place, whole and durably, or leave the old one."""
    files = Files()
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)
    write_new(new, text.encode(), files)
    with storage(path):
        new.replace(path)
        files.fsync_folder(path.parent)
