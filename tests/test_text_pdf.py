"""PDF: each line where it stands on the page as it is shown, or why there is none."""

from __future__ import annotations

import subprocess
from collections import Counter
from pathlib import Path

import pypdfium2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.text import pdf
from tests.documents import CHINESE, a_page, a_pdf, made, read
from tests.shared import program, shared


def test_each_line_of_a_pdf_has_its_page_and_box(tmp_path: Path) -> None:
    found = read(
        pdf.extract,
        a_pdf(
            tmp_path / "a.pdf",
            CHINESE,
            "名额25人 \\ 第二行",
            extra='#set document(title: "题目")\n',
        ),
    )
    assert [(p.text, p.at.page) for p in found.passages] == [
        (CHINESE, 1),
        ("名额25人", 2),
        ("第二行", 2),
    ]
    left, bottom, right, top = found.passages[0].at.box or (0, 0, 0, 0)
    assert 0 < left < right < 400
    assert 200 < bottom < top < 300
    assert dict(found.properties) | {"title": "题目", "pages": "2"} == dict(found.properties)
    assert (found.code, found.ocr) == (None, False)
    assert "pdfium" in found.tool


def test_a_pdf_of_images_says_that_it_is_a_scan(tmp_path: Path) -> None:
    found = read(pdf.extract, a_pdf(tmp_path / "a.pdf", "#rect(width: 50pt, height: 50pt)"))
    assert (found.code, found.text) == ("no-text", "")
    assert "a scan of 1 pages" in (found.detail or "")


def test_a_long_pdf_is_read_up_to_the_limit_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdf, "PAGES", 2)
    found = read(pdf.extract, a_pdf(tmp_path / "a.pdf", "one", "two", "three"))
    assert (found.code, found.text) == ("over-limit", "one\ntwo")


def test_a_pdf_that_is_none_is_damaged(tmp_path: Path) -> None:
    assert read(pdf.extract, made(tmp_path / "a.pdf", b"%PDF-1.7\n")).code == "damaged"


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_a_damaged_pdf_never_raises(tmp_path: Path, data: st.DataObject) -> None:
    path = tmp_path / "whole.pdf"
    if not path.exists():
        a_pdf(path, CHINESE)
    raw = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 20))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(raw)))
    read(
        pdf.extract,
        made(tmp_path / "damaged.pdf", bytes(raw[:cut] if data.draw(st.booleans()) else raw)),
    )


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_a_box_lies_on_the_letters_as_the_page_is_shown(tmp_path: Path, rotation: int) -> None:
    path = a_pdf(tmp_path / "a.pdf", "#v(100pt) ■■■■")
    with pypdfium2.PdfDocument(path) as document:
        document[0].set_rotation(rotation)
        document.save(tmp_path / "turned.pdf")
    [line] = read(pdf.extract, tmp_path / "turned.pdf").passages
    with pypdfium2.PdfDocument(tmp_path / "turned.pdf") as document:
        image = document[0].render(grayscale=True).to_pil()
    left, bottom, right, top = line.at.box or (0, 0, 0, 0)
    ink = image.point(lambda value: 255 if value < 128 else 0).getbbox()
    assert ink is not None
    shown_as = (left, image.height - top, right, image.height - bottom)
    assert all(abs(a - b) < 6 for a, b in zip(ink, shown_as, strict=True))


def test_text_that_no_reader_sees_is_marked(tmp_path: Path) -> None:
    lines = (
        "BT /F 20 Tf 3 Tr 50 50 Td (under the image) Tj ET",
        "BT /F 20 Tf 0 Tr 50 90 Td (seen) Tj ET",
        "BT /F 20 Tf -80 130 Td (beyond) Tj ET",
    )
    found = read(pdf.extract, a_page(tmp_path / "a.pdf", " ".join(lines)))
    assert [(line.text, line.at.part) for line in found.passages] == [
        ("under the image", "invisible text"),
        ("seen", None),
        ("beyond", "outside the page"),
    ]
    assert ("lines of invisible text", "1") in found.properties


