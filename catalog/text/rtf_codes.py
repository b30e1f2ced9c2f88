"""Code pages, characters and destinations of RTF by their words."""

from __future__ import annotations

import codecs

CODE_PAGES = {
    128: "cp932",
    129: "cp949",
    130: "johab",
    134: "gb18030",
    136: "big5hkscs",
    161: "cp1253",
    162: "cp1254",
    163: "cp1258",
    177: "cp1255",
    178: "cp1256",
    186: "cp1257",
    204: "cp1251",
    222: "cp874",
    238: "cp1250",
}
"""Of the character sets of fonts (\\fcharset); 0 and 1 are those of the file."""

CHARACTERS = {
    "tab": "\t",
    "line": "\n",
    "lbr": "\n",
    "column": "\n",
    "emdash": "—",
    "endash": "–",
    "lquote": "‘",
    "rquote": "’",
    "ldblquote": "“",
    "rdblquote": "”",
    "bullet": "•",
    "emspace": "\u2003",
    "enspace": "\u2002",
    "qmspace": "\u2005",
}

PASSED_OVER = frozenset(
    {
        *("colortbl", "stylesheet", "filetbl", "listtable", "revtbl", "pict", "nonshppict"),
        *("object", "objdata", "result", "xe", "tc", "rxe", "template", "fchars", "lchars"),
        *(
            "bkmkstart",
            "bkmkend",
            "nonesttables",
            "nesttableprops",
            "private",
            "atnid",
            "atnauthor",
        ),
        *("sp", "listtext", "pntext", "pntxta", "pntxtb", "ftnsep", "ftnsepc", "ftncn"),
        *("aftnsep", "aftnsepc", "aftncn", "themedata", "datastore", "do"),
    }
)
"""Destinations without text that a reader sees where they stand; numbers that a program counts by
itself are among them, as in no format they are in the text."""


def codec(code_page: int) -> str | None:
    """Python's codec for a Windows code page; GBK is read as the larger GB 18030."""
    name = {936: "gb18030", 950: "big5hkscs", 65001: "utf-8", 10000: "mac_roman"}.get(
        code_page, f"cp{code_page}"
    )
    try:
        return codecs.lookup(name).name
    except LookupError:
        return None
