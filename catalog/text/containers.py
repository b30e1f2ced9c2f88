"""What kind of document a container is: by the directory of a ZIP file or of a compound file."""

from __future__ import annotations

import re
import struct
import zipfile
from pathlib import Path

from catalog.text import media_types as types

DIRECTORY = 4 << 20
"""Bytes of a ZIP file's directory that are read, about 50,000 entries; a larger one is just a ZIP."""

MAIN_PARTS = (
    ("word/document", types.DOCX),
    ("xl/workbook.bin", types.XLSB),
    ("xl/workbook", types.XLSX),
    ("ppt/presentation", types.PPTX),
    ("ofd.xml", types.OFD),
    ("meta-inf/manifest.mf", "application/java-archive"),
)
"""How the name of the part begins that makes a ZIP file a document (ECMA-376, GB/T 33190)."""

LOCAL = re.compile(rb"PK\x03\x04.{22}(..)..", re.DOTALL)
"""The header before each file in a ZIP (APPNOTE 4.3.7), to its name."""

STREAMS = (
    ("EncryptedPackage", types.ENCRYPTED),
    ("WordDocument", types.DOC),
    ("Workbook", types.XLS),
    ("Book", types.XLS),
    ("PowerPoint Document", types.PPT),
    ("VisioDocument", "application/vnd.visio"),
    ("HwpSummaryInformation", "application/x-hwp"),
    ("__properties_version1.0", "application/vnd.ms-outlook"),
)
"""Streams of a compound file (MS-CFB), in the order of looking; WPS Office writes the same."""


def in_zip(path: Path, head: bytes) -> str:
    """The type of a ZIP file; of one without a directory, by the names in its head."""
    if not _is_small(path):
        return types.ZIP
    try:
        with zipfile.ZipFile(path) as container:
            names = container.namelist()
            if "mimetype" in names:  # OpenDocument and EPUB: its first file, not compressed
                with container.open("mimetype") as file:
                    told = file.read(100).decode("ascii", "replace").strip()
                return told if re.fullmatch(r"application/[\w.+-]+", told) else types.ZIP
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, OSError, EOFError):
        names = [head[at : at + length].decode("utf-8", "replace") for at, length in _local(head)]
    return _by_main_part(names)


def _is_small(path: Path) -> bool:
    """Whether the directory is within bounds; so is one that is not there."""
    with path.open("rb") as file:
        file.seek(max(path.stat().st_size - (1 << 16) - 22, 0))
        tail = file.read()
    end = tail.rfind(b"PK\x05\x06")
    if end < 0 or len(tail) < end + 16:
        return True
    (size,) = struct.unpack_from("<I", tail, end + 12)
    return bool(size <= DIRECTORY)


def _local(head: bytes) -> list[tuple[int, int]]:
    return [(found.end(), int.from_bytes(found[1], "little")) for found in LOCAL.finditer(head)]


def _by_main_part(names: list[str]) -> str:
    lowered = [name.replace("\\", "/").lstrip("/").lower() for name in names]
    for start, media in MAIN_PARTS:
        if any(name.startswith(start) for name in lowered):
            return media
    return types.ZIP


def in_ole(path: Path) -> str:
    """The type of a compound file, by the streams in its root."""
    import olefile  # noqa: PLC0415 -- few files are of this kind

    try:
        with olefile.OleFileIO(path) as container:
            names = {entry[0].lower() for entry in container.listdir() if entry}
    except (OSError, ValueError, IndexError, struct.error):
        return types.OLE
    for stream, media in STREAMS:
        if stream.lower() in names:
            return media
    return types.OLE
