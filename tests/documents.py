"""Files of office formats, made for one test, and their reading."""

from __future__ import annotations

import subprocess
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


W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def _mode(target: str) -> str:
    return "External" if "://" in target else "Internal"


def related(*relations: tuple[str, str, str]) -> str:
    """The relations of a part: id, kind, target; what has a scheme is outside."""
    rows = "".join(
        f'<Relationship Id="{id_}" Type="{OFFICE}/{kind}" Target="{target}"'
        f' TargetMode="{_mode(target)}"/>'
        for id_, kind, target in relations
    )
    return f'<Relationships xmlns="{RELATIONS}">{rows}</Relationships>'


def a_docx(path: Path, body: str, name: str = "word/document.xml", **parts: str) -> Path:
    """A Word document whose body is this WordprocessingML; other parts by their names."""
    namespaces = f'xmlns:w="{W}" xmlns:r="{OFFICE}"'
    main = f"<w:document {namespaces}><w:body>{body}</w:body></w:document>"
    start = related(("a", "officeDocument", name))
    return a_package(path, **{"_rels/.rels": start, name: main, **parts})


def by_office(office: str, folder: Path, form: str, *paths: Path) -> list[Path]:
    """What LibreOffice makes of files in another format, as `docx` or `doc:MS Word 97`."""
    subprocess.run(
        [office, "--headless", "--convert-to", form, "--outdir", folder, *paths],
        check=True,
        capture_output=True,
        timeout=120,
        env={"HOME": str(folder), "PATH": "/usr/bin:/bin"},
    )
    return [folder / f"{path.stem}.{form.partition(':')[0]}" for path in paths]


FLAT = """<?xml version="1.0" encoding="UTF-8"?>
<office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0" xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0" xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0" xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:dc="http://purl.org/dc/elements/1.1/" office:version="1.2" office:mimetype="application/vnd.oasis.opendocument.text">
<office:automatic-styles><style:page-layout style:name="L"><style:page-layout-properties fo:page-width="21cm" fo:page-height="29.7cm"/><style:header-style/><style:footer-style/></style:page-layout></office:automatic-styles>
<office:master-styles><style:master-page style:name="Standard" style:page-layout-name="L"><style:header><text:p>内部资料</text:p></style:header><style:footer><text:p>页脚文字</text:p></style:footer></style:master-page></office:master-styles>
<office:body><office:text>
<text:tracked-changes><text:changed-region text:id="c1"><text:deletion><office:change-info><dc:creator>x</dc:creator><dc:date>2021-01-01T00:00:00</dc:date></office:change-info><text:p>二十</text:p></text:deletion></text:changed-region>
<text:changed-region text:id="c2"><text:insertion><office:change-info><dc:creator>x</dc:creator><dc:date>2021-01-01T00:00:00</dc:date></office:change-info></text:insertion></text:changed-region></text:tracked-changes>
<text:p>商务部关于举办研修班的通知</text:p>
<text:p>名额<text:change text:change-id="c1"/><text:change-start text:change-id="c2"/>二十五<text:change-end text:change-id="c2"/>人，见<text:a xlink:href="http://example.org/附件.doc" xlink:type="simple">附件一</text:a>。𠀀字<text:note text:note-class="footnote"><text:note-citation>1</text:note-citation><text:note-body><text:p>脚注内容</text:p></text:note-body></text:note>后</text:p>
<text:p/>
<table:table table:name="T"><table:table-column table:number-columns-repeated="3"/>
<table:table-row><table:table-cell><text:p>国家</text:p></table:table-cell><table:table-cell><text:p>名额</text:p></table:table-cell><table:table-cell><text:p/></table:table-cell></table:table-row>
<table:table-row><table:table-cell><text:p>老挝</text:p><text:p>柬埔寨</text:p></table:table-cell><table:table-cell><text:p/></table:table-cell><table:table-cell><text:p>25</text:p></table:table-cell></table:table-row></table:table>
<text:p>甲<text:tab/>乙<text:line-break/>丙<text:s text:c="2"/>丁</text:p>
<text:p>尾注<text:note text:note-class="endnote"><text:note-citation>i</text:note-citation><text:note-body><text:p>尾注内容</text:p></text:note-body></text:note>和批注<office:annotation><dc:creator>张</dc:creator><dc:date>2021-01-01T00:00:00</dc:date><text:p>批注内容</text:p></office:annotation>完</text:p>
<text:p>框<draw:frame text:anchor-type="char" svg:width="4cm" svg:height="2cm" svg:x="1cm" svg:y="1cm"><draw:text-box><text:p>框内文字</text:p></draw:text-box></draw:frame>外</text:p>
<table:table table:name="U"><table:table-column/><table:table-row><table:table-cell><text:p>第二表</text:p></table:table-cell></table:table-row></table:table>
<text:p>末</text:p>
</office:text></office:body></office:document>
"""
"""A flat OpenDocument text with all that a notice may have: headers, notes, changes, tables, a box."""
