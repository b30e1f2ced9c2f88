"""What the words of an RTF file do: groups, destinations, fonts and characters (RTF 1.9.1).

A byte written as \\'c9 is of the code page of the font that is on; \\u gives a UTF-16 unit, with
characters behind it for readers that know no better, which are passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from catalog.text.extraction import Passage
from catalog.text.rtf_codes import CHARACTERS, CODE_PAGES, PASSED_OVER, codec
from catalog.text.rtf_story import Story

DEPTH = 10_000
"""Groups within groups; what is deeper is passed over."""
_SIGNS = re.compile(
    rb"\\(?P<word>[a-zA-Z]{1,32})(?P<number>-?[0-9]{1,10})? ?"
    rb"|\\'(?P<byte>[0-9a-fA-F]{2})|\\(?P<sign>[^a-zA-Z'])"
    rb"|(?P<brace>[{}])|(?P<text>[^\\{}\r\n]+)|.",
    re.DOTALL,
)
_ADDRESS = re.compile(r'\s*HYPERLINK\s+(?:\\[a-z]\s+)*"([^"]+)"', re.IGNORECASE)
_PARTS = {
    **dict.fromkeys(("header", "headerl", "headerr", "headerf"), "header"),
    **dict.fromkeys(("footer", "footerl", "footerr", "footerf"), "footer"),
    "footnote": "footnote",
    "annotation": "comment",
    "shptxt": "text box",
}
"""Destinations that are stories of their own."""
_INFO = frozenset({"title", "subject", "author", "company", "keywords", "operator", "doccomm"})


@dataclass(slots=True)
class _Field:
    code: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _State:
    """What holds in a group, and ends with it."""

    story: Story
    kind: str = "text"
    """`text`, `font`, `code` of a field, `info` and the name of a property, or `nothing`."""
    font: int = -1
    skip: int = 1
    """Characters that stand behind each \\u for old readers."""
    deleted: bool = False
    field: _Field | None = None
    optional: bool = False
    """After \\*: what is not known may be passed over."""


class Reader:
    """Reads one file; then has its passages, properties and links."""

    def __init__(self) -> None:
        self._main = Story(None)
        self._stories = [self._main]
        self._state = _State(self._main)
        self._groups: list[_State] = []
        self._codec = "cp1252"
        self._fonts: dict[int, str] = {}
        self._bytes = bytearray()
        self._left_to_skip = 0
        self._told: dict[str, list[str]] = {}
        self._counts: dict[str, int] = {}
        self.links: list[tuple[str, str]] = []

    @property
    def properties(self) -> Iterator[tuple[str, str]]:
        for name, texts in self._told.items():
            text = _whole("".join(texts)).strip()
            if text:
                yield name, text

    def passages(self) -> Iterator[Passage]:
        """The text, then headers, notes and what else stands apart, in the order of the file."""
        for story in self._stories:
            yield from story.passages()

    def read(self, data: bytes) -> None:
        at = 0
        while at < len(data):
            found = _SIGNS.match(data, at)
            assert found is not None  # the last choice matches any byte
            at = found.end()
            if found["byte"]:
                self._byte(int(found["byte"], 16))
            elif found["text"]:
                self._text(found["text"])
            elif found["word"] or found["sign"] or found["brace"]:
                at += self._control(found)
        self._flush()
        for story in self._stories:
            story.end_paragraph()

    def _control(self, found: re.Match[bytes]) -> int:
        """What is no character. Gives the number of raw bytes to pass over."""
        self._flush()
        if found["brace"] == b"{":
            self._open()
        elif found["brace"]:
            self._close()
        elif found["sign"]:
            self._sign(found["sign"].decode("latin-1"))
        elif found["word"]:
            word = found["word"].decode("ascii")
            number = int(found["number"]) if found["number"] else None
            if word == "bin":
                return max(number or 0, 0)
            self._word(word, number)
        return 0

    def _open(self) -> None:
        self._groups.append(self._state)
        self._left_to_skip = 0
        if len(self._groups) > DEPTH:
            self._state = replace(self._state, kind="nothing")

    def _close(self) -> None:
        if not self._groups:
            return
        ended, self._state = self._state, self._groups.pop()
        self._left_to_skip = 0
        if ended.story is not self._state.story:
            ended.story.end_paragraph()
        if ended.field is not None and ended.field is not self._state.field:
            found = _ADDRESS.match("".join(ended.field.code))
            if found:
                self.links.append((found[1], _whole("".join(ended.field.words)).strip()))

    def _sign(self, sign: str) -> None:
        if sign == "*":
            self._state = replace(self._state, optional=True)
        elif sign in "\r\n":
            self._state.story.end_paragraph()
        elif sign in {"\\", "{", "}"}:
            self._byte(ord(sign))
        else:
            self._put({"~": "\xa0", "_": "-"}.get(sign, ""))

    def _word(self, word: str, number: int | None) -> None:
        optional = self._state.optional
        if optional:
            self._state = replace(self._state, optional=False)
        if self._state.kind == "nothing":
            return
        if self._destination(word) or self._format(word, number):
            return
        if optional or word in PASSED_OVER:
            self._state = replace(self._state, kind="nothing")
        elif self._state.kind == "text" and not self._state.deleted:
            self._layout(word)

    def _destination(self, word: str) -> bool:
        """Whether a word says where the text of its group goes."""
        state = self._state
        if word == "fonttbl":
            self._state = replace(state, kind="font")
        elif word == "field":
            self._state = replace(state, field=_Field())
        elif word == "fldinst":
            self._state = replace(state, kind="code")
        elif word in _PARTS:
            self._state = replace(state, story=self._new(_PARTS[word]), kind="text", field=None)
        elif word == "ftnalt":  # a footnote that turns out to be an endnote
            self._counts["footnote"] = self._counts.get("footnote", 1) - 1
            state.story.part = self._numbered("endnote")
        elif word == "info":
            self._state = replace(state, kind="info")
        elif state.kind == "info":
            self._state = replace(state, kind=f"info {word}" if word in _INFO else "nothing")
        else:
            return word in {"fldrslt", "shpinst", "shp", "rtf"}
        return True

    def _new(self, part: str) -> Story:
        numbered = part if part in {"header", "footer"} else self._numbered(part)
        self._stories.append(Story(numbered))
        return self._stories[-1]

    def _numbered(self, part: str) -> str:
        self._counts[part] = self._counts.get(part, 0) + 1
        return f"{part} {self._counts[part]}"

    def _format(self, word: str, number: int | None) -> bool:
        """Whether a word says how characters are written."""
        if word == "u":
            self._put(chr((number or 0) & 0xFFFF))
            self._left_to_skip = self._state.skip
        elif word == "uc":
            self._state = replace(self._state, skip=min(max(number or 0, 0), 100))
        elif word == "f":
            self._state = replace(self._state, font=number or 0)
        elif word in {"fcharset", "cpg"} and self._state.kind == "font":
            name = CODE_PAGES.get(number or 0) if word == "fcharset" else codec(number or 0)
            if name:
                self._fonts[self._state.font] = name
        elif word == "ansicpg":
            self._codec = codec(number or 0) or "cp1252"
        elif word in {"deleted", "plain"}:
            self._state = replace(self._state, deleted=word == "deleted" and number != 0)
        else:
            return False
        return True

    def _layout(self, word: str) -> None:
        story = self._state.story
        if word in CHARACTERS:
            self._put(CHARACTERS[word])
        elif word in {"par", "sect", "page"}:
            story.end_paragraph()
        elif word == "nestcell":
            story.end_line()
        elif word == "cell":
            story.end_cell()
        elif word == "row":
            story.end_row()
        elif word in {"intbl", "pard"}:
            story.in_table = word == "intbl"

    def _text(self, text: bytes) -> None:
        if self._state.kind != "nothing":  # pictures are long
            skipped = min(self._left_to_skip, len(text))
            self._left_to_skip -= skipped
            self._bytes += text[skipped:]

    def _byte(self, byte: int) -> None:
        if self._left_to_skip:
            self._left_to_skip -= 1
        else:
            self._bytes.append(byte)

    def _flush(self) -> None:
        """Turn the bytes so far into characters, in the code page of the font or of the file."""
        if not self._bytes:
            return
        data, self._bytes = bytes(self._bytes), bytearray()
        text = ""
        for name in (self._fonts.get(self._state.font, self._codec), self._codec):
            text = data.decode(name, "replace")
            if "\ufffd" not in text:
                break
        self._put(text)

    def _put(self, text: str) -> None:
        kind = self._state.kind
        if kind == "code" and self._state.field is not None:
            self._state.field.code.append(text)
        elif kind.startswith("info "):
            self._told.setdefault(kind.removeprefix("info "), []).append(text)
        elif kind == "text" and not self._state.deleted:
            self._state.story.put(text)
            if self._state.field is not None:
                self._state.field.words.append(text)


def _whole(text: str) -> str:
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
