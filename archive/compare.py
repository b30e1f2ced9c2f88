"""One stored record compared with what it must be."""

from __future__ import annotations

import hashlib
import mmap
from collections.abc import Iterable

from blake3 import blake3

from archive.coding import CodingError
from archive.digest import Digests
from archive.errors import RecordError, Where
from archive.expected import Depth, Expected, FixityResult
from archive.layers import Message, PlainRecord
from archive.member import inflate
from archive.verdict import Verdict

UNRECORDED = "nothing but the record itself says what it must be; its gzip checksum holds"


def check_record(
    view: mmap.mmap, expected: Expected, depth: Depth, *, passed: bool = True
) -> list[FixityResult]:
    """The comparisons of one record in its file's bytes; without `passed`, only the others."""
    if depth is Depth.STORED and not passed and _intact(view, expected):
        return []
    compare = _Comparison(expected, passed)
    there = max(0, min(expected.length, len(view) - expected.offset))
    if there < expected.length:
        wanted, found = f"{expected.length} bytes", f"{there} bytes"
        compare.add("stored", Verdict.FAILED, "the file ends", wanted, found)
        return compare.results
    try:
        compare.stored(view, depth)
        if depth is not Depth.STORED and expected.stored_blake3 is not None:
            compare.plain(view, depth)
    except RecordError as error:
        compare.add("record", Verdict.FAILED, error.what)
    return compare.results


def _intact(view: mmap.mmap, expected: Expected) -> bool:
    """Whether the stored bytes have both digests: the short way for the many that do."""
    start, end = expected.offset, expected.offset + expected.length
    with memoryview(view) as whole, whole[start:end] as data:
        found = Digests.of(data)
    return found.sha256 == expected.stored_sha256 and found.blake3 == expected.stored_blake3


class _Comparison:
    """The results of one record, as they come."""

    def __init__(self, expected: Expected, passed: bool) -> None:
        self.results: list[FixityResult] = []
        self._passed = passed
        self._expected = expected

    def add(
        self,
        layer: str,
        verdict: Verdict,
        reason: str,
        expected: str | None = None,
        found: str | None = None,
    ) -> None:
        self.results.append(
            FixityResult(
                file=self._expected.file,
                offset=self._expected.offset,
                record=self._expected.record,
                layer=layer,
                verdict=verdict,
                expected=expected,
                found=found,
                reason=reason,
            )
        )

    def stored(self, view: mmap.mmap, depth: Depth) -> None:
        want = self._expected
        if want.stored_sha256 is None or want.stored_blake3 is None:
            inflate(view, want.offset, want.plain_length, Where(want.file, want.offset))
            self.add("stored", Verdict.NOT_CHECKED, UNRECORDED)
            return
        with memoryview(view) as whole, whole[want.offset : want.offset + want.length] as data:
            if depth is Depth.DEEP and blake3(data).digest() == want.stored_blake3:
                self._digest("stored", "blake3", want.stored_blake3, want.stored_blake3)
                return
            found = Digests.of(data)
        self._digest("stored", "sha256", want.stored_sha256, found.sha256)
        self._digest("stored", "blake3", want.stored_blake3, found.blake3)

    def plain(self, view: mmap.mmap, depth: Depth) -> None:
        want = self._expected
        plain = PlainRecord(view, want)
        hasher = blake3()
        for piece in plain.pieces():
            hasher.update(piece)
        self._digest("record", "blake3", want.plain_blake3, hasher.digest())
        message = plain.message()
        if depth is Depth.ALL:
            self._layers(message, want)
            return
        for name, sha256, _ in want.layers:
            if name == "payload" and sha256 is not None:
                self._digest(name, "sha256", sha256, _sha256(message.layer(name)))

    def _layers(self, message: Message, want: Expected) -> None:
        hashed: dict[str, Digests] = {}
        for layer, sha256, blake in want.layers:
            if sha256 is None or blake is None:
                self.add(layer, Verdict.NOT_CHECKED, "it never had a digest")
                continue
            name = message.distinct(layer)
            try:
                found = hashed.get(name) or Digests.of_all(message.layer(name))
            except CodingError as error:
                wanted = f"sha256:{sha256.hex()}"
                self.add(layer, Verdict.FAILED, f"the content is {error.reason}", wanted)
                continue
            hashed[name] = found
            self._digest(layer, "sha256", sha256, found.sha256)
            self._digest(layer, "blake3", blake, found.blake3)

    def _digest(self, layer: str, algorithm: str, expected: bytes, found: bytes) -> None:
        if found == expected and not self._passed:
            return
        verdict = Verdict.PASSED if found == expected else Verdict.FAILED
        wanted = f"{algorithm}:{expected.hex()}"
        self.add(layer, verdict, "", wanted, f"{algorithm}:{found.hex()}")


def _sha256(pieces: Iterable[bytes | memoryview]) -> bytes:
    hasher = hashlib.sha256()
    for piece in pieces:
        hasher.update(piece)
    return hasher.digest()
