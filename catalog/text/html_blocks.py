"""A walk over a parsed page: its lines of text, each with its place, and its links with their words."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from selectolax.lexbor import LexborNode

from catalog.text.extraction import Locator, Passage
from catalog.text.html_tables import Table
from catalog.text.html_words import BLOCKS, FALLBACK, PARTS, UNSEEN, VERBATIM, is_hidden, part_of

SPACES = re.compile(r"[ \t\n\r\f]+")
"""What a browser shows as one space. Others, as the full-width one, stand as they are written."""
LINE_ENDS = re.compile(r"\r\n?|\n")
VIEWER = re.compile(
    r"""(?:showVsbpdfIframe|showPdf|vsb_pdf_image_data)\s*\(?\s*["']([^"'\s]{1,500})["']"""
)
"""How scripts name the file that a page shows in its frame (site family VSB)."""
ADDRESSES = {
    "a": "href",
    "area": "href",
    "iframe": "src",
    "frame": "src",
    "embed": "src",
    "object": "data",
}
WORDS = 300
"""Characters that are kept of the words of a link."""


class Context(NamedTuple):
    """Where the walk is: what holds for all text beneath an element."""

    part: str | None = None
    table: Table | None = None
    cell: str | None = None
    is_verbatim: bool = False


class Line(NamedTuple):
    text: str
    at: Context


@dataclass
class Walk:
    """What is gathered on the way, in the order of the page."""

    lines: list[Line] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    links: list[tuple[str, str]] = field(default_factory=list)
    draws_by_script: bool = False
    _pieces: list[str] = field(default_factory=list)
    _place: Context | None = None
    _address: str | None = None
    _words: list[str] = field(default_factory=list)

    def over(self, root: LexborNode) -> None:
        """Walk over all beneath `root`, however deep: without recursion."""
        node: LexborNode | None = root
        context = Context()
        above: list[tuple[LexborNode, Context, bool]] = []
        while node is not None:
            if node.tag == "-text":
                self._text(node, context)
            elif (inner := self._enter(node, context)) is not None:
                breaks = inner.part != context.part
                if (child := node.first_child) is not None:
                    above.append((node, context, breaks))
                    node, context = child, inner
                    continue
                self._leave(node, breaks)
            node = node.next
            while node is None and above:
                left, context, breaks = above.pop()
                self._leave(left, breaks)
                node = left.next if above else None
        self._end_line()

    def passages(self) -> tuple[Passage, ...]:
        """The lines with their places; tables of data are numbered, others are left out of them."""
        data = [table for table in self.tables if table.is_data]
        numbers = {id(table): number for number, table in enumerate(data, 1)}
        return tuple(
            Passage(line.text, _locator(line.at, numbers, paragraph))
            for paragraph, line in enumerate(self.lines, 1)
        )

    def _enter(self, node: LexborNode, context: Context) -> Context | None:
        """What holds beneath an element; `None` where nothing beneath it is seen."""
        tag = node.tag or ""
        if tag in UNSEEN or tag in FALLBACK:
            self._unseen(node, tag)
            return None
        if tag.startswith(("-", "!")):
            return Context() if tag == "-document" else None
        attributes = node.attributes
        part = context.part
        if part != "hidden" and (attributes or tag in PARTS):
            part = "hidden" if is_hidden(attributes) else part or part_of(tag, attributes)
        if tag in BLOCKS or part != context.part:
            self._end_line()
        if tag in ADDRESSES:
            self._begin_link(attributes.get(ADDRESSES[tag]))
        elif tag == "img" and self._address is not None:
            self._words.append(attributes.get("alt") or attributes.get("title") or "")
        inner = self._in_table(tag, attributes, context) if tag in BLOCKS else context
        return inner if part == inner.part else inner._replace(part=part)

    def _in_table(self, tag: str, attributes: dict[str, str | None], context: Context) -> Context:
        if tag == "table":
            if context.table is not None:
                context.table.holds_table = True
            table = Table()
            self.tables.append(table)
            return context._replace(table=table, cell=None)
        if tag in VERBATIM:
            return context._replace(is_verbatim=True)
        if context.table is not None and tag == "tr":
            context.table.row()
        elif context.table is not None and tag in {"td", "th"}:
            cell = context.table.cell(attributes.get("colspan"), attributes.get("rowspan"))
            return context._replace(cell=cell)
        return context

    def _leave(self, node: LexborNode, breaks: bool) -> None:
        """After all that is beneath an element; `breaks` where another part ends with it."""
        tag = node.tag or ""
        if breaks or tag in BLOCKS:
            self._end_line()
        if tag in ADDRESSES:
            self._end_link()

    def _unseen(self, node: LexborNode, tag: str) -> None:
        if tag == "script":
            self.draws_by_script = True
            script = node.text(deep=True)
            if "df" in script:
                self.links.extend((address, "") for address in VIEWER.findall(script))
        elif tag in ADDRESSES:
            attributes = node.attributes
            self._begin_link(attributes.get(ADDRESSES[tag]))
            self._words.append(attributes.get("title") or attributes.get("name") or "")
            self._end_link()

    def _text(self, node: LexborNode, context: Context) -> None:
        text = node.text(deep=False)
        if self._address is not None:
            self._words.append(text)
        if text.isspace() and not context.is_verbatim:
            if self._pieces:
                self._pieces.append(" ")
        elif context.is_verbatim:
            first, *more = LINE_ENDS.split(text)
            self._add(first, context)
            for line in more:
                self._end_line()
                self._add(line, context)
        else:
            self._add(SPACES.sub(" ", text), context)

    def _add(self, text: str, context: Context) -> None:
        if not self._pieces:
            self._place = context
        self._pieces.append(text)

    def _end_line(self) -> None:
        place = self._place
        if not self._pieces or place is None:
            return
        text = "".join(self._pieces)
        self._pieces.clear()
        if not place.is_verbatim:
            text = SPACES.sub(" ", text)
        if text := text.strip():
            self.lines.append(Line(text, place))

    def _begin_link(self, address: str | None) -> None:
        self._end_link()
        if address and (address := address.strip()):
            self._address = address

    def _end_link(self) -> None:
        if self._address is not None:
            words = SPACES.sub(" ", "".join(self._words)).strip()
            self.links.append((self._address, words[:WORDS]))
        self._address = None
        self._words.clear()


def _locator(at: Context, numbers: dict[int, int], paragraph: int) -> Locator:
    number = numbers.get(id(at.table)) if at.table else None
    if number is None or at.cell is None:
        return Locator(part=at.part, paragraph=paragraph)
    return Locator(part=at.part or f"table {number}", cell=at.cell, paragraph=paragraph)
