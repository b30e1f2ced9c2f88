"""What orders name: ids of captures, versions and documents, URLs, and files by their bytes or digests."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from archive.digest import Digest, Digests
from archive.errors import NotFoundError, UsageError
from catalog.collections import Member
from catalog.holdings import Capture
from catalog.queries import by_digest, latest
from catalog.resolve import CAPTURE, DOCUMENT, VERSION, Named, capture_of, resolve
from cli.context import Archive
from cli.find import find_by_digest, is_url


def named_thing(archive: Archive, name: str) -> Named:
    """The capture, version or document that is meant: by id, by URL (its document), by a file or
    its digest (the version that has these bytes).

    Raises `NotFoundError`, `UsageError`.
    """
    if is_url(name):
        capture = latest(archive.engine, name, holding=True) or latest(archive.engine, name)
        if capture is None:
            raise NotFoundError(f"no capture of {name}", advice="see `muniment list`")
        if capture.document_id is None:
            return Named(CAPTURE, capture)
        return resolve(archive.engine, capture.document_id)
    path = Path(name)
    capture = _by_bytes(archive, path) if path.is_file() else find_by_digest(archive, name)
    if capture is None:
        return resolve(archive.engine, name)
    if capture.version_id is None:
        return Named(CAPTURE, capture)
    return resolve(archive.engine, capture.version_id)


def named_capture(archive: Archive, name: str) -> Capture:
    """The capture that stands for what is named: of a version or document the last that saw it."""
    return capture_of(archive.engine, named_thing(archive, name))


def members_named(
    archive: Archive, names: Iterable[str]
) -> tuple[list[Member], list[tuple[str, str]]]:
    """What is named, each once, and what is not held, with the reason."""
    found: dict[str, Member] = {}
    missing: list[tuple[str, str]] = []
    for name in names:
        try:
            member = _member(named_thing(archive, name))
        except (NotFoundError, UsageError) as error:
            missing.append((name, error.what))
        else:
            found.setdefault(member.id, member)
    return list(found.values()), missing


def _member(named: Named) -> Member:
    if named.kind == DOCUMENT:
        return Member(id=named.id, kind=DOCUMENT, document=named.id)
    if named.kind == VERSION:
        return Member(id=named.id, kind=VERSION, version=named.id)
    capture = named.row
    if capture.version_id is None:
        raise UsageError(
            f"this capture holds no version: it is {capture.outcome}",
            advice="name one that holds content",
        )
    return Member(
        id=named.id,
        kind=CAPTURE,
        document=capture.document_id,
        version=capture.version_id,
        capture=named.id,
    )


def _by_bytes(archive: Archive, path: Path) -> Capture:
    found = Digests.of_file(path)
    matches = by_digest(archive.engine, Digest("sha256", found.sha256), 1)
    if not matches:
        raise NotFoundError(f"no capture holds the bytes of {path}")
    return matches[0].capture
