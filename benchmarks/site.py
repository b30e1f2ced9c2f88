"""A generated site of Chinese notices and attachments: the same bytes for the same numbers.

After the measured shape of ministry sites: pages of 10 to 40 KB with thirty navigation links each,
listings of 25 postings, and attachments of 0.2 to 3 MB that hardly compress. The pages deflate to
0.29 of their size as fast as real ones do: text that repeats itself slows down peers that use gzip -9.
"""

from __future__ import annotations

import itertools
import shutil
from dataclasses import dataclass
from pathlib import Path
from random import Random

WORDS = 3000
PARAGRAPH = (
    '<p style="text-indent: 2em; line-height: 28px; margin: 0px 0px 15px; font-family: 宋体; '
    'font-size: 16px;"><span style="font-family: 宋体; font-size: 16px;">'
)
NAVIGATION = 29
A_LISTING = 25


@dataclass(frozen=True)
class Site:
    """What is to be fetched: every URL path reachable from `/`, and the bytes on disk."""

    folder: Path
    pages: int
    attachments: int

    @property
    def listings(self) -> int:
        return max(1, -(-self.pages // A_LISTING))

    @property
    def paths(self) -> set[str]:
        return {
            "/",
            *(f"/list/{n}.html" for n in range(self.listings)),
            *(f"/posts/{n}.html" for n in range(self.pages)),
            *(f"/files/{n}.pdf" for n in range(self.attachments)),
        }

    @property
    def size(self) -> int:
        return sum(path.stat().st_size for path in self.folder.rglob("*") if path.is_file())


def site(folder: Path, pages: int, attachments: int = 0) -> Site:
    """The site in `folder`, generated unless it is there whole."""
    made = Site(folder, pages, attachments)
    done = folder.with_name(folder.name + ".done")
    if not done.exists() or done.read_text() != repr(made):
        shutil.rmtree(folder, ignore_errors=True)
        _write(made)
        done.write_text(repr(made))
    return made


def _write(made: Site) -> None:
    for name in ("list", "posts", "files"):
        (made.folder / name).mkdir(parents=True)
    text = _Text()
    navigation = _links("list", range(min(NAVIGATION, made.listings)))
    listings = _links("list", range(made.listings))
    (made.folder / "index.html").write_text(_page("公告", navigation, listings))
    for n in range(made.listings):
        posts = _links("posts", range(n * A_LISTING, min((n + 1) * A_LISTING, made.pages)))
        (made.folder / f"list/{n}.html").write_text(_page(f"第{n}页", navigation, posts))
    for n in range(made.pages):
        body = text.paragraphs(Random(n))
        links = _links("posts", sorted({n * 7 % made.pages, n * 13 % made.pages}))
        files = range(n * made.attachments // made.pages, (n + 1) * made.attachments // made.pages)
        links += "".join(f'<a href="/files/{f}.pdf">附件{f}</a>' for f in files)
        (made.folder / f"posts/{n}.html").write_text(_page(f"通知{n}", navigation, body + links))
    for n in range(made.attachments):
        (made.folder / f"files/{n}.pdf").write_bytes(_attachment(Random(-n - 1)))


class _Text:
    """Words drawn as speech draws them: a few often, most seldom."""

    def __init__(self) -> None:
        random = Random("words")
        self._words = [
            "".join(
                chr(random.randrange(0x4E00, 0x9000)) for _ in range(random.choice((1, 2, 2, 4)))
            )
            for _ in range(WORDS)
        ]
        self._weights = list(itertools.accumulate(1 / (n + 1) for n in range(WORDS)))

    def paragraphs(self, random: Random) -> str:
        """HTML of 9 to 37 KB, so that a page with its navigation has 10 to 40."""
        left = random.randrange(9_000, 37_000)
        made = []
        while left > 0:
            length = random.randrange(10, 70)
            words = random.choices(self._words, cum_weights=self._weights, k=length)
            made.append(f"{PARAGRAPH}{''.join(words)}。</span></p>\n")
            left -= len(made[-1].encode())
        return "".join(made)


def _links(folder: str, numbers: range | list[int]) -> str:
    return "".join(f'<li><a href="/{folder}/{n}.html">{folder} {n}</a></li>\n' for n in numbers)


def _page(title: str, navigation: str, body: str) -> str:
    return (
        f'<!DOCTYPE html>\n<html lang="zh"><head><meta charset="utf-8"><title>{title}</title></head>'
        f'<body><ul><li><a href="/">首页</a></li>\n{navigation}</ul>\n<h1>{title}</h1>\n{body}</body></html>\n'
    )


def _attachment(random: Random) -> bytes:
    """0.2 to 3 MB, five parts in six of it already compressed, as in a PDF."""
    parts = [b"%PDF-1.4\n"]
    for _ in range(random.randrange(50, 560)):
        parts += [random.randbytes(3584), b"0000000000 65535 n \n" * 32]
    return b"".join(parts)
