"""A file is what its bytes are, whatever its name and its server call it."""

from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.text import media_types as types
from catalog.text.kind import kind_of
from tests.shared import shared

PAGE = b"<!DOCTYPE html><html><body>404 Not Found</body></html>"
NOTICE = "商务部关于举办研修班的通知。名额25人。"


def zipped(*names: str, mimetype: str | None = None) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        if mimetype:
            file.writestr("mimetype", mimetype, zipfile.ZIP_STORED)
        for name in names:
            file.writestr(name, b"<x/>" * 50)
    return buffer.getvalue()


DOCX = zipped("[Content_Types].xml", "word/document.xml")


@pytest.mark.parametrize(
    ("content", "header", "name", "real", "agrees"),
    [
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "application/pdf", "a.pdf", types.PDF, True),
        (b"\r\n\r\n%PDF-1.4\n\xff", "application/pdf", None, types.PDF, True),
        (b"\xef\xbb\xbf%PDF-1.4\n\xff", None, "a.pdf", types.PDF, True),
        (b"%PDF-1.4\n", "application/x-pdf", "a.jsp", types.PDF, True),
        (b"%PDF-1.4\n", "application/octet-stream", "a.pdf", types.PDF, True),
        (b"%PDF-1.4\n", "text/html", "a.htm", types.PDF, False),
        (PAGE, "text/html; charset=utf-8", "a.pdf", types.HTML, False),
        (PAGE, "application/pdf", None, types.HTML, False),
        (PAGE, "application/xhtml+xml", "a.html", types.HTML, True),
        (PAGE, None, None, types.HTML, True),
        (PAGE, "application/octet-stream", None, types.HTML, True),
        (PAGE, "application/msword", "a.doc", types.HTML, False),
        (b"\n<!-- x -->\n<?php ?><div>x</div>", "text/html", "a.jsp", types.HTML, True),
        (b"success", "text/html", None, types.HTML, True),
        (b"a %PDF-1.4 is what <b>Acrobat</b> reads", None, None, types.PDF, True),
        (b"<p>%PDF-1.4</p>", "text/html", None, types.HTML, True),
        (b"{\\rtf1\\ansi x}", "application/msword", "a.doc", types.RTF, False),
        (b"{\\rtf1\\ansi x}", "text/rtf", "a.rtf", types.RTF, True),
        (DOCX, "application/zip", None, types.DOCX, True),
        (DOCX, "application/msword", "a.doc", types.DOCX, False),
        (DOCX[:40] + b"word/document.xml" + b"\0" * 99, None, "a.docx", types.ZIP, False),
        (zipped("xl/workbook.xml"), None, "a.xlsx", types.XLSX, True),
        (zipped("xl\\workbook.xml"), None, "a.xlsx", types.XLSX, True),
        (zipped("ppt/presentation.xml"), None, "a.pptx", types.PPTX, True),
        (zipped("OFD.xml", "Doc_0/Document.xml"), "application/ofd", "a.ofd", types.OFD, True),
        (zipped("content.xml", mimetype=types.ODT), None, "a.odt", types.ODT, True),
        (zipped("a.epub", mimetype=types.EPUB), None, "a.epub", types.EPUB, True),
        (zipped("附件/a.doc"), "application/x-zip-compressed", "a.zip", types.ZIP, True),
        (zipped("附件/a.doc"), None, "a.docx", types.ZIP, False),
        (zipped(), None, "a.zip", types.ZIP, True),
        (b"Rar!\x1a\x07\x00x", "application/x-rar-compressed", None, types.RAR, True),
        (b"7z\xbc\xaf\x27\x1c", None, "a.zip", types.SEVEN_ZIP, False),
        (gzip.compress(b"x"), "application/x-gzip", "a.tgz", types.GZIP, True),
        (b"\x89PNG\r\n\x1a\n", "image/png", "a.jpg", "image/png", False),
        (b"\xff\xd8\xff\xe0", "image/jpg", "a.jpg", "image/jpeg", True),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, None, "a.doc", types.OLE, False),
        (b'<?xml version="1.0"?>\n<rss version="2.0"/>', "text/xml", None, types.RSS, True),
        (b"<?xml version='1.0'?><!-- x --><a:feed/>", "application/xml", None, types.ATOM, True),
        (b"<?xml version='1.0'?><html/>", "text/html", None, types.XHTML, True),
        (b"<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a 'b'>]><x/>", None, None, types.XML, True),
        (b"<records><record/></records>", "text/xml", None, types.XML, True),
        (b'{"data": {"html": "<ul>"}}', "application/json", None, types.JSON, True),
        (b'{"data": 1}', "text/html", None, types.JSON, False),
        (b'{"a": 1}\n{"a": 2}\n', "application/json", "a.json", types.NDJSON, True),
        ("[通知] 一、".encode(), None, "a.txt", types.PLAIN, True),
        (b"a,b\n1,2\n", "text/csv", "a.csv", types.CSV, True),
        (b"a,b\n1,2\n", "text/plain", "a.csv", types.PLAIN, True),
        (b"a,b\n1,2\n", None, "a.csv", types.CSV, True),
        (NOTICE.encode("gbk"), "text/plain", "a.txt", types.PLAIN, True),
        (NOTICE.encode("utf-16-le"), None, "a.txt", types.PLAIN, True),
        (NOTICE.encode("utf-16"), None, None, types.PLAIN, True),
        (NOTICE.encode(), None, "a.pdf", types.PLAIN, False),
        (b"<p align=center>\n\n# x", None, "readme.md", "text/markdown", True),
        (b"", "application/pdf", "a.pdf", types.PLAIN, False),
        (b"", None, None, types.PLAIN, True),
        (b"\x00\x01\x02\x03" * 9, "application/pdf", None, types.UNKNOWN, False),
        (b"\x00\x01\x02\x03" * 9, "application/x-shockwave-flash", None, types.UNKNOWN, True),
        (b"\x00\x01\x02\x03" * 9, None, None, types.UNKNOWN, True),
    ],
    ids=lambda value: "file" if isinstance(value, bytes) else None,  # a ZIP holds the time
)
def test_a_file_is_what_its_bytes_are(
    tmp_path: Path, content: bytes, header: str | None, name: str | None, real: str, agrees: bool
) -> None:
    path = tmp_path / "content"
    path.write_bytes(content)
    kind = kind_of(path, header, name)
    assert (kind.real, kind.agrees) == (real, agrees)


