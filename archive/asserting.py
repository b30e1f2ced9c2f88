"""What others assert of what they give us, and how far it agrees with the bytes they gave."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from archive.digest import Digest, Digests
from archive.errors import UsageError
from archive.times import Clock, to_text
from archive.warc import Block

HINT_LIMIT = 64 << 20
"""Bytes of the largest file for which it is tried why its digest differs."""
HINTS: tuple[tuple[str, Callable[[bytes], bytes]], ...] = (
    ("with one final newline removed", lambda data: re.sub(rb"\r?\n\Z", b"", data)),
    ("with LF made CRLF", lambda data: re.sub(rb"(?<!\r)\n", b"\r\n", data)),
    ("with CRLF made LF", lambda data: data.replace(b"\r\n", b"\n")),
)


class Classify(Protocol):
    """How outcomes are judged; `crawler.outcome.classify`, passed in by the command line."""

    def __call__(
        self, status: int | None, *, truncated: str | None = None, conditional: bool = False
    ) -> tuple[str, str | None]: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportOrder:
    """Who hands over, what they say of it, and the event that it becomes part of.

    `event` is the id of the import event; `obtained_on` when the giver says to have obtained it.
    """

    event: str
    operator: str
    software: str
    clock: Clock
    classify: Classify
    obtained_on: datetime | None = None
    obtained_by: str = ""
    how: str = ""
    url: str | None = None

    def asserted(self, file: str, **more: Any) -> dict[str, Any]:
        """The statement's `asserted`: what the giver says, and under which safe name it came."""
        said = {
            "obtained_on": to_text(self.obtained_on) if self.obtained_on else "",
            "obtained_by": self.obtained_by,
            "how": self.how,
            "file": safe_name(file),
            **more,
        }
        return {name: value for name, value in said.items() if value not in ("", None, {})}

    def time(self, stated: datetime | None, what: str) -> datetime:
        """The asserted date. Raises `UsageError` where nobody asserts one."""
        found = stated or self.obtained_on
        if found is None:
            raise UsageError(
                f"nobody says when {what} was obtained", advice="give the date with --obtained-on"
            )
        return found


def safe_name(name: str) -> str:
    """A name as a relative path that leads nowhere else: no root, no `..`, no control characters."""
    parts = [part for part in re.split(r"[\\/]+", name) if part not in {"", ".", ".."}]
    visible = "/".join(parts).encode(
        "unicode_escape" if "\0" in name else "utf-8", "backslashreplace"
    )
    text = visible.decode()
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text) or "unnamed"


def compared(claim: str, found: Digests, block: Block) -> dict[str, str]:
    """A recorded SHA-256 beside that of the bytes: `passed as stored`, `failed` or `not checked`.

    Where it fails, a remark tells of a change of line ends with which it would hold; the verdict
    stays `failed`, for those are not the bytes that were recorded.
    """
    told = claim if ":" in claim else f"sha256:{claim}"
    result = {"claimed": claim, "found": f"sha256:{found.sha256.hex()}"}
    try:
        wanted = Digest.parse(told)
    except UsageError:
        return {**result, "verdict": "not checked", "remark": "no digest that we know"}
    if wanted.algorithm != "sha256":
        return {**result, "verdict": "not checked", "remark": f"recorded as {wanted.algorithm}"}
    if wanted.value == found.sha256:
        return {**result, "verdict": "passed as stored"}
    remark = _hint(wanted.value, block)
    return {**result, "verdict": "failed", **({"remark": remark} if remark else {})}


def _hint(wanted: bytes, block: Block) -> str:
    if not isinstance(block, bytes) or len(block) > HINT_LIMIT:
        return ""
    for words, change in HINTS:
        if hashlib.sha256(change(block)).digest() == wanted:
            return f"it would hold {words}"
    return ""
