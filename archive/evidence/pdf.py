"""A certification as PDF: tagged, all fonts embedded, PDF/A-3a and PDF/UA-1, by Typst.

The same facts, fonts and version of Typst give the same bytes. The template is `certification.typ`;
all text reaches it as data, so nothing in a URL or a title is read as markup.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import rfc8785
import typst

from archive.evidence.answers import answers
from archive.evidence.certification import Certification, to_json
from archive.evidence.document import Style, Value
from archive.evidence.pages import document
from archive.evidence.printable import pieces, visible
from archive.evidence.wording import NOT_SHOWN
from archive.times import to_text

TEMPLATE = Path(__file__).with_name("certification.typ")
STANDARDS: list[typst.PDFStandard] = ["a-3a", "ua-1"]
SYSTEM_FONTS = (
    "/usr/share/fonts-droid-fallback/truetype",
    "/usr/share/fonts/truetype/droid",
    "/usr/share/fonts/opentype/noto",
    "/usr/share/fonts/truetype/noto",
)
"""Where Debian keeps fonts for scripts beyond those built in: Latin, Greek, Cyrillic, Arabic."""
PROBE = b'#set document(title: "probe")\n#set text(lang: "en")\n#sys.inputs.text'
_NON_ASCII_RUN = re.compile(r".?[^\x00-\x7f]+")


def certification_pdf(facts: Certification, jurisdiction: str, fonts: Sequence[Path] = ()) -> bytes:
    """The PDF, with the certification's JSON attached (PDF/A-3, 6.8).

    `fonts` are folders with fonts for more scripts. A character that no font has is printed as its
    escape: PDF/A does not let a box stand for it, so Typst refuses and we look for which it was.
    Raises `UsageError` for a jurisdiction that has no template.
    """
    paper = document(facts, jurisdiction)
    attached = certification_json(facts).decode()
    stamp = int(facts.made.timestamp())
    loaded = _fonts(tuple(map(str, fonts)))

    def compiled(unprintable: AbstractSet[str]) -> bytes:
        tree = _printable(paper, unprintable)
        inputs = {"document": json.dumps(tree), "attachment": attached, "made": to_text(facts.made)}
        return _compile(TEMPLATE.read_bytes(), inputs, loaded, stamp)

    try:
        return compiled(frozenset())
    except typst.TypstError:
        runs = sorted(_non_ascii(_printable(paper, frozenset())))
    missing = _missing(runs, lambda text: _can_print(text, loaded))
    try:
        return compiled(missing)
    except typst.TypstError:  # what printed in a probe does not on the page: nothing is risked
        return compiled(frozenset(c for run in runs for c in run if not c.isascii()))


def certification_json(facts: Certification) -> bytes:
    """The facts, the five answers and what is not shown, as RFC 8785 canonical JSON."""
    given = [
        {"question": one.question, "answer": one.answer.value, "reason": one.reason}
        for one in answers(facts)
    ]
    told: dict[str, Any] = {"answers": given, "not_shown": list(NOT_SHOWN)}
    return rfc8785.dumps({**to_json(facts), **told})


def system_fonts() -> tuple[Path, ...]:
    """Folders of this system with fonts for Chinese and other scripts; they may be none."""
    return tuple(folder for folder in map(Path, SYSTEM_FONTS) if folder.is_dir())


def unprintable(texts: Iterable[str], fonts: Sequence[Path]) -> frozenset[str]:
    """The characters of some texts that no font has, of those built in and those in the folders."""
    loaded = _fonts(tuple(map(str, fonts)))
    runs = sorted({run for text in texts for run in _NON_ASCII_RUN.findall(text)})
    return _missing(runs, lambda text: _can_print(text, loaded))


@lru_cache(maxsize=4)
def _fonts(folders: tuple[str, ...]) -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, font_paths=list(folders))


def _compile(source: bytes, inputs: dict[str, str], fonts: typst.Fonts, stamp: int = 0) -> bytes:
    compiler = typst.Compiler(source, root=TEMPLATE.parent, font_paths=fonts, sys_inputs=inputs)
    made = compiler.compile(format="pdf", pdf_standards=STANDARDS, timestamp=stamp)
    assert isinstance(made, bytes)
    return made


def _can_print(text: str, fonts: typst.Fonts) -> bool:
    try:
        _compile(PROBE, {"text": text}, fonts)
    except typst.TypstError:
        return False
    return True


def _missing(runs: Sequence[str], can_print: Callable[[str], bool]) -> frozenset[str]:
    """The characters of `runs` that no font has: by halves, for most runs can be printed.

    Marks may print alone and not on the letter that they are put on; then all of that run is missing.
    """
    if not runs or can_print("\n".join(runs)):
        return frozenset()
    if len(runs) > 1:
        half = len(runs) // 2
        return _missing(runs[:half], can_print) | _missing(runs[half:], can_print)
    characters = {c for c in runs[0] if not c.isascii()}
    return frozenset(c for c in characters if not can_print(c)) or frozenset(characters)


def _non_ascii(tree: Any) -> set[str]:
    """Each run of characters beyond ASCII, with the character that it may combine with."""
    if isinstance(tree, dict):
        return {run for entry in tree.values() for run in _non_ascii(entry)}
    if isinstance(tree, list):
        return {run for entry in tree for run in _non_ascii(entry)}
    return set(_NON_ASCII_RUN.findall(tree)) if isinstance(tree, str) else set()


def _printable(node: Any, unprintable: AbstractSet[str], style: Style = Style.TEXT) -> Any:
    """The paper as JSON values, each string of it visible and in pieces."""
    match node:
        case Value():
            return {
                "style": node.style.value,
                "text": _printable(node.text, unprintable, node.style),
                "note": _printable(node.note, unprintable),
            }
        case str():
            return pieces(visible(node, unprintable), style)
        case tuple():
            return [_printable(entry, unprintable) for entry in node]
        case _ if is_dataclass(node):
            names = [field.name for field in fields(node)]
            return {
                name: getattr(node, name)
                if name in PLAIN
                else _printable(getattr(node, name), unprintable)
                for name in names
            }
        case _:
            return node


PLAIN = frozenset({"kind", "paper"})
"""Fields of the tree that are words of ours, for the template to decide by."""
