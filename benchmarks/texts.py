"""A catalog of synthetic texts: notices of the length and make of a ministry's, with their rows."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from random import Random
from typing import Any

from sqlalchemy import Engine, insert
from sqlmodel import SQLModel

from archive.ident import ident
from catalog.database import writing
from catalog.holdings import Capture, Document, Version
from catalog.keys import document_id, url_key, version_id
from catalog.texts import TEXT, Posting, Text
from catalog.values import table_of

Row = dict[str, Any]
EPOCH = datetime(2021, 1, 1, tzinfo=UTC)
WORDS = 30_000
BATCH = 1000


class Notices:
    """Texts of the 3,755 commonest simplified characters, in words that are as unequally common as
    those of a language; a twentieth digits, Latin and brackets.
    """

    def __init__(self, seed: int = 1) -> None:
        self._random = random = Random(seed)
        common = [_gb2312(row, cell) for row in range(16, 56) for cell in range(1, 95)]
        characters = [character for character in common if character]
        random.shuffle(characters)
        weights = [1 / (rank + 3) for rank in range(len(characters))]
        made = (
            "".join(random.choices(characters, weights, k=random.choice((1, 2, 2, 2, 2, 3, 4))))
            for _ in range(2 * WORDS)
        )
        self.words = list(islice(dict.fromkeys(made), WORDS))
        self._weights = [(rank + 10) ** -0.9 for rank in range(len(self.words))]
        self._latin = [
            "".join(random.choices("etaoinshrdlu", k=random.randint(2, 9))) for _ in range(2000)
        ]

    def title(self) -> str:
        return "关于" + "".join(self._random.choices(self.words, self._weights, k=6)) + "的通知"

    def paragraphs(self) -> list[str]:
        length = int(min(max(self._random.lognormvariate(5.9, 0.9), 40), 20_000))
        pieces: list[str] = []
        for word in self._random.choices(self.words, self._weights, k=length):
            pieces.append(word)
            pieces.append(self._between(word))
        return [line for line in "".join(pieces).split("\n") if line]

    def _between(self, word: str) -> str:
        drawn = self._random.random()
        if drawn < 0.14:
            return "，" if drawn < 0.10 else "。"
        if drawn < 0.16:
            return "\n"
        if drawn < 0.18:
            return str(self._random.choice((2021, 2022, 2023, self._random.randint(1, 5000))))
        if drawn < 0.19:
            return f" {self._random.choice(self._latin)} "
        return f"（{word}）" if drawn < 0.20 else ""


def _gb2312(row: int, cell: int) -> str:
    return bytes((0xA0 + row, 0xA0 + cell)).decode("gb2312", "ignore")


def fill(engine: Engine, documents: int, notices: Notices) -> int:
    """Enter so many texts, each of a document of its own; returns their length in UTF-8."""
    size = 0
    rows = _rows(documents, notices)
    tables: tuple[type[SQLModel], ...] = (Document, Version, Capture, Text, Posting)
    with writing(engine) as connection:
        while batch := list(islice(rows, BATCH)):
            with connection.begin():
                for model, of_table in zip(tables, zip(*batch, strict=True), strict=True):
                    connection.execute(insert(table_of(model)), list(of_table))
            size += sum(len(row[3]["body"].encode()) for row in batch)
    return size


def _rows(documents: int, notices: Notices) -> Iterator[tuple[Row, ...]]:
    for number in range(documents):
        url = f"http://www.agency-{number % 40}.example/notices/{number}.html"
        paragraphs = notices.paragraphs()
        body = "\n".join(paragraphs)
        digest = hashlib.sha256(f"{number}\n{body}".encode()).digest()
        id_, time = version_id(digest), EPOCH + timedelta(hours=number)
        capture: Row = {
            "id": ident("capture", str(number)), "document_id": document_id(url), "version_id": id_,
            "url": url, "url_key": url_key(url), "time": time, "method": "GET",
            "outcome": "content", "status": 200, "fidelity": "wire", "media_type": "text/html",
            "cause": "link", "depth": 1, "attempt": 1, "flags": "", "absent": "",
            "content_length": len(body), "content_sha256": digest, "file": "x", "offset": number,
            "length": 1,
        }  # fmt: skip
        text: Row = {
            "version_id": id_, "kind": TEXT, "content_sha256": digest, "capture_id": capture["id"],
            "tool": "benchmark", "recipe": "benchmark/1", "real_type": "text/html", "agrees": True,
            "outcome": "content", "text_sha256": digest, "characters": len(body), "body": body,
            "passages": [[len(line), {"paragraph": at}] for at, line in enumerate(paragraphs, 1)],
            "properties": [],
        }  # fmt: skip
        posting = {
            "version_id": id_,
            "title": notices.title(),
            "posted": time.date().isoformat(),
        }
        version = {"id": id_, "sha256": digest, "blake3": digest, "length": len(body)}
        yield {"id": document_id(url), "url": url}, version, capture, text, posting
