"""`muniment index`: texts that wait are read when they are asked for, and nothing waits for them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.layout import ArchiveRoot
from catalog.database import open_catalog
from cli.exits import Exit
from cli.keys import KEYS
from tests.catalogs import dump
from tests.checks import check_archive
from tests.logs import check_logs
from tests.muniment import configure, muniment
from tests.small_site import SmallSite, html, serve

LATER = "[text]\nlater = true"


@pytest.fixture(scope="module")
def site() -> Iterator[SmallSite]:
    with serve({"/": html("/a", text="关于研修班的通知"), "/a": html(text="名额25人")}) as found:
        yield found


@pytest.fixture
def archive(tmp_path: Path, site: SmallSite) -> Path:
    root = tmp_path / "archive"
    muniment("init", root, "--operator", "Ada")
    muniment("source", "add", "site", site.url + "/", archive=root)
    return root


def test_texts_wait_for_their_order_and_all_that_needs_them_says_so(
    archive: Path, site: SmallSite
) -> None:
    configure(archive, LATER)
    assert muniment("crawl", "site", archive=archive).code == 0
    found = muniment("search", "研修班", archive=archive)
    assert (found.code, found.out) == (Exit.NOT_FOUND, "")
    waiting = "not read yet: 2 versions; `muniment index` reads them"
    assert waiting in found.err
    assert "2 versions not read yet" in muniment("quote", "名额25人", archive=archive).out
    assert "2 versions not read yet" in muniment("status", archive=archive).out
    assert "not read yet" in muniment("cite", site.url + "/a", archive=archive).err
    muniment("collection", "create", "files", archive=archive)
    muniment("collection", "add", "files", site.url + "/a", archive=archive)
    frozen = muniment("collection", "freeze", "files", archive=archive)
    assert frozen.code == 0
    assert "1 version not read yet" in frozen.err
    told = muniment("index", archive=archive)
    assert (told.code, told.out) == (0, "")
    assert "read: 3 texts" in told.err
    assert "研修班" in muniment("search", "研修班", archive=archive).out
    assert "not read yet" not in muniment("status", archive=archive).out
    again = muniment("index", "--json", archive=archive)
    assert again.rows == [{"texts": 0, "without_text": {}, "damaged": []}]
    assert set(again.rows[0]) <= set(KEYS)
    check_archive(ArchiveRoot(archive))


def test_a_rebuild_leaves_the_texts_too_and_they_come_out_the_same(archive: Path) -> None:
    root = ArchiveRoot(archive)
    assert muniment("crawl", "site", archive=archive).code == 0
    before = dump(open_catalog(root.catalog))
    configure(archive, LATER)
    assert muniment("rebuild", archive=archive).code == 0
    assert "2 versions not read yet" in muniment("status", archive=archive).out
    assert muniment("index", archive=archive).code == 0
    assert dump(open_catalog(root.catalog)) == before


def test_the_log_is_signed_before_a_text_is_read(
    archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading may take hours, be stopped or fail: no leaf waits for it."""
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    told = muniment("crawl", "site", archive=archive)
    assert told.code == Exit.UNCHECKED
    assert "no process can be started to read files" in told.err
    monkeypatch.undo()
    check_logs(ArchiveRoot(archive))
    assert "2 versions not read yet" in muniment("status", archive=archive).out
    check_archive(ArchiveRoot(archive))
