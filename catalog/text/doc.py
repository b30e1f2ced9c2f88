"""Word before 2007, by the program catdoc, which reads text and runs nothing."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import Any

import olefile

from catalog.text.extraction import Extraction, Locator, Passage
from catalog.text.formats import Content

RECIPE = "doc/1"
PROGRAM = "catdoc"
_ENCRYPTED = 0x0100
"""Bit `fEncrypted` of the File Information Block ([MS-DOC] 2.5.2)."""
_VERSION = re.compile(r"Version\s+(\S+)")
_MARKS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def extract(content: Content) -> Extraction:
    """Read a Word document, paragraph by paragraph; table cells are paragraphs of their own.

    Raises what olefile raises for a file that is no OLE file.
    """
    if _is_encrypted(content):
        return _none("encrypted", "it opens with a password only")
    program = shutil.which(PROGRAM)
    if program is None:
        return _none("unsupported", f"the program {PROGRAM} is not installed, which reads old Word")
    done = subprocess.run(  # noqa: S603 - its path is looked up, and its input is a file of our own
        [program, "-d", "utf-8", "-w", content.path], capture_output=True, check=False
    )
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        return _none("damaged", said[-1] if said else f"{PROGRAM} ended with {done.returncode}")
    text = done.stdout.decode("utf-8", "replace")
    lines = (_MARKS.sub("", line).strip() for line in re.split(r"[\n\x07]", text))
    passages = tuple(
        Passage(line, Locator(paragraph=number))
        for number, line in enumerate(filter(None, lines), 1)
    )
    return Extraction(
        tool=_tool(program),
        recipe=RECIPE,
        passages=passages,
        code=None if passages else "no-text",
        detail=None if passages else "the document has no text",
        properties=tuple(_properties(content)),
    )


def _none(code: str, detail: str) -> Extraction:
    return Extraction(tool=PROGRAM, recipe=RECIPE, code=code, detail=detail)


def _tool(program: str) -> str:
    done = subprocess.run([program, "-V"], capture_output=True, check=False)  # noqa: S603 - as above
    found = _VERSION.search(
        done.stdout.decode("ascii", "replace") + done.stderr.decode("ascii", "replace")
    )
    return f"{PROGRAM} {found[1]}" if found else PROGRAM


def _is_encrypted(content: Content) -> bool:
    with olefile.OleFileIO(content.path) as ole:
        if not ole.exists("WordDocument"):
            return False
        head = ole.openstream("WordDocument").read(12)
    return len(head) == 12 and bool(int.from_bytes(head[10:12], "little") & _ENCRYPTED)


def _properties(content: Content) -> list[tuple[str, str]]:
    with olefile.OleFileIO(content.path) as ole:
        meta = ole.get_metadata()
        codec = f"cp{meta.codepage}" if meta.codepage and meta.codepage > 0 else "utf-8"
        found = []
        for name in ("title", "subject", "author", "company", "last_saved_by", "create_time"):
            value: Any = getattr(meta, name, None)
            if isinstance(value, bytes):
                try:
                    value = value.decode("gb18030" if codec == "cp936" else codec, "replace")
                except LookupError:
                    value = value.decode("utf-8", "replace")
            if value:
                found.append((name, str(value).replace("\x00", "").strip()))
        return found
