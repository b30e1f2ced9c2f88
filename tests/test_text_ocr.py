"""What a machine makes out on images of pages is found by search, and marked as what it is."""

from __future__ import annotations

from pathlib import Path

import pypdfium2
import pytest
from PIL import Image
from sqlalchemy import Engine

from archive.layout import ArchiveRoot
from catalog.indexing import index
from catalog.ingest import ingest, rebuild, sealed
from catalog.scans import index_scans, unread_scans
from catalog.text import ocr, pdf
from catalog.text.reading import read_scan
from tests.catalogs import dump, rows
from tests.documents import CHINESE, a_pdf, read
from tests.program import muniment
from tests.sealed import page, store
from tests.shared import program


def a_scan(folder: Path, *texts: str, suffix: str = "pdf") -> Path:
    """The images of pages in large letters, and nothing else."""
    source = a_pdf(folder / "source.pdf", *(f"#text(size: 20pt)[{text}]" for text in texts))
    with pypdfium2.PdfDocument(source) as document:
        images = [page.render(scale=3, grayscale=True).to_pil() for page in document]
    path = folder / f"scan.{suffix}"
    images[0].save(path, save_all=suffix != "jpeg", append_images=images[1:], resolution=216)
    return path


def needs_chinese() -> None:
    if "chi_sim" not in ocr._languages(program("tesseract")):
        pytest.skip("the Chinese data of tesseract is not installed")


def test_a_scan_is_read_by_machine_and_marked_as_such(tmp_path: Path) -> None:
    needs_chinese()
    path = a_scan(tmp_path, CHINESE, "名额25人")
    assert read(pdf.extract, path).code == "no-text"
    found = read(ocr.extract, path)
    assert found.ocr
    first, second = found.passages
    assert (first.at.page, second.at.page) == (1, 2)
    assert "研修班的通知" in first.text.replace(
        " ", ""
    )  # of 关 it makes 天: why it verifies nothing
    assert second.text.replace(" ", "") == "名额25人"
    assert int(dict(found.properties)["confidence"]) > 80
    assert "chi_sim" in found.tool


def test_a_box_lies_on_the_letters_in_points(tmp_path: Path) -> None:
    needs_chinese()
    path = a_scan(tmp_path, CHINESE)
    [line] = read(ocr.extract, path).passages
    [known] = read(pdf.extract, tmp_path / "source.pdf").passages
    assert line.at.box is not None
    assert known.at.box is not None
    assert all(abs(a - b) < 6 for a, b in zip(line.at.box, known.at.box, strict=True))


@pytest.mark.parametrize("suffix", ["png", "jpeg", "tiff"])
def test_images_of_pages_are_read_too(tmp_path: Path, suffix: str) -> None:
    needs_chinese()
    reading = read_scan(a_scan(tmp_path, CHINESE, suffix=suffix), None, None)
    assert reading.extraction.text.replace(" ", "") == CHINESE


def test_a_page_turned_on_its_side_is_no_crash(tmp_path: Path) -> None:
    needs_chinese()
    path = a_scan(tmp_path, CHINESE)
    with pypdfium2.PdfDocument(path) as document:
        document[0].set_rotation(90)
        document.save(tmp_path / "turned.pdf")
    found = read(ocr.extract, tmp_path / "turned.pdf")
    assert found.passages or found.code


def test_a_small_image_is_no_page_and_a_gigantic_one_is_refused(tmp_path: Path) -> None:
    program("tesseract")
    Image.new("L", (80, 30), 255).save(tmp_path / "logo.png")
    assert read_scan(tmp_path / "logo.png", None, None).extraction.code == "no-text"
    Image.new("1", (9000, 9000), 1).save(tmp_path / "map.png")
    assert read_scan(tmp_path / "map.png", None, None).extraction.code == "over-limit"


def test_a_damaged_image_has_its_reason(tmp_path: Path) -> None:
    needs_chinese()
    path = a_scan(tmp_path, CHINESE, suffix="png")
    path.write_bytes(path.read_bytes()[:2000])
    assert read_scan(path, None, None).extraction.code == "damaged"


def test_a_long_scan_is_read_up_to_the_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    needs_chinese()
    monkeypatch.setattr(ocr, "PAGES", 1)
    found = read(ocr.extract, a_scan(tmp_path, CHINESE, "名额"))
    assert (found.code, found.detail, len(found.passages)) == (
        "over-limit",
        "read up to page 1",
        1,
    )


def test_without_tesseract_it_is_said_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    found = read_scan(a_scan(tmp_path, CHINESE), None, None).extraction
    assert (found.code, found.ocr) == ("unsupported", True)
    assert "tesseract-ocr-chi-sim" in (found.detail or "")


def test_scans_that_are_held_are_read_once_beside_their_missing_text(
    engine: Engine, tmp_path: Path
) -> None:
    needs_chinese()
    root = ArchiveRoot.create(tmp_path / "archive")
    scan = page("http://ministry.example/a.pdf", a_scan(tmp_path, CHINESE).read_bytes(), at=1)
    store(root, scan, page("http://ministry.example/b.html", at=2))
    ingest(engine, sealed(root), root)
    index(engine, root)
    assert [capture.url for capture in unread_scans(engine)] == ["http://ministry.example/a.pdf"]
    assert index_scans(engine, root).texts == 1
    told = rows(engine, "SELECT kind, code FROM text WHERE real_type = 'application/pdf'")
    assert sorted(told) == [("ocr", None), ("text", "no-text")]
    assert index_scans(engine, root).texts == 0
    before = dump(engine)
    rebuild(engine, root)
    index(engine, root)
    index_scans(engine, root)
    assert dump(engine) == before


def test_search_finds_a_scan_where_the_archive_asks_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    needs_chinese()
    archive, scan = tmp_path / "archive", a_scan(tmp_path, CHINESE)
    muniment(tmp_path, "init", str(archive))
    muniment(
        archive,
        "import",
        str(scan),
        "--obtained-by",
        "Ada",
        "--how",
        "by hand",
        "--obtained-on",
        "2021-06-01",
    )
    muniment(archive, "search", "研修班", code=4)
    with (archive / "muniment.toml").open("a", encoding="utf-8") as config:
        config.write("\n[text]\nocr = true\n")
    monkeypatch.setenv("PATH", "/nonexistent")
    muniment(archive, "rebuild")  # without tesseract it is said, and nothing breaks
    monkeypatch.undo()
    muniment(archive, "rebuild")
    assert "read by machine off an image" in muniment(archive, "search", "研修班")
