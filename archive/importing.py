"""Import: what people already hold enters as groups of fidelity *asserted*.

A file becomes a `resource`; records of foreign archives are kept byte for byte beside a statement of
what their own digests say. Nothing here claims where a file came from: it was received from
somebody, who asserts it.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from urllib.parse import quote, urljoin

from archive.adopting import adopt
from archive.asserting import ImportOrder, compared
from archive.bundle import archive_format
from archive.digest import Digests
from archive.group import Group
from archive.ident import ident
from archive.listing import Row, read_list, stated_time
from archive.statement import Capture, Layers
from archive.warc import Block, Spool, chunks, resource

__all__ = ["ImportOrder", "plan_import"]

MEMORY = 8 << 20
"""Bytes of the largest file that is read whole."""

Refuse = Callable[[str, str], None]
"""Told the name of what was not taken, and a stable reason: `unsafe-path`, `not-found`,
`not-a-file`, `no-date`."""


def plan_import(
    paths: Iterable[Path],
    order: ImportOrder,
    spool: Path,
    refuse: Refuse,
    listing: Path | None = None,
) -> Iterator[Group]:
    """The groups that an import will store, in order; files are read as they are asked for.

    `spool` is a folder for long blocks: a group's records are there until the next group is asked
    for. With a `listing`, what it lists is taken, from the folder among `paths` or its own.
    Raises `UsageError` where the list cannot be read, or nobody says when something was obtained.
    """
    given = list(paths)
    if listing is not None:
        base = next((path for path in given if path.is_dir()), listing.parent)
        yield from _listed(base, listing, order, spool, refuse)
        return
    for path in given:
        for file, name in _files(path, refuse):
            url = urljoin(order.url, quote(name)) if order.url and path.is_dir() else order.url
            row = Row(line=0, path=name, url=url or "")
            yield from _one(file, row, order, spool)


def _listed(
    base: Path, listing: Path, order: ImportOrder, spool: Path, refuse: Refuse
) -> Iterator[Group]:
    root = base.resolve()
    for row in read_list(listing):
        place = row.path if "/" in row.path else row.path.replace("\\", "/")
        file = _inside(root, place)
        if file is None:
            refuse(row.path, "unsafe-path")
        elif not file.exists():
            refuse(row.path, "not-found")
        elif not file.is_file():
            refuse(row.path, "not-a-file")
        else:
            yield from _one(file, row, order, spool)


def _inside(root: Path, place: str) -> Path | None:
    """The file that a list names; `None` where it leads out of its folder, by links too."""
    if not place or "\0" in place or place[1:2] == ":":
        return None
    found = (root / place).resolve()
    return found if found.is_relative_to(root) else None


def _files(path: Path, refuse: Refuse) -> Iterator[tuple[Path, str]]:
    """A file, or those in a folder in the order of their names; links and devices are not followed."""
    if not path.is_dir():
        found = [path]
    else:
        found = sorted(file for file in path.rglob("*") if file.is_symlink() or not file.is_dir())
    for file in found:
        name = file.name if file is path else file.relative_to(path).as_posix()
        if not file.exists():
            refuse(name, "not-found")
        elif not file.is_file() or (file is not path and file.is_symlink()):
            refuse(name, "not-a-file")
        else:
            yield file, name


def _one(file: Path, row: Row, order: ImportOrder, spool: Path) -> Iterator[Group]:
    """A file as it is, unless it is an archive of others and the list says nothing of it."""
    if not row.line and archive_format(file) is not None:
        yield from adopt(file, row.path, order, spool)
    else:
        yield _file(file, row, order)


def _file(file: Path, row: Row, order: ImportOrder) -> Group:
    size = file.stat().st_size
    block: Block = file.read_bytes() if size <= MEMORY else Spool(file, size)
    found = Digests.of_all(chunks(block))
    time = order.time(stated_time(row.time), row.path)
    status = int(row.status) if row.status.isascii() and row.status.isdigit() else None
    outcome, code = order.classify(status) if status else ("content", None)
    url = row.url or order.url or f"urn:muniment:file:{ident(found.sha256.hex(), row.path)}"
    more = {"list": {**row.other, **({"time": row.time} if row.time else {})}}
    if row.sha256:
        more["sha256"] = compared(row.sha256, found, block)
    capture = Capture(
        url=url,
        time=time,
        outcome=outcome,
        fidelity="asserted",
        import_=order.event,
        operator=order.operator,
        software=order.software,
        cause="import",
        code=code,
        status=status,
        media_type=row.media_type or None,
        digests=Layers(block=found, payload=found, content=found),
        asserted=order.asserted(row.path, **more),
    )
    media = row.media_type or mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    record = resource(url, time, block, media, sha256=found.sha256)
    return Group(capture, (record,), date=order.clock())
