"""How the elements of a page are shown: what breaks a line, what is never seen, what leads around."""

from __future__ import annotations

import re

UNSEEN = frozenset(
    [
        "script",
        "style",
        "template",
        "noscript",
        "noframes",
        "head",
        "svg",
        "rp",
        "datalist",
        "param",
    ]
)
"""Never shown to a reader whose browser runs scripts. Text that a style sheet hides cannot be told."""

FALLBACK = frozenset({"iframe", "object", "embed", "audio", "video", "canvas"})
"""Shown in place of what stands in them."""

BLOCKS = frozenset(
    (
        *("address", "article", "aside", "blockquote", "body", "br", "caption", "center", "dd"),
        *("details", "dialog", "dir", "div", "dl", "dt", "fieldset", "figcaption", "figure"),
        *("footer", "form", "frameset", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hgroup"),
        *("hr", "html", "legend", "li", "listing", "main", "menu", "nav", "ol", "optgroup"),
        *("option", "p", "plaintext", "pre", "search", "section", "select", "summary", "table"),
        *("tbody", "td", "textarea", "tfoot", "th", "thead", "tr", "ul", "xmp"),
    )
)
"""Begin and end a line (HTML, 15.3)."""

VERBATIM = frozenset({"pre", "listing", "plaintext", "textarea", "xmp"})
"""Whose spaces and line ends are shown as they are."""

PARTS = {"nav": "nav", "footer": "footer", "menu": "nav"}
ROLES = {"navigation": "nav", "menu": "nav", "menubar": "nav", "contentinfo": "footer"}
AROUND = re.compile(
    r"(?<![a-z])(?:(?P<nav>nav|navbar|navigation|navi|menu|menus|mainnav|mainmenu|topnav|subnav"
    r"|sidenav|leftnav|breadcrumbs?|crumbs?|sitenav)|(?P<footer>footer|foot|copyright|friendlink"
    r"|friendlinks|yqlj))(?![a-z])",
    re.IGNORECASE,
)
"""Words in `id` and `class` by which sites name what stands around a text."""

HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)

LEFT_OPEN = frozenset(
    (
        *("p", "li", "dt", "dd", "td", "th", "tr", "tbody", "thead", "tfoot", "option"),
        *("optgroup", "colgroup", "rt", "rp", "html", "head", "body"),
        *("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param"),
        *("source", "track", "wbr", "basefont", "bgsound", "frame", "keygen"),
    )
)
"""Elements whose ends may be left out, and those that have none (HTML, 13.1.2)."""
TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9:]*)")
LONG_TAG = re.compile(r"<[a-zA-Z][^<>]{20000,}")
DEEP = 600
"""Elements open at once; browsers cut at 512. The parser takes time by their square."""
CROWDED = 5_000
"""Attributes of one element, as far as spaces tell: likewise."""


def is_hostile(page: str) -> bool:
    """Whether a parser may not end on it: it is too deeply nested, or a tag holds too much."""
    if any(tag[0].count(" ") > CROWDED for tag in LONG_TAG.finditer(page)):
        return True
    if page.count("<") < DEEP:
        return False
    depth = 0
    for end, tag in TAG.findall(page):
        if tag.lower() in LEFT_OPEN:
            continue
        depth = max(depth - 1, 0) if end else depth + 1
        if depth > DEEP:
            return True
    return False


def part_of(tag: str, attributes: dict[str, str | None]) -> str | None:
    """Which part around the text an element is, as far as its name, role, id and class tell."""
    if tag in PARTS:
        return PARTS[tag]
    if role := attributes.get("role"):
        return ROLES.get(role)
    if tag == "body":
        return None
    named = AROUND.search(f"{attributes.get('id') or ''} {attributes.get('class') or ''}")
    return named.lastgroup if named else None


def is_hidden(attributes: dict[str, str | None]) -> bool:
    """Whether an element itself says that it is not shown, until a script shows it."""
    return "hidden" in attributes or bool(HIDDEN.search(attributes.get("style") or ""))
