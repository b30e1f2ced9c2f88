"""The bytes behind rows: a capture's answer, opened where it lies in the archive."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine

from archive.answer import Answer
from archive.layout import ArchiveRoot
from catalog.fixity import record_referred_to
from catalog.holdings import Capture


def open_answer(engine: Engine, root: ArchiveRoot, capture: Capture) -> Answer:
    """What a row of the catalog stands for. Raises `DamagedError` where its WARC file is missing."""

    def find(record_id: str) -> tuple[Path, int, int] | None:
        found = record_referred_to(engine, capture)
        if found is None or found.record_id != record_id:
            return None
        return root.warc / found.file, found.offset, found.stored_length

    return Answer.at(root.warc / capture.file, capture.offset, find)
