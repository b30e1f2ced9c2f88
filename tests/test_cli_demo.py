"""The demo tells its story to the end, and stops where something does not come out as told."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.demo import CLAUSE, POSTINGS, SEED, Story
from cli.demo_stage import Stage, StoryError
from cli.exits import Exit
from cli.ministry import Answer, Ministry

STORY = (
    "This is a ministry that does not exist",
    "$ muniment init archive --operator 'Demo Archivist'",
    "$ cd archive",
    "$ muniment source add ministry http://127.0.0.1:",
    "$ muniment crawl ministry",
    "complete       passed",
    "checked: each of the ministry's 109 URLs has its capture, with the status sent",
    "checked: each of 99 pages and files is kept byte for byte",
    "$ muniment list --limit 6",
    "附件1：项目简介.pdf",
    "Without a word, it has:",
    "$ muniment crawl ministry",
    "checked: each of the ministry's 107 URLs has its capture, with the status sent",
    "checked: each of 96 pages and files is kept byte for byte",
    f"then  六、提交报告。参加人员{CLAUSE[0]}",
    f"now   六、提交报告。参加人员{CLAUSE[1]}",
    "checked: under one address, two files",
    "checked: it was content, and is not found now",
    "checked: its bytes are those of one posting of the first crawl, at another address",
    "$ muniment verify ../saved/附件1：项目简介.pdf",
    "(content): passed",
    "checked: it equals what the first crawl received, and nothing else",
    "no outside proof yet: test: test authority, proves nothing",
    "a link “附件1：项目简介.pdf” on http://127.0.0.1:",
    "$ muniment verify ../saved/forged-附件1：项目简介.pdf",
    "failed",
    "(exit code 1)",
    "$ muniment -C ../damaged verify --all",
    "at byte ",
    "expected sha256:",
    "(exit code 1)",
    "checked: one record is named, by its file and the byte at which it begins",
    "checked: both digests are told, and they differ",
    "$ muniment verify --all",
    "$ muniment -C ../rewritten log audit",
    "the file is missing",
    "(exit code 1)",
    "checked: the log is still signed, and its entries tell of records that are gone",
    "$ muniment log audit",
    "$ muniment status",
    "test authority, proves nothing",
    "-o ../package",
    "$ sh ../package/verify.sh",
    "overall: passed",
    "$ sh ../forged-package/verify.sh",
    "1 complete: failed",
    "3 content: failed",
    "overall: failed",
    "(exit code 1)",
    "All came out as told, in ",
)
"""What a reader meets, in this order."""


def muniment(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", "-m", "cli.main", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    folder = tmp_path_factory.mktemp("demo")
    done = muniment("demo", "--keep", "kept", folder=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    return done.stdout, folder / "kept"


def test_the_demo_tells_its_story_in_order(told: tuple[str, Path]) -> None:
    text, at = told[0], 0
    for line in STORY:
        found = text.find(line, at)
        assert found >= 0, f"not told after {text[max(0, at - 200) : at]!r}: {line}"
        at = found + len(line)


def test_the_bit_lies_within_the_record_that_is_named(told: tuple[str, Path]) -> None:
    text, folder = told
    turned = int(re.search(r"one bit is turned, in byte ([\d,]+)", text)[1].replace(",", ""))  # type: ignore[index]  # told above
    file, at = re.search(r"(ministry-\S+) at byte (\d+): stored bytes of", text).groups()  # type: ignore[union-attr]  # told above
    whole, damaged = (folder / part / "warc" / file for part in ("archive", "damaged"))
    differs = [
        place
        for place, (a, b) in enumerate(zip(whole.read_bytes(), damaged.read_bytes(), strict=True))
        if a != b
    ]
    assert differs == [turned]
    assert 0 <= turned - int(at) < 100_000


def test_what_the_demo_keeps_is_an_archive_like_any_other(told: tuple[str, Path]) -> None:
    archive = told[1] / "archive"
    assert muniment("doctor", folder=archive).returncode == 0
    saved = next((told[1] / "saved").glob("附件*"))
    assert muniment("verify", str(saved), folder=archive).returncode == 0


def test_the_demo_writes_into_no_folder_that_holds_anything(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    done = muniment("demo", "--keep", str(tmp_path), folder=tmp_path)
    assert done.returncode == Exit.USAGE
    assert "not an empty folder" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


class Forgetful(Ministry):
    """A ministry that says that it has a page which it never served."""

    def expected(self) -> Iterator[tuple[str, Answer]]:
        yield from super().expected()
        yield "/never-served.html", Answer(200)


def test_the_demo_ends_where_the_archive_lacks_what_the_ministry_has(tmp_path: Path) -> None:
    story = Story(Stage(tmp_path), Forgetful(SEED, POSTINGS))
    with story.ministry.serve() as url:
        story.open(url)
        with pytest.raises(StoryError, match="not so: each of the ministry's 110 URLs"):
            story.crawl()


def test_the_demo_ends_where_a_command_ends_otherwise(tmp_path: Path) -> None:
    with pytest.raises(StoryError, match=r"`muniment doctor` ended with 4, not 0"):
        Stage(tmp_path).order("doctor")
