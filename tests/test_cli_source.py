"""What to watch: source files made, shown, changed and removed, each change a record."""

from __future__ import annotations

import stat
import tomllib
from pathlib import Path

import pytest

from archive.reader import groups, read_record
from archive.statement import Event
from tests.muniment import Told, muniment


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    muniment("init", tmp_path / "a", "--operator", "Ada")
    return tmp_path / "a"


def events(archive: Path) -> list[tuple[Event, bytes]]:
    """Every event in the archive, with the first attachment of each."""
    found = []
    for path in sorted((archive / "warc").glob("events-*.warc.gz")):
        for group in groups(path):
            assert isinstance(group.statement, Event)
            kept = group.records[1]
            block = read_record(path, kept.offset, kept.length).block
            assert isinstance(block, bytes)
            found.append((group.statement, block))
    return found


def add(archive: Path, name: str = "mofa") -> Told:
    return muniment("source", "add", name, "https://www.example.gov/", archive=archive)


def test_a_source_needs_a_name_and_a_url_and_no_more(archive: Path) -> None:
    done = add(archive)
    path = archive / "sources" / "mofa.toml"
    assert (done.code, done.out) == (0, "")
    assert f"source mofa is in {path}" in done.err
    assert tomllib.loads(path.read_text())["seeds"] == ["https://www.example.gov/"]


def test_every_change_of_a_source_is_an_event_with_its_file(archive: Path) -> None:
    add(archive)
    muniment("source", "edit", "mofa", "politeness.delay=2.5", "--operator", "Eve", archive=archive)
    text = (archive / "sources" / "mofa.toml").read_text()
    muniment("source", "remove", "mofa", archive=archive)
    kept = events(archive)
    assert [(event.detail["action"], event.operator) for event, _ in kept] == [
        ("add", "Ada"),
        ("edit", "Eve"),
        ("remove", "Ada"),
    ]
    assert "delay = 2.5" in text
    assert kept[2][1].decode() == text
    for path in (archive / "warc").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o444


def test_list_shows_sources_and_names_the_broken_one(archive: Path) -> None:
    add(archive)
    (archive / "sources" / "bad.toml").write_text("name = 'bad'\nseeds = 3\n")
    done = muniment("source", "list", archive=archive)
    assert done.out == "mofa  -  https://www.example.gov/  obey  record\n"
    assert done.err == f"muniment: seeds: must be a list ({archive}/sources/bad.toml)\n"
    assert done.code == 2
    rows = muniment("source", "list", "--json", archive=archive).rows
    assert rows == [
        {
            "name": "mofa",
            "agency": None,
            "seeds": ["https://www.example.gov/"],
            "robots": "obey",
            "tls": "record",
        }
    ]


def test_show_prints_the_file_as_it_is(archive: Path) -> None:
    add(archive)
    path = archive / "sources" / "mofa.toml"
    path.write_text("# by hand\n" + path.read_text())
    assert muniment("source", "show", "mofa", archive=archive).out == path.read_text()
    (row,) = muniment("source", "show", "mofa", "--json", archive=archive).rows
    assert row["settings"]["politeness"] == {"delay": 1.0, "concurrency": 2, "autothrottle": True}


def test_a_misspelt_name_is_not_found_and_the_near_one_told(archive: Path) -> None:
    add(archive)
    done = muniment("source", "show", "mfoa", archive=archive)
    assert (done.code, done.err) == (4, "muniment: no source is named 'mfoa'. Did you mean mofa?\n")


@pytest.mark.parametrize("name", ["../out", "a/b", "con", ".hidden", "x\0y", ""])
def test_no_name_leads_outside_the_sources(archive: Path, name: str) -> None:
    before = sorted(archive.parent.rglob("*"))
    for order in (["add", name, "https://a.example/"], ["show", name], ["remove", name]):
        done = muniment("source", *order, archive=archive)
        assert done.code == 2
        assert done.err.count("\n") == 1
    assert sorted(archive.parent.rglob("*")) == before


def test_add_never_writes_over_a_source(archive: Path) -> None:
    add(archive)
    done = add(archive)
    assert done.code == 2
    assert "there is a source named 'mofa' already" in done.err


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("politeness.delay=-1", "politeness.delay: must be 0 or more"),
        ("politness.delay=1", "politness: unknown key"),
        ("name=other", "name: must stay 'mofa'"),
        ("delay", "not KEY=VALUE: 'delay'"),
    ],
)
def test_a_change_that_makes_no_source_changes_nothing(
    archive: Path, change: str, said: str
) -> None:
    add(archive)
    before = (archive / "sources" / "mofa.toml").read_text()
    done = muniment("source", "edit", "mofa", change, archive=archive)
    assert done.code == 2
    assert said in done.err
    assert (archive / "sources" / "mofa.toml").read_text() == before
    assert len(events(archive)) == 1


def editor(tmp_path: Path, script: str) -> str:
    path = tmp_path / "editor"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def test_edit_opens_the_editor_and_takes_what_it_makes(archive: Path, tmp_path: Path) -> None:
    add(archive)
    made = editor(tmp_path, "echo '# changed by hand' >> $1")
    done = muniment("source", "edit", "mofa", archive=archive, EDITOR=made, VISUAL=None)
    assert (done.code, done.err) == (0, "source mofa changed\n")
    assert (archive / "sources" / "mofa.toml").read_text().endswith("# changed by hand\n")


def test_an_editor_that_changes_nothing_records_nothing(archive: Path, tmp_path: Path) -> None:
    add(archive)
    done = muniment("source", "edit", "mofa", archive=archive, EDITOR=editor(tmp_path, ":"))
    assert done.err == "source mofa stays as it is\n"
    assert len(events(archive)) == 1


def test_a_broken_edit_is_refused_with_its_reason(archive: Path, tmp_path: Path) -> None:
    add(archive)
    made = editor(tmp_path, "echo 'seeds = ' > $1")
    done = muniment("source", "edit", "mofa", archive=archive, EDITOR=made)
    assert done.code == 2
    assert "not TOML" in done.err


def test_a_broken_source_can_be_mended_and_removed(archive: Path, tmp_path: Path) -> None:
    add(archive)
    path = archive / "sources" / "mofa.toml"
    good = path.read_text()
    path.write_text("seeds = ")
    (tmp_path / "good").write_text(good)
    made = editor(tmp_path, f"cp {tmp_path / 'good'} $1")
    assert muniment("source", "edit", "mofa", archive=archive, EDITOR=made).code == 0
    assert path.read_text() == good
    path.write_bytes(b"\xff\xfe")
    refused = muniment("source", "edit", "mofa", "tls=require", archive=archive)
    assert (refused.code, refused.err.count("\n")) == (2, 1)
    assert muniment("source", "remove", "mofa", archive=archive).code == 0
    assert not path.exists()
