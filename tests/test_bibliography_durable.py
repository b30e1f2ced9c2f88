"""A bibliography is given back with its archived copies, and loses nothing on the way."""

from __future__ import annotations

import json
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
import rispy
from bibtexparser.entrypoint import parse_string
from docx import Document
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.errors import UncheckedError, UsageError
from catalog.bibliography.durable import write
from catalog.bibliography.read import read_work
from catalog.text.reading import read
from tests.shared import program
from tests.test_bibliography_readers import manuscript

NOTE = "Archived at https://a.example/c/0123; SHA-256 abcd; captured 2026-11-25"
BIB = r"""% a comment that stays
@string{mofcom = "商务部"}

@online{one,
    title = {关于 {研修班} 的通知},  % odd
    author = mofcom,
    url = {http://x.cn/a}
}
@misc{two, note = {He said \{so\}}, url = "http://x.cn/b",}
@misc{three, note = mofcom # " says", url = {http://x.cn/c}}
@misc{four}
"""


def written(path: Path, content: str | bytes, note: str = NOTE) -> tuple[bytes, tuple[str, ...]]:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    work = read_work(path)
    done = write(work, dict.fromkeys(range(len(work.entries)), note))
    assert done.added + len(done.left) == len(work.entries)
    return done.data, done.left


def is_subsequence(before: bytes, after: bytes) -> bool:
    rest = iter(after)
    return all(byte in rest for byte in before)


def test_bibtex_keeps_every_byte_and_gains_a_note(tmp_path: Path) -> None:
    data, left = written(tmp_path / "a.bib", BIB)
    assert left == ()
    assert is_subsequence(BIB.encode(), data)
    library = parse_string(data.decode())
    assert not library.failed_blocks
    found = {entry.key: dict(entry.items()) for entry in library.entries}
    assert found["one"]["note"] == NOTE
    assert found["two"]["note"].endswith(NOTE)
    assert found["two"]["note"].startswith(r"He said \{so\}")
    assert found["three"]["addendum"] == NOTE
    assert found["four"]["note"] == NOTE
    assert "\n    note = {Archived" in data.decode()


def test_what_was_written_back_is_not_added_twice(tmp_path: Path) -> None:
    data, _ = written(tmp_path / "a.bib", BIB)
    again = tmp_path / "b.bib"
    again.write_bytes(data)
    assert all("a.example" in "".join(entry.raw) for entry in read_work(again).entries)


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_ris_gains_a_note_before_the_end(tmp_path: Path, newline: str) -> None:
    text = newline.join(
        ["TY  - ELEC", "TI  - 通知", "UR  - http://x.cn/a", "ER  - ", "", "TY  - ELEC", "UR  - http://x.cn/b", "ER  - ", ""]
    )  # fmt: skip
    data, _ = written(tmp_path / "a.ris", text)
    assert is_subsequence(text.encode(), data)
    assert data.count(b"\n") - data.count(b"\r\n") == (
        0 if newline == "\r\n" else data.count(b"\n")
    )
    assert [entry["notes"] for entry in rispy.loads(data.decode())] == [[NOTE], [NOTE]]


@pytest.mark.parametrize("indent", [None, 2])
def test_csl_json_gains_a_note_and_keeps_its_form(tmp_path: Path, indent: int | None) -> None:
    items = [
        {"id": "a", "URL": "http://x.cn/a", "title": "通知"},
        {"id": "b", "URL": "http://x.cn/b", "note": "mine", "x": 1.50},
        {"id": "c", "URL": "http://x.cn/c", "note": ""},
    ]
    text = json.dumps(items, ensure_ascii=False, indent=indent)
    data, _ = written(tmp_path / "a.json", text)
    assert is_subsequence(text.encode(), data)
    assert [item["note"] for item in json.loads(data)] == [NOTE, f"mine\n{NOTE}", NOTE]


def test_markdown_gains_brackets_but_not_in_front_matter_or_code(tmp_path: Path) -> None:
    text = """---
source_url: http://x.cn/front
---
See [it](http://x.cn/a), <http://x.cn/b> and <a href="http://x.cn/c" data-versiondate="2021-01-01">c</a>.

```
curl http://x.cn/code
```
"""
    data, left = written(tmp_path / "a.md", text)
    assert is_subsequence(text.encode(), data)
    told = data.decode()
    note = f" ({NOTE[0].lower()}{NOTE[1:]})"
    assert f"[it](http://x.cn/a){note}," in told
    assert f"<http://x.cn/b>{note} and" in told
    assert f"c</a>{note}." in told
    assert len(left) == 2


