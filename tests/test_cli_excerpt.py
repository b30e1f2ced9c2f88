"""A picture of a stretch of a file leads back to the file, and to nothing else once it is altered."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path
from typing import Any

import pypdfium2 as pdfium
import pytest
import typst
from PIL import Image, PngImagePlugin

from archive.layout import ArchiveRoot
from catalog.database import open_catalog
from catalog.excerpts import drawn, picture
from catalog.excerpts.page import draw
from catalog.excerpts.png import KEYWORD, read_png
from catalog.excerpts.selection import Region, regions_of
from catalog.text import pdf
from catalog.text.formats import Content
from catalog.text.placed import PlacedText
from tests.captures import answer, asserted_group, store, wire_group
from tests.catalogs import dump
from tests.checks import check_archive
from tests.muniment import Told, muniment

ANNEX, SCAN, PAGE, BROKEN = (
    f"https://www.example.gov/{name}"
    for name in ("annex.pdf", "scan.pdf", "notice.html", "broken.pdf")
)
QUOTE = "研修班名额25人（含领队1人）"
NOTICE = "<html><title>通知</title><p>第一段</p><p>　　研修班名额２５人，请组织推荐。</p>"


def a_pdf(*pages: str) -> bytes:
    head = '#set page(width: 400pt, height: 300pt)\n#set text(font: "Droid Sans Fallback", cjk-latin-spacing: none)\n'
    return typst.compile((head + "\n#pagebreak()\n".join(pages)).encode())


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("excerpts") / "a"
    muniment("init", root, "--operator", "Ada")
    lines = "标题\n\n" + QUOTE + "\n\n#v(1fr)\n\n上一页末尾"
    store(
        root,
        wire_group(ANNEX, answer(a_pdf(lines, "下一页开头"), "application/pdf")),
        wire_group(SCAN, answer(a_pdf("#rect(width: 90pt, fill: black)"), "application/pdf")),
        wire_group(PAGE, answer(NOTICE.encode())),
        wire_group(BROKEN, answer(b"%PDF-1.7\nnothing of the kind", "application/pdf")),
        asserted_group("urn:file:given.pdf", a_pdf("来信"), "0" * 16),
    )
    assert muniment("rebuild", archive=root).code == 0
    return root


@pytest.fixture
def root(made: Path, tmp_path: Path) -> Path:
    """A copy of that archive, to be written to."""
    return shutil.copytree(made, tmp_path / "a")


def excerpt(root: Path, *words: object, code: int = 0) -> Told:
    done = muniment("excerpt", *words, archive=root)
    assert done.code == code, done.err
    return done


def verified(root: Path, path: Path, code: int) -> dict[str, str]:
    """The checks of `verify` on a picture."""
    done = muniment("verify", path, "--json", archive=root)
    assert done.code == code, done.out + done.err
    checks: dict[str, str] = done.rows[0]["checks"]
    return checks


def rewritten(path: Path, told: dict[str, Any] | None = None) -> Path:
    """The same pixels in another file, with nothing inside or with another provenance."""
    chunks = PngImagePlugin.PngInfo()
    if told is not None:
        chunks.add_itxt(KEYWORD, json.dumps(told))
    other = path.with_name("other.png")
    with Image.open(path) as opened:
        Image.frombytes("RGB", opened.size, opened.tobytes()).save(other, pnginfo=chunks)
    return other


def provenance(path: Path) -> dict[str, Any]:
    read = read_png(path)
    assert read is not None
    assert read.claimed is not None
    return read.claimed


def test_an_excerpt_of_a_quotation_shows_its_lines_and_says_where_they_are_from(root: Path) -> None:
    path = root.parent / "x.png"
    [row] = excerpt(root, ANNEX, "--quote", f"“{QUOTE}”", "-o", path, "--json").rows
    assert row["quote"] == QUOTE
    [region] = row["regions"]
    left, bottom, right, top = region["box"]
    assert (region["page"], left, right) == (1, 0, 400)
    [[low, high]] = region["lines"]
    assert bottom < low < high < top < 300
    told = provenance(path)
    assert told == json.loads(path.with_name("x.png.json").read_text())
    assert (told["url"], told["sha256"]) == (ANNEX, row["sha256"])
    with Image.open(path) as opened:
        assert opened.info["Source"] == ANNEX
        assert opened.info["Description"] == QUOTE


def test_the_picture_leads_back_to_its_file_also_after_a_rebuild(root: Path) -> None:
    path = root.parent / "x.png"
    excerpt(root, ANNEX, "--quote", QUOTE, "-o", path)
    wanted = {"given out", "what it says of itself", "drawn again", "record intact", "logged"}
    for _ in range(2):
        checks = verified(root, path, 0)
        assert {name for name, verdict in checks.items() if verdict == "passed"} == wanted
        engine = open_catalog(root / "catalog.sqlite")
        before = dump(engine)["event_object"]
        assert muniment("rebuild", archive=root).code == 0
        assert dump(engine)["event_object"] == before
        engine.dispose()
    check_archive(ArchiveRoot.open(root))


def test_one_pixel_is_an_alteration_and_the_place_is_told(root: Path) -> None:
    path = root.parent / "x.png"
    excerpt(root, ANNEX, "--quote", QUOTE, "-o", path)
    altered = rewritten(path, provenance(path))
    with Image.open(altered) as opened:
        changed = opened.copy()
    changed.putpixel((100, 60), (1, 2, 3))
    chunks = PngImagePlugin.PngInfo()
    chunks.add_itxt(KEYWORD, json.dumps(provenance(path)))
    changed.save(altered, pnginfo=chunks)
    checks = verified(root, altered, 1)
    assert (checks["given out"], checks["drawn again"]) == ("failed", "failed")
    assert "from pixel 100, 60 to 100, 60" in muniment("verify", altered, archive=root).out


def test_a_picture_that_lost_what_was_inside_is_found_by_its_pixels(root: Path) -> None:
    path = root.parent / "x.png"
    excerpt(root, ANNEX, "--page", 2, "-o", path)
    checks = verified(root, rewritten(path), 0)
    assert (checks["given out"], checks["drawn again"]) == ("passed", "passed")
    assert "what it says of itself" not in checks


def test_a_picture_that_claims_another_origin_fails(root: Path) -> None:
    path = root.parent / "x.png"
    excerpt(root, ANNEX, "--page", 2, "-o", path)
    other = rewritten(path, {**provenance(path), "url": PAGE})
    assert verified(root, other, 1)["what it says of itself"] == "failed"
    broken: list[dict[str, Any]] = [{}, {"selection": 3}, {"selection": {}, "tools": {}}]
    for told in broken:
        with Image.new("RGB", (9, 9)) as blank:
            blank.save(path)
        assert verified(root, rewritten(path, told), 1) == {"given out": "failed"}


def test_another_archive_says_that_it_does_not_know(root: Path, tmp_path: Path) -> None:
    path = root.parent / "x.png"
    excerpt(root, ANNEX, "--page", 2, "-o", path)
    muniment("init", tmp_path / "b", "--operator", "Bo")
    assert verified(tmp_path / "b", path, 3) == {"given out": "not checked"}


def test_a_picture_of_nobodys_is_a_file_like_others(root: Path) -> None:
    path = root.parent / "mine.png"
    Image.new("RGB", (9, 9)).save(path)
    assert "no capture holds these bytes" in muniment("verify", path, archive=root).out
    path.write_bytes(path.read_bytes()[:40])
    assert "no capture holds these bytes" in muniment("verify", path, archive=root).out


def test_what_other_tools_drew_is_not_called_altered(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = root.parent / "x.png"
    with monkeypatch.context() as then:
        then.setattr(drawn, "TOOL", "typst 0.1")
        then.setattr(picture, "BAR", (0, 0, 255))
        excerpt(root, ANNEX, "--quote", QUOTE, "-o", path)
    checks = verified(root, path, 0)
    assert (checks["given out"], checks["drawn again"]) == ("passed", "not checked")


def test_a_passage_of_a_page_is_drawn_as_text_and_says_so(root: Path) -> None:
    path = root.parent / "x.png"
    [row] = excerpt(root, PAGE, "--quote", "名额25人", "-o", path, "--json").rows
    assert (row["quote"], row["regions"]) == ("名额２５人", [])
    assert verified(root, path, 0)["drawn again"] == "passed"


def test_a_quotation_over_two_pages_has_a_region_of_each(root: Path) -> None:
    path = root.parent / "x.png"
    [row] = excerpt(root, ANNEX, "--quote", "上一页末尾下一页开头", "-o", path, "--json").rows
    assert [region["page"] for region in row["regions"]] == [1, 2]
    assert verified(root, path, 0)["drawn again"] == "passed"


def test_what_is_not_exact_is_not_drawn(root: Path) -> None:
    path = root.parent / "x.png"
    assert (
        "do not stand there" in excerpt(root, ANNEX, "--quote", "名额20人", "-o", path, code=1).err
    )
    assert not path.exists()


def test_a_scan_is_drawn_by_page_and_box(root: Path) -> None:
    path = root.parent / "x.png"
    assert "--page" in excerpt(root, SCAN, "--quote", "名额", "-o", path, code=3).err
    [row] = excerpt(root, SCAN, "--page", 1, "--box", "0,200 500 900", "-o", path, "--json").rows
    assert row["regions"][0]["box"] == [0, 200, 400, 300]
    assert verified(root, path, 0)["drawn again"] == "passed"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((ANNEX, "--page", 3), 2, "it has 2 pages"),
        ((ANNEX, "--page", 1, "--box", "500,0,600,9"), 2, "outside of the page of 400 by 300"),
        ((ANNEX, "--page", 1, "--box", "9,0,1,9"), 2, "not a box"),
        ((ANNEX, "--page", 1, "--box", "0,0,inf,9"), 2, "not a box"),
        ((ANNEX, "--page", 1, "--box", "here"), 2, "LEFT,BOTTOM,RIGHT,TOP"),
        ((ANNEX, "--quote", QUOTE, "--box", "0,0,9,9"), 2, "--box goes with --page"),
        ((ANNEX,), 2, "say what to show"),
        ((PAGE, "--page", 1), 2, "only a PDF"),
        ((BROKEN, "--page", 1), 3, "cannot be drawn"),
        (("https://nowhere.example/", "--page", 1), 4, "no capture"),
    ],
)
def test_what_cannot_be_drawn_is_said_in_one_line(
    root: Path, words: tuple[object, ...], code: int, said: str
) -> None:
    path = root.parent / "x.png"
    told = excerpt(root, *words, "-o", path, code=code).err
    assert said in told
    assert told.count("\n") == 1
    assert not path.exists()


def test_another_file_is_never_written_over(root: Path) -> None:
    path = root.parent / "x.png"
    path.write_bytes(b"mine")
    excerpt(root, ANNEX, "--page", 1, "-o", path, code=6)
    assert path.read_bytes() == b"mine"


def test_the_caption_of_what_was_handed_over_says_who_gave_it(root: Path) -> None:
    path = root.parent / "x.png"
    excerpt(root, "urn:file:given.pdf", "--page", 1, "-o", path)
    assert verified(root, path, 0)["drawn again"] == "passed"


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("crop", [None, (30.0, 20.0, 380.0, 290.0)])
def test_the_box_of_a_line_is_where_its_ink_is(
    tmp_path: Path, rotation: int, crop: tuple[float, float, float, float] | None
) -> None:
    document = pdfium.PdfDocument(a_pdf("#v(60pt)#h(80pt)名额25人"))
    if crop:
        document[0].set_cropbox(*crop)
    document[0].set_rotation(rotation)
    path = tmp_path / "turned.pdf"
    written = io.BytesIO()
    document.save(written)
    path.write_bytes(written.getvalue())
    found = pdf.extract(Content(path=path, real_type="application/pdf"))
    placed = PlacedText.of(found.passages)
    box = found.passages[0].at.box
    assert box is not None
    [inside, whole] = draw(path, [Region(1, box), Region(1)], 72)
    ink = sum(255 - value for value in inside.image.convert("L").tobytes())
    assert ink > 0.9 * sum(255 - value for value in whole.image.convert("L").tobytes())
    assert len(regions_of(placed, [(0, 3)])) == 1
