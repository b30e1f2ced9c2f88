"""Files of office formats, made for one test, and their reading."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import typst

from catalog.text.extraction import Extraction
from catalog.text.formats import Content

Extract = Callable[[Content], Extraction]
CHINESE = "商务部关于举办研修班的通知"


def read(extract: Extract, path: Path) -> Extraction:
    return extract(Content(path=path, real_type="application/pdf", name=path.name))


def made(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def a_pdf(path: Path, *pages: str, extra: str = "") -> Path:
    source = (
        '#set page(width: 400pt, height: 300pt)\n#set text(font: "Droid Sans Fallback", cjk-latin-spacing: none)\n'
        + extra
    )
    path.write_bytes(typst.compile((source + "\n#pagebreak()\n".join(pages)).encode()))
    return path


def a_package(path: Path, **parts: str) -> Path:
    with zipfile.ZipFile(path, "w") as package:
        for name, text in parts.items():
            package.writestr(name, text)
    return path


def a_page(path: Path, content: str, times: int = 1, to_unicode: str = "") -> Path:
    """A PDF by hand, whose one page of 400 by 300 points, drawn by `content`, comes `times` times.

    Its font F is Helvetica; `to_unicode` is the body of a CMap that says what its codes mean.
    """
    kids = " ".join(["3 0 R"] * times)
    objects = (
        "<</Type/Catalog/Pages 2 0 R>>",
        f"<</Type/Pages/Count {times}/Kids[{kids}]>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 400 300]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>",
        f"<</Length {len(content)}>>stream\n{content}\nendstream",
        f"<</Type/Font/Subtype/Type1/BaseFont/Helvetica{'/ToUnicode 6 0 R' if to_unicode else ''}>>",
        f"<</Length {len(to_unicode)}>>stream\n{to_unicode}\nendstream",
    )
    data, offsets = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(data))
        data += f"{number} 0 obj{body}endobj\n".encode()
    rows = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    table = f"xref\n0 7\n0000000000 65535 f \n{rows}trailer<</Size 7/Root 1 0 R>>\n"
    path.write_bytes(data + f"{table}startxref\n{len(data)}\n%%EOF".encode())
    return path
