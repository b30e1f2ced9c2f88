"""Word: footnotes, endnotes, hyperlinks and addresses in the running text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from catalog.bibliography.entry import Entry, urls_in
from catalog.bibliography.running import entry_of, grouped, quotes_in
from catalog.text.docx import extract
from catalog.text.formats import Content


def read(path: Path) -> Iterator[Entry]:
    """An entry for each address, by footnote or paragraph, and for each hyperlink behind words."""
    found = extract(Content(path=path, real_type="application/docx", name=path.name))
    seen: set[str] = set()
    for passage in found.passages:
        for urls in grouped(urls_in(passage.text)):
            seen.update(urls)
            yield entry_of(
                passage.text, urls, place=str(passage.at), quotes=quotes_in(passage.text)
            )
    for url, words in found.links:
        if url.startswith(("http://", "https://")) and url not in seen:
            seen.add(url)
            yield entry_of(words, [url], place="hyperlink", title=words or None)