def test_a_box_covers_characters_beyond_the_first_plane_to_the_last(tmp_path: Path) -> None:
    line = "BT /F 20 Tf 50 90 Td (aaaa) Tj ET"
    rare = (
        "1 begincodespacerange <00> <ff> endcodespacerange 1 beginbfchar <61> <d840dc00> endbfchar"
    )
    [[usual], [odd]] = (
        read(pdf.extract, a_page(tmp_path / "a.pdf", line, to_unicode=meaning)).passages
        for meaning in ("", rare)
    )
    assert (usual.text, odd.text) == ("aaaa", "𠀀" * 4)
    assert usual.at == odd.at


def test_the_links_of_a_pdf_come_with_the_words_that_lead_there(tmp_path: Path) -> None:
    path = a_pdf(tmp_path / "a.pdf", '见 #link("https://example.org/附件.doc")[附件1]')
    assert read(pdf.extract, path).links == (("https://example.org/附件.doc", "附件1"),)


def test_what_a_pdf_says_of_itself_in_xmp_is_kept(tmp_path: Path) -> None:
    path = a_pdf(tmp_path / "a.pdf", "a", extra='#set document(title: "题目", author: "处")\n')
    told = read(pdf.extract, path).properties
    assert ("dc:title", "题目") in told
    assert ("dc:creator", "处") in told


def test_the_xmp_of_a_drawing_in_a_pdf_is_not_taken_for_that_of_the_pdf(tmp_path: Path) -> None:
    drawing = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"'
        ' dc:format="application/pdf" dc:title="图" xmp:CreatorTool="Illustrator"/></rdf:RDF></x:xmpmeta>'
    )
    path = a_pdf(tmp_path / "a.pdf", "a", extra='#set document(title: "题目")\n')
    path.write_bytes(path.read_bytes() + b"\n%" + drawing.encode() + b"\n")
    told = read(pdf.extract, path).properties
    assert ("dc:title", "题目") in told
    assert ("dc:title", "图") not in told


def test_the_text_of_a_pdf_stops_at_the_limit_and_what_was_read_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdf, "CHARACTERS", 5)
    found = read(pdf.extract, a_pdf(tmp_path / "a.pdf", "one", "two", "three", "four"))
    assert (found.code, found.text) == ("over-limit", "one\ntwo")
    assert found.detail == "4 pages; read up to page 2"


def test_a_hundred_thousand_pages_are_no_hang(tmp_path: Path) -> None:
    path = a_page(tmp_path / "a.pdf", "BT /F 20 Tf 50 90 Td (page) Tj ET", times=100_000)
    found = read(pdf.extract, path)
    assert (found.code, len(found.passages)) == ("over-limit", pdf.PAGES)
    assert "100,000 pages" in (found.detail or "")


def test_a_pdf_with_a_password_is_said_to_be_locked() -> None:
    folder = shared("data/ministry")
    for name in ("password-hunter2", "password-example", "encryption_openpassword"):
        assert read(pdf.extract, next(folder.rglob(f"{name}.pdf"))).code == "encrypted"
    allowed = next(folder.rglob("encryption_notextaccess.pdf"))  # locked against copying only
    assert read(pdf.extract, allowed).passages


def test_a_pdf_gives_the_same_characters_as_poppler(tmp_path: Path) -> None:
    """Chinese, in three files of different makers; order and spaces are each reader's own."""
    poppler = program("pdftotext")
    for name in ("debian-reference.zh-cn", "maint-guide.zh-cn", "china"):
        path = next(shared("data/ministry").rglob(f"{name}.pdf"))
        theirs = subprocess.run(
            [poppler, "-enc", "UTF-8", path, "-"], capture_output=True, check=True
        ).stdout.decode()
        counts = (
            Counter("".join(theirs.split())),
            Counter("".join(read(pdf.extract, path).text.split())),
        )
        assert not counts[0] - counts[1], name
