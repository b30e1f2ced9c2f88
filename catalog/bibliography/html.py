"""Web pages: links, robust links (robustlinks.mementoweb.org) and addresses in the text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser, LexborNode

from catalog.bibliography.entry import Entry, is_copy, trimmed, urls_in
from catalog.bibliography.running import RAW, entries_in, entry_of, is_quotation, quotes_in
from catalog.postings.dates import date_of

_BLOCKS = frozenset("p li td blockquote dd figcaption h1 h2 h3 h4 h5 h6 div body".split())  # noqa: SIM905 -- as HTML has them
_HIDDEN = ("script", "style", "template", "noscript")


@dataclass(frozen=True)
class _Block:
    """A block of text with the links in it."""

    text: str
    links: int
    """Those that lead out."""
    quotes: tuple[str, ...]

    @classmethod
    def of(cls, node: LexborNode) -> _Block:
        text = " ".join(node.text(separator="").split())
        links = sum(map(_leads_out, node.css("a")))
        own = (" ".join(each.text().split()) for each in node.css("q"))
        quotes = quotes_in(text) or tuple(words for words in own if is_quotation(words))
        return cls(text, links, quotes if node.tag != "blockquote" else (text,))

    def quoted_by(self, link: LexborNode) -> tuple[str, ...]:
        """What it quotes from a link, where that is its only one."""
        if self.links > 1 or len(self.text) > RAW:
            return ()
        words = " ".join(link.text().split())
        bare = (quote.replace(words, "") if words else quote for quote in self.quotes)
        found = (quote.strip('“”"「」 —–-') for quote in bare)
        return tuple(quote for quote in found if is_quotation(quote))


def read(text: str) -> Iterator[Entry]:
    """An entry for each link that leads out, and each address that is only text."""
    tree = LexborHTMLParser(text)
    seen: set[str] = set()
    blocks: dict[int, _Block] = {}
    for number, link in enumerate(tree.css("a"), 1):
        urls = _urls(link)
        if urls:
            seen.update(urls)
            yield _entry(link, urls, f"link {number}", _block(link, blocks))
    if tree.body is not None:
        tree.strip_tags(list(_HIDDEN))
        for line in tree.body.text(separator=" ").splitlines():
            bare = [url for url in urls_in(line) if url not in seen]
            seen.update(bare)
            yield from entries_in(line, bare, place="text")


def _entry(link: LexborNode, urls: list[str], place: str, block: _Block | None) -> Entry:
    words = " ".join(link.text().split())
    return entry_of(
        block.text if block and len(block.text) <= RAW else words,
        urls,
        place=place,
        title=words or None,
        seen=date_of(link.attributes.get("data-versiondate") or ""),
        quotes=block.quoted_by(link) if block else (),
    )


def _urls(link: LexborNode) -> list[str]:
    """Where a link leads, and the copies that a robust one names."""
    told = {name: value or "" for name, value in link.attributes.items()}
    href, original = told.get("href", ""), told.get("data-originalurl", "")
    copies = told.get("data-versionurl", "").split()
    if original and href != original:  # then the link itself leads to the copy
        copies.append(href)
    urls = [trimmed(url) for url in (original or href, *copies) if _is_address(url)]
    return urls[:1] + [url for url in urls[1:] if original or is_copy(url)]


def _is_address(url: str) -> bool:
    return url.lower().startswith(("http://", "https://"))


def _leads_out(link: LexborNode) -> bool:
    return _is_address(link.attributes.get("href") or "")


def _block(link: LexborNode, known: dict[int, _Block]) -> _Block | None:
    """The block that a link stands in, read once for all its links."""
    node = link.parent
    while node is not None and node.tag not in _BLOCKS:
        node = node.parent
    if node is None:
        return None
    if node.mem_id not in known:
        known[node.mem_id] = _Block.of(node)
    return known[node.mem_id]