def test_word_gains_text_in_its_notes_and_behind_its_links_alone(tmp_path: Path) -> None:
    path = manuscript(tmp_path / "a.docx")
    work = read_work(path)
    done = write(work, dict.fromkeys(range(len(work.entries)), NOTE))
    after = tmp_path / "b.docx"
    after.write_bytes(done.data)
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(after) as new:
        assert new.testzip() is None
        assert new.namelist() == old.namelist()
        changed = {name for name in old.namelist() if old.read(name) != new.read(name)}
        assert changed == {"word/document.xml", "word/footnotes.xml"}
        notes = new.read("word/footnotes.xml").decode()
    told = f" ({NOTE[0].lower()}{NOTE[1:]})"
    assert (
        f'accessed 2021-06-09</w:t></w:r><w:r><w:rPr><w:sz w:val="18"/></w:rPr><w:t xml:space="preserve">{told}<'
        in notes
    )
    paragraphs = [paragraph.text for paragraph in Document(str(after)).paragraphs]
    assert paragraphs[1:] == [
        f"See the notice{told}",
        f"Also http://y.cn/c.{told}",
        f"Field {told}",
    ]
    assert [entry.urls for entry in read_work(after).entries] >= [
        entry.urls for entry in work.entries
    ]


@pytest.mark.long
def test_libreoffice_opens_what_was_written_back(tmp_path: Path) -> None:
    soffice = program("soffice")
    path = manuscript(tmp_path / "a.docx")
    work = read_work(path)
    done = write(work, dict.fromkeys(range(len(work.entries)), NOTE))
    (tmp_path / "b.docx").write_bytes(done.data)
    words = [soffice, f"-env:UserInstallation=file://{tmp_path}/profile", "--headless"]
    words += ["--convert-to", "pdf", "--outdir", str(tmp_path), str(tmp_path / "b.docx")]
    subprocess.run(words, check=True, capture_output=True)
    lines = read(tmp_path / "b.pdf", None, "b.pdf").extraction.text
    assert "".join(lines.split()).count("".join(NOTE[1:].split())) == 4


def test_a_file_in_gbk_stays_in_gbk_and_one_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    text = "@misc{a, title = {关于举办研修班的通知，请各单位推荐}, url = {http://x.cn/a}}"
    data, _ = written(tmp_path / "a.bib", text.encode("gbk"))
    assert "通知" in data.decode("gbk")
    with pytest.raises(UncheckedError, match="can be read as"):
        written(tmp_path / "b.bib", b"@misc{a, title = {\xe5\x85\xb3\xe4\xba\x8e\xff\x81\x81\xe9}, url = {http://x.cn/a}}")  # fmt: skip
    marked = b"\xef\xbb\xbf" + text.encode()
    assert written(tmp_path / "c.bib", marked)[0].startswith(b"\xef\xbb\xbf@")


def test_what_cannot_be_written_back_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    shutil.copy(__file__, path)
    with pytest.raises(UsageError, match="cannot be written back"):
        write(read_work(path), {})


VALUE = st.text(st.characters(codec="utf-8", exclude_characters='{}\\"@\r', exclude_categories=["Cs", "Cc"]), max_size=20)  # fmt: skip


@given(st.lists(st.tuples(st.sampled_from(["note", "addendum", "title"]), VALUE, st.booleans()), max_size=4), st.booleans())  # fmt: skip
@settings(max_examples=80, deadline=None)
def test_any_bibtex_entry_keeps_its_fields(
    tmp_path_factory: pytest.TempPathFactory,
    fields: list[tuple[str, str, bool]],
    ends_in_comma: bool,
) -> None:
    unique = {name: (value, braces) for name, value, braces in fields}
    body = ", ".join(
        f"{name} = {{{value}}}" if braces else f'{name} = "{value}"'
        for name, (value, braces) in unique.items()
    )
    text = f"@misc{{k, url = {{http://x.cn/a}}{', ' + body if body else ''}{',' if ends_in_comma else ''}}}\n"
    path = tmp_path_factory.getbasetemp() / "any.bib"
    before = dict(parse_string(text).entries[0].items()) if parse_string(text).entries else None
    if before is None:
        return
    data, left = written(path, text)
    after = dict(parse_string(data.decode()).entries[0].items())
    assert not left
    for name, value in before.items():
        assert str(after[name]).startswith(str(value).rstrip()) or name in {"ENTRYTYPE", "ID"}
    assert NOTE in (after.get("note", ""), after.get("addendum", "")) or str(after["note"]).endswith(NOTE)  # fmt: skip
