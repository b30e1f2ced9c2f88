"""What a page links to: from HTML and style sheets, as browsers read them.

Little is done for a link that is known: on a ministry's site 30 of 31 links of a page are. A raw
`href` met before in the same folder is not even resolved, and only a new link's text is gathered.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any, NamedTuple
from urllib.parse import unquote

from selectolax.lexbor import LexborHTMLParser

from archive.encoding import Decoded
from archive.urls import Base, NotWebError, resolve

MOST_LINKS = 50_000
"""New links taken from one page; more are counted, so that a page of garbage ends."""
MOST_REMEMBERED = 50_000
"""Raw `href`s kept to pass over; a bound on memory, not on what is found."""
MOST_TEXT = 300

TAGS: dict[str, tuple[tuple[str, str], ...]] = {
    "a": (("href", "link"),),
    "area": (("href", "link"),),
    "link": (("href", "rel"),),
    "img": (("src", "requisite"), ("srcset", "srcset")),
    "script": (("src", "requisite"),),
    "iframe": (("src", "requisite"),),
    "frame": (("src", "requisite"),),
    "source": (("src", "requisite"), ("srcset", "srcset")),
    "embed": (("src", "requisite"),),
    "object": (("data", "requisite"),),
    "video": (("src", "requisite"), ("poster", "requisite")),
    "audio": (("src", "requisite"),),
    "track": (("src", "requisite"),),
    "input": (("src", "requisite"),),
    "image": (("href", "requisite"), ("xlink:href", "requisite")),
    "body": (("background", "requisite"),),
    "meta": (("content", "refresh"),),
    "style": (),
}
ALL_TAGS = ",".join(TAGS)
REQUISITE_RELS = frozenset(
    {"stylesheet", "icon", "apple-touch-icon", "mask-icon", "preload", "modulepreload", "manifest"}
)
ATTACHMENTS = frozenset(
    (
        *("pdf", "ofd", "caj", "ceb", "doc", "docx", "dot", "wps", "rtf", "odt", "epub", "txt"),
        *("xls", "xlsx", "et", "csv", "ods", "ppt", "pptx", "pps", "dps", "odp", "xml", "json"),
        *("zip", "rar", "7z", "tar", "gz", "tgz", "bz2", "xz", "mp3", "mp4", "wav", "avi", "wmv"),
    )
)
"""Endings of what is attached to a posting."""

MOST_TAGS = 2_000
"""Tags of a page that may nest as they like: the parser needs the square of their number at worst."""
MOST_NESTED = 500
NESTING = re.compile(
    r"<(/?)(?!(?:a|area|base|br|col|embed|hr|img|input|link|meta|param|source|track|wbr|p|li|dd|dt"
    r"|t[rdh]|tbody|thead|tfoot|colgroup|option|path|rect|circle|ellipse|line|poly\w+|use|stop)\b)[a-z]",
    re.IGNORECASE,
)
LINK_TAG = re.compile(rf"<({'|'.join(TAGS)}|base)\b[^<>]{{0,4000}}>", re.IGNORECASE)
EMPTY_SEGMENT = re.compile(r"(?![/\\]|[\w+.-]*:)[^?]*?[^?/]//")
"""A relative link such as `img//a.png`. Browsers keep the empty segment and many libraries drop it,
which is why a site may know either URL: both are asked for."""
SLASHES = re.compile("/{2,}")
BASE = re.compile("<[bB][aA][sS][eE]")
REFRESH = re.compile(r"\s*[\d.]*\s*[;,]?\s*(?:url\s*=\s*)?[\"']?([^\"']+)", re.IGNORECASE)
SRCSET = re.compile(r"[\s,]*([^\s,]\S*[^\s,]|[^\s,])(?:\s+[^,]*)?")
COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
IN_STYLE = re.compile(
    r"""url\(\s*((?:\\.|[^\s"'()\\]){1,4000})"""
    r"""|(?:url\(\s*|@import\s+)(?:"([^"\n]{0,4000})"|'([^'\n]{0,4000})')""",
    re.IGNORECASE,
)
ESCAPE = re.compile(r"\\(?:([0-9a-fA-F]{1,6})\s?|(.))")


class Link(NamedTuple):
    """A link that was not known: where it leads, the words that name it, what it is."""

    url: str
    text: str | None
    kind: str
    """`link`, `attachment` or `requisite`; from `crawler.lists` also `sitemap` and `feed`."""


@dataclass(slots=True)
class Found:
    """The new links of one page, and what was left out."""

    links: list[Link] = field(default_factory=list)
    schemes: int = 0
    """Links of schemes that are not the web's: mailto, javascript, file …"""
    malformed: int = 0
    over: int = 0
    """New links beyond `MOST_LINKS`."""


Known = Callable[[str, bool], bool]
"""Whether a URL is known already, as a page or (true) as a requisite."""


class LinkReader:
    """Reads the new links of page after page of one crawl."""

    def __init__(self, known: Known) -> None:
        self.known = known
        self._passed: dict[tuple[str, bool], set[str]] = {}
        self._remembered = 0

    def html(self, page: Decoded, url: str) -> Found:
        """New links of an HTML page at `url`; `Decoded.query_encoding` is how its queries go out."""
        tree = LexborHTMLParser(_tame(page.text))
        base = Base.of(url, page.query_encoding)
        reading = _Reading(self, _base(tree, base) if BASE.search(page.text) else base)
        for node in tree.css(ALL_TAGS):
            tag = node.tag or ""
            if tag == "style":
                reading.style(node.text())
                continue
            attributes = node.attributes
            for name, kind in TAGS[tag]:
                value = attributes.get(name)
                if value:
                    reading.attribute(value, kind, node, attributes)
        if "url(" in page.text:
            for node in tree.css('[style*="url("]'):
                reading.style(node.attributes["style"] or "")
        return reading.found

    def style(self, text: str, url: str) -> Found:
        """New links of a style sheet at `url`; its queries go out as UTF-8."""
        reading = _Reading(self, Base.of(url))
        reading.style(text)
        return reading.found

    def passed(self, place: str, requisite: bool) -> set[str]:
        """The raw `href`s met so far in a folder or on a host."""
        return self._passed.setdefault((place, requisite), set())

    def remember(self, passed: set[str], raw: str) -> None:
        if self._remembered >= MOST_REMEMBERED:
            for hrefs in self._passed.values():
                hrefs.clear()
            self._passed.clear()
            self._remembered = 0
        passed.add(raw)
        self._remembered += 1


class _Reading:
    """One page being read."""

    def __init__(self, reader: LinkReader, base: Base) -> None:
        self.found = Found()
        self._reader = reader
        self._base = base
        folder = base.origin + base.directory
        self._near = (reader.passed(folder, False), reader.passed(folder, True))
        self._far = (reader.passed(base.origin, False), reader.passed(base.origin, True))
        self._met: set[tuple[str, bool]] = set()

    def attribute(self, value: str, kind: str, node: Any, attributes: dict[str, Any]) -> None:
        if kind == "link":
            self.one(value, kind, node)
        elif kind == "requisite":
            self.one(value, kind)
        elif kind == "srcset":
            for match in SRCSET.finditer(value):
                self.one(match[1], "requisite")
        elif kind == "rel":
            rels = (attributes.get("rel") or "").lower().split()
            self.one(value, "link" if REQUISITE_RELS.isdisjoint(rels) else "requisite")
        elif (attributes.get("http-equiv") or "").strip().lower() == "refresh":
            target = REFRESH.match(value)
            if target:
                self.one(target[1], "link")

    def style(self, text: str) -> None:
        for raw in in_style(text):
            self.one(raw, "requisite")

    def one(self, raw: str, kind: str, node: Any = None) -> None:
        requisite = kind == "requisite"
        if raw in self._near[requisite] or raw in self._far[requisite] or raw[:1] in {"#", ""}:
            return
        if EMPTY_SEGMENT.match(raw):
            self.one(SLASHES.sub("/", raw), kind, node)
        if raw.isascii() and raw[0] != "?":  # else it depends on the encoding, or the whole path
            rooted = raw[0] == "/" or raw.startswith(("http://", "https://"))
            self._reader.remember((self._far if rooted else self._near)[requisite], raw)
        try:
            url = resolve(self._base, raw)
        except NotWebError as refused:
            self.found.schemes += refused.reason == "scheme"
            self.found.malformed += refused.reason == "malformed"
            return
        if (url, requisite) in self._met or self._reader.known(url, requisite):
            return
        if len(self.found.links) >= MOST_LINKS:
            self.found.over += 1
            self._near[requisite].discard(raw)
            self._far[requisite].discard(raw)
            return
        self._met.add((url, requisite))
        if kind == "link" and is_attachment(url):
            kind = "attachment"
        self.found.links.append(Link(url, _text(node) if node else None, kind))


def in_style(text: str) -> Iterator[str]:
    """The URLs of a style sheet: `url()` and `@import`, comments left out, escapes read."""
    for match in IN_STYLE.finditer(COMMENT.sub(" ", text)):
        raw = match[1] or match[2] or match[3] or ""
        yield ESCAPE.sub(_unescaped, raw) if "\\" in raw else raw


def is_attachment(url: str) -> bool:
    """Whether a URL ends as an attachment's does."""
    name = url.partition("?")[0].rpartition("/")[2]
    return unquote(name).rpartition(".")[2].lower() in ATTACHMENTS and "." in name


def _unescaped(match: re.Match[str]) -> str:
    if match[1]:
        number = int(match[1], 16)
        return chr(number) if 0 < number < 0x110000 and not 0xD800 <= number < 0xE000 else "\ufffd"
    return match[2]


def _tame(text: str) -> str:
    """A page that nests beyond sense, reduced to its bare link tags."""
    if text.count("<") <= MOST_TAGS:
        return text
    steps = (-1 if slash else 1 for slash in NESTING.findall(text))
    if max(accumulate(steps, initial=0)) <= MOST_NESTED:
        return text
    return "".join(f"{tag[0]}</{tag[1]}>" for tag in LINK_TAG.finditer(text))


def _base(tree: LexborHTMLParser, base: Base) -> Base:
    node = tree.css_first("base[href]")
    if node is None:
        return base
    try:
        return Base.of(resolve(base, node.attributes["href"] or ""), base.encoding)
    except NotWebError:
        return base


def _text(node: Any) -> str | None:
    """The words of a link: its text, else its title, else what its image stands for."""
    words = " ".join(node.text().split())
    if not words:
        image = node if node.tag == "img" else node.css_first("img[alt]")
        attributes = node.attributes
        words = attributes.get("title") or (image.attributes.get("alt") if image else None) or ""
    return words[:MOST_TEXT].strip() or None