def test_the_declaration_that_is_told_is_the_one_that_disagrees(tmp_path: Path) -> None:
    path = tmp_path / "content"
    path.write_bytes(PAGE)
    assert kind_of(path, "text/html", "a.pdf").declared == types.PDF
    assert kind_of(path, "text/html; charset=gbk", "a.htm").declared == types.HTML
    assert kind_of(path, "application/octet-stream", "a.zip").declared == types.ZIP
    assert kind_of(path, "nonsense", None).declared is None


def test_a_zip_whose_directory_is_gone_is_told_by_its_first_files(tmp_path: Path) -> None:
    path = tmp_path / "cut.docx"
    path.write_bytes(DOCX[:-60])
    assert kind_of(path, None, "cut.docx").real == types.DOCX


def test_a_zip_with_a_directory_without_end_is_read_in_bounds(tmp_path: Path) -> None:
    path = tmp_path / "huge.zip"
    path.write_bytes(zipped(*(f"{number:0100}" for number in range(35_000))))
    assert kind_of(path, None, "huge.zip").real == types.ZIP


@pytest.mark.parametrize(
    ("file", "real"),
    [
        ("apache+poi", {types.DOC, types.XLS, types.XLSX, types.DOCX, types.ENCRYPTED}),
        ("ofdrw+ofdrw", {types.OFD, types.PLAIN}),
        ("mozilla+pdf.js", {types.PDF}),
    ],
)
def test_real_files_are_of_the_formats_they_are(file: str, real: set[str]) -> None:
    found = {kind_of(p, None, p.name).real for p in shared(f"data/ministry/{file}").rglob("*.*")}
    assert found - {types.PLAIN, "text/markdown"} <= real
    assert found & real


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    start=st.sampled_from(
        [
            b"",
            b"PK\x03\x04",
            b"PK\x05\x06",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
            b"<?xml",
            b"{",
            b"%",
        ]
    ),
    rest=st.binary(max_size=700),
    header=st.none() | st.text(max_size=30),
    name=st.none() | st.text(max_size=30),
)
def test_all_bytes_are_of_some_kind(
    tmp_path: Path, start: bytes, rest: bytes, header: str | None, name: str | None
) -> None:
    path = tmp_path / "content"
    path.write_bytes(start + rest)
    assert "/" in kind_of(path, header, name).real
