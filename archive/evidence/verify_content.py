"""Step 3: each file in data/files is the content that a leaf commits to, and comes out of its answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from archive.coding import CodingError
from archive.digest import Digests
from archive.errors import DamagedError
from archive.evidence.verify_files import Failure, Found, PackageError, PackageFiles
from archive.evidence.verify_leaves import Exhibit, Leaf, exhibits
from archive.evidence.verify_records import EXCERPT, Excerpted, Place, places, walk
from archive.layers import Message

ANSWERS = frozenset({"response", "revisit", "resource"})

Block = Callable[[], Iterator[bytes]]


@dataclass(frozen=True)
class Excerpt:
    """The records of the excerpt, walked through once for all exhibits."""

    files: PackageFiles

    @cached_property
    def by_offset(self) -> dict[int, Excerpted]:
        """Raises `PackageError`, `RecordError`."""
        return {record.offset: record for record in walk(self.files)}

    @cached_property
    def by_id(self) -> dict[str, Excerpted]:
        return {record.id: record for record in self.by_offset.values()}

    def block(self, record: Excerpted) -> Block:
        return lambda: self.files.pieces(EXCERPT, record.offset + record.start, record.length)


def check_content(files: PackageFiles) -> Found:
    """How many files were compared, why not all were, and which are no content of their exhibit."""
    listed = exhibits(files)
    excerpt = Excerpt(files)
    failures: list[Failure] = []
    why = None
    for exhibit in listed:
        leaf = Leaf(files, exhibit.folder, "", exhibit.id, "capture")
        try:
            if _is_lost(exhibit, leaf):
                why = f"the content of {exhibit.id} is not in the package"
                continue
            failures += _check(excerpt, exhibit, leaf)
        except DamagedError as error:
            failures.append(Failure(exhibit.content or leaf.name, error.what))
    named = {exhibit.content for exhibit in listed}
    for name in files.named("data/files/.+"):
        if name not in named:
            failures.append(Failure(name, "the content of no exhibit"))
    count = sum(exhibit.content is not None for exhibit in listed)
    return Found(f"{count} files", failures, why)


def _is_lost(exhibit: Exhibit, leaf: Leaf) -> bool:
    """Whether it repeats an answer whose body the archive lacks."""
    size = leaf.text("digests", "content", "length")
    repeats = leaf.text("revisit", "record") is not None
    return exhibit.content is None and repeats and size not in {None, "0"}


def _check(excerpt: Excerpt, exhibit: Exhibit, leaf: Leaf) -> Iterator[Failure]:
    size, sha256 = (
        leaf.text("digests", "content", "length"),
        leaf.text("digests", "content", "sha256"),
    )
    if exhibit.content is None:
        if size not in {None, "0"}:
            yield Failure(leaf.name, "its content is not in the package")
        return
    found = Digests.of_all(excerpt.files.pieces(exhibit.content))
    if (str(found.length), found.sha256.hex()) != (size, sha256):
        what = f"not the content that the leaf of {exhibit.id} commits to"
        yield Failure(exhibit.content, what)
    record = next((p for p in reversed(places(excerpt.files, exhibit)) if p.type in ANSWERS), None)
    if record is None:
        yield Failure(leaf.name, "there is no answer that the content could come from")
        return
    try:
        computed = Digests.of_all(_content(excerpt, leaf, record))
    except CodingError as error:
        yield Failure(EXCERPT, f"byte {record.offset}: its content is {error.reason}")
        return
    if computed != found:
        what = f"not the content of the answer at byte {record.offset} of {EXCERPT}"
        yield Failure(exhibit.content, what)


def _content(excerpt: Excerpt, leaf: Leaf, place: Place) -> Iterator[bytes]:
    """The answer without its codings; a revisit's is joined with the body of the one it refers to."""
    record = excerpt.by_offset.get(place.offset)
    if record is None:
        raise PackageError(f"no record at byte {place.offset} of {EXCERPT}")
    own = excerpt.block(record)
    if place.type == "revisit":
        wanted = leaf.text("revisit", "record") or ""
        referred = excerpt.by_id.get(wanted)
        if referred is None:
            raise PackageError(f"the record that it refers to is not in {EXCERPT}: {wanted}")
        own = _rejoined(own, excerpt.block(referred))
    http = next(own(), b"").startswith(b"HTTP/")
    message = Message(lambda: own(), (leaf.text("method") or "GET") if http else "")  # noqa: PLW0108
    return map(bytes, message.layer("content"))


def _rejoined(head: Block, referred: Block) -> Block:
    """The head of one answer, the body of another."""
    parsed = Message(lambda: referred(), "HEAD").reader.head  # noqa: PLW0108
    start = parsed.end if parsed else 0

    def pieces() -> Iterator[bytes]:
        yield from head()
        skip = start
        for piece in referred():
            yield from islice((piece[skip:],), 1 if skip < len(piece) else 0)
            skip -= min(skip, len(piece))

    return pieces
