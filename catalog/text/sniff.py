"""The format of a file by its bytes: magic numbers, what is in a container, the shape of text.

Only the head is read, and of a container its directory. A declaration decides between formats that
bytes cannot tell apart (CSV is plain text), never against them.
"""

from __future__ import annotations

import re
from pathlib import Path

import orjson

from archive.encoding import decode
from catalog.text import media_types as types
from catalog.text.containers import in_ole, in_zip

HEAD = 1 << 16
"""Bytes of the head that are looked at."""

MAGIC = (
    (b"{\\rtf", types.RTF),
    (b"Rar!\x1a\x07", types.RAR),
    (b"7z\xbc\xaf\x27\x1c", types.SEVEN_ZIP),
    (b"\x1f\x8b", types.GZIP),
    (b"BZh", "application/x-bzip2"),
    (b"\xfd7zXZ\x00", "application/x-xz"),
    (b"\x28\xb5\x2f\xfd", "application/zstd"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"\x00\x00\x01\x00", "image/vnd.microsoft.icon"),
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", "image/jp2"),
    (b"AT&TFORM", "image/vnd.djvu"),
    (b"WARC/1.", "application/warc"),
    (b"%!PS-Adobe-", "application/postscript"),
    (b"wOFF", "font/woff"),
    (b"wOF2", "font/woff2"),
    (b"ID3", "audio/mpeg"),
    (b"FLV\x01", "video/x-flv"),
    (b"0&\xb2u\x8ef\xcf\x11", "video/x-ms-asf"),
    (b"\x7fELF", "application/x-executable"),
    (b"MZ\x90", "application/vnd.microsoft.portable-executable"),
)
RIFF = {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}
ZIP_STARTS = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
OLE_START = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

PAGE = re.compile(
    r"<(?:!doctype\s+html|html|head|body|script|iframe|h[1-6]|div|font|table|ul|ol|p|a|style|title|b"
    r"|br|meta|link|form|frameset|center|span)(?=[\s>/])",
    re.IGNORECASE,
)
"""Tags that make text a page (mimesniff.spec.whatwg.org, 7.1, and some that sites begin with)."""
WHOLE_PAGE = re.compile(r"<(?:!doctype\s+html|html|head|body)(?=[\s>])", re.IGNORECASE)
COMMENTS = re.compile(r"(?:\s+|<!--(?s:.*?)-->|<\?(?!xml)[^>]*>)*")
ROOT = re.compile(
    r"(?:\s+|<!--(?s:.*?)-->|<\?[^>]*>|<!DOCTYPE\s+([\w:.-]+)[^\[>]*(?:\[[^\]]*\]\s*)?>)*<([\w:.-]+)",
    re.IGNORECASE,
)
ROOTS = {
    "rss": types.RSS,
    "feed": types.ATOM,
    "rdf": types.RDF,
    "html": types.XHTML,
    "svg": types.SVG,
}
CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
"""Bytes that no text has (mimesniff.spec.whatwg.org, 3), save in UTF-16."""
JSON_START = re.compile(r"\s*(?:\{\s*[\"}]|\[\s*(?:[\[{\"\]]|-?\d|true|false|null))")


def real_type(path: Path, declared: str | None) -> str:
    """The media type of the file at `path`; `application/octet-stream` where none is known."""
    with path.open("rb") as file:
        head = file.read(HEAD)
    if head.startswith(ZIP_STARTS):
        return in_zip(path, head)
    if head.startswith(OLE_START):
        return in_ole(path)
    return _magic(head) or _text(head, declared, is_whole=len(head) < HEAD)


def _magic(head: bytes) -> str | None:
    for start, media in MAGIC:
        if head.startswith(start):
            return media
    if head[:4] == b"RIFF":
        return RIFF.get(head[8:12])
    if head[4:8] == b"ftyp":
        return "image/heic" if head[8:11] == b"hei" else "video/mp4"
    if head[257:262] == b"ustar":
        return types.TAR
    if head.startswith(b"BM") and head[6:10] == b"\0\0\0\0":
        return "image/bmp"
    # readers look for the header in the first 1,024 bytes: sites put empty lines or BOMs before it
    place = head[:1024].find(b"%PDF-")
    return types.PDF if place >= 0 and b"<" not in head[:place] else None


def _text(head: bytes, declared: str | None, *, is_whole: bool) -> str:
    """The format of text, or `UNKNOWN` where it is none."""
    if not head.strip():
        return declared if declared and types.is_textual(declared) else types.PLAIN
    read = decode(head, None)
    if not read.encoding.startswith("utf-16") and not _is_text(head, declared):
        return types.UNKNOWN
    text = read.text.removeprefix("\ufeff")
    if text.lstrip().startswith("<?xml"):
        return _xml(text)
    if _is_page(text, declared):
        return types.HTML
    if _is_json(text, declared, is_whole=is_whole):
        lines = text.strip().splitlines()
        return types.NDJSON if len(lines) > 1 and _is_json_value(lines[0]) else types.JSON
    return _by_declaration(text, declared)


def _is_page(text: str, declared: str | None) -> bool:
    """Whether it begins as a page; Markdown and the like may begin with a tag without being one."""
    begun = COMMENTS.match(text)
    assert begun is not None
    is_other = declared in types.IN_WORDS and declared != types.PLAIN
    return (WHOLE_PAGE if is_other else PAGE).match(text, begun.end()) is not None


def _by_declaration(text: str, declared: str | None) -> str:
    """Of text that might be several things, what it is declared to be, where that may be true."""
    declared = types.SAME_AS.get(declared, declared) if declared else None
    if declared == types.HTML:
        return types.HTML
    if declared and types.is_xml(declared) and text.lstrip().startswith("<"):
        return _xml(text)
    if declared and types.is_textual(declared) and declared not in {types.PLAIN, types.JSON}:
        return declared
    return types.HTML if WHOLE_PAGE.search(text, 0, 1024) else types.PLAIN


def _is_text(head: bytes, declared: str | None) -> bool:
    """Text has no control characters; one that says it is text may have a few by accident."""
    odd = len(CONTROL.findall(head))
    return odd == 0 or (
        declared is not None and types.is_textual(declared) and odd * 200 < len(head)
    )


def _xml(text: str) -> str:
    root = ROOT.match(text)
    if root is None:
        return types.XML
    name = (root[2] or "").rpartition(":")[2].lower()
    return ROOTS.get(name, types.XML)


def _is_json(text: str, declared: str | None, *, is_whole: bool) -> bool:
    if JSON_START.match(text) is None:
        return False
    if is_whole and _is_json_value(text):
        return True
    first = text.strip().splitlines()[0]
    return _is_json_value(first) or (
        not is_whole and (declared == types.JSON or text.lstrip()[0] == "{")
    )


def _is_json_value(text: str) -> bool:
    try:
        return isinstance(orjson.loads(text), (dict, list))
    except orjson.JSONDecodeError:
        return False
