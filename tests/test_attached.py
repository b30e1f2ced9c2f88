"""Notices and their files: bound by the links that stand in each version of a notice."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from archive.group import Group
from archive.statement import Capture
from catalog.attached import attachments_of, compare_files, compare_links, notices_of
from catalog.documents import by_last_seen, sighting, versions_of
from catalog.holdings import Capture as Seen
from catalog.keys import document_id
from catalog.postings.attachments import is_file, led_to
from tests.captures import TIME, answer, store, wire_group
from tests.muniment import muniment
from tests.notices import CHALLENGE, DAY, PAGE, held, new_archive, notice, shown

FILE = "https://www.example.gov/files/1.doc"
LINK = '<a href="files/1.doc">附件1：名单</a>'
SECOND = timedelta(seconds=1)


def file(words: str = "one", url: str = FILE, **fields: Any) -> Group:
    return wire_group(url, answer(words.encode(), "application/msword"), **fields)


def redirect(url: str, to: str, **fields: Any) -> Group:
    return wire_group(
        url, answer(b"", status="302 Found"), outcome="redirect", location=to, **fields
    )


def last(engine: Engine, url: str) -> Seen:
    """The last sighting of the document at a URL."""
    id_ = document_id(url)
    version = by_last_seen(versions_of(engine, id_))[-1]
    return sighting(engine, id_, version.latest.version.id)


def test_files_are_bound_by_the_links_of_a_notice_and_not_by_who_came_first(
    engine: Engine, tmp_path: Path
) -> None:
    elsewhere = "https://www.example.gov/list.html"
    links = f'{LINK}<a href="/files/2.pdf">附件2</a><a href="more.html">更多</a>'
    held(
        engine,
        tmp_path,
        file(time=TIME, via=elsewhere, cause="link", link_text="下载"),
        wire_group(PAGE, notice(links=links), time=TIME + DAY),
    )
    files = attachments_of(engine, last(engine, PAGE))
    assert [(each.url, each.words, each.seen is not None) for each in files] == [
        (FILE, "附件1：名单", True),
        ("https://www.example.gov/files/2.pdf", "附件2", False),
    ]
    [bound] = notices_of(engine, document_id(FILE))
    assert (bound.url, bound.words) == (PAGE, "附件1：名单")


def test_the_same_page_at_two_hosts_links_the_files_of_each(engine: Engine, tmp_path: Path) -> None:
    mirror, copy = "https://mirror.example/notice.html", "https://mirror.example/files/1.doc"
    page = notice(links=LINK)
    held(
        engine,
        tmp_path,
        wire_group(PAGE, page),
        file(),
        wire_group(mirror, page, time=TIME + DAY),
        file("two", copy, time=TIME + DAY, via=mirror, cause="link"),
    )
    for url, at in ((PAGE, FILE), (mirror, copy)):
        [attached] = attachments_of(engine, last(engine, url))
        assert (attached.url, attached.document_id) == (at, document_id(at))
        assert [notice.url for notice in notices_of(engine, document_id(at))] == [url]


def test_a_link_that_is_redirected_leads_to_the_file_behind_it(
    engine: Engine, tmp_path: Path
) -> None:
    download, middle = "https://www.example.gov/download.jsp?id=7", "https://www.example.gov/go/7"
    held(
        engine,
        tmp_path,
        wire_group(PAGE, notice(links='<a href="/download.jsp?id=7">附件</a>')),
        redirect(download, middle, cause="link", via=PAGE),
        redirect(middle, FILE, cause="redirect", via=download),
        file(cause="redirect", via=middle),
    )
    [attached] = attachments_of(engine, last(engine, PAGE))
    assert attached.url == download
    assert attached.document_id == document_id(FILE)
    assert attached.seen is not None
    assert [bound.words for bound in notices_of(engine, document_id(FILE))] == ["附件"]


def test_a_loop_of_redirects_ends(engine: Engine, tmp_path: Path) -> None:
    one, two = "https://www.example.gov/1.pdf", "https://www.example.gov/2.pdf"
    held(
        engine,
        tmp_path,
        wire_group(PAGE, notice(links='<a href="1.pdf">附件</a>')),
        redirect(one, two, cause="link", via=PAGE),
        redirect(two, one, cause="redirect", via=one),
    )
    [attached] = attachments_of(engine, last(engine, PAGE))
    assert (attached.document_id, attached.seen) == (document_id(one), None)


def test_a_challenge_in_a_files_place_is_not_the_file(engine: Engine, tmp_path: Path) -> None:
    held(engine, tmp_path, wire_group(PAGE, notice(links=LINK)), wire_group(FILE, CHALLENGE))
    [attached] = attachments_of(engine, last(engine, PAGE))
    assert attached.seen is None


def crawled(crawl: str, *groups: Group) -> list[Group]:
    """Groups of one crawl, a second after each other."""
    told = []
    for place, group in enumerate(groups):
        assert isinstance(group.statement, Capture)
        time = group.statement.time + place * SECOND
        told.append(Group(replace(group.statement, crawl=crawl, time=time), group.records))
    return told


@pytest.mark.parametrize("same_page", [True, False])
def test_a_file_swapped_between_two_crawls_is_found_though_it_is_fetched_after_its_page(
    engine: Engine, tmp_path: Path, *, same_page: bool
) -> None:
    links = LINK + '<a href="files/2.doc">附件2</a><a href="files/3.doc">附件3</a>'
    later = (
        LINK
        + '<a href="new/2.doc">附件2</a><a href="files/3.doc">附件三</a><a href="4.doc">附件4</a>'
    )
    second, third, moved = (
        f"https://www.example.gov/{at}.doc" for at in ("files/2", "files/3", "new/2")
    )
    after = TIME + DAY
    held(
        engine,
        tmp_path,
        *crawled("a", wire_group(PAGE, notice(links=links)), file("one"), file("2", second), file("3", third)),
        *crawled(
            "b",
            wire_group(PAGE, notice(links=links if same_page else later), time=after),
            file("other", time=after),
            file("2", second if same_page else moved, time=after),
            file("3", third, time=after),
        ),
    )  # fmt: skip
    id_ = document_id(PAGE)
    versions = by_last_seen(versions_of(engine, id_))
    before = sighting(engine, id_, versions[0].id, first=True)
    found = compare_files(*(attachments_of(engine, each) for each in (before, last(engine, PAGE))))
    told = [(change.how, (change.after or change.before).words) for change in found]  # type: ignore[union-attr]
    expected = [("swapped", "附件1：名单")]
    if not same_page:
        expected += [("renamed", "附件三"), ("moved", "附件2"), ("added", "附件4")]
    assert told == expected


def test_of_a_file_that_was_not_seen_on_both_sides_nothing_is_claimed(
    engine: Engine, tmp_path: Path
) -> None:
    held(
        engine,
        tmp_path,
        wire_group(PAGE, notice(25, links=LINK)),
        wire_group(PAGE, notice(20, links=LINK), time=TIME + DAY),
        file(time=TIME + SECOND),
    )
    one, two = by_last_seen(versions_of(engine, document_id(PAGE)))
    captures = (sighting(engine, document_id(PAGE), each.id) for each in (one, two))
    [change] = compare_files(*(attachments_of(engine, each) for each in captures))
    assert change.how == "not checked"


def test_links_with_the_same_words_are_not_taken_for_each_other(
    engine: Engine, tmp_path: Path
) -> None:
    held(
        engine,
        tmp_path,
        wire_group(PAGE, notice(25, links='<a href="1.doc">下载</a><a href="2.doc">下载</a>')),
        wire_group(
            PAGE,
            notice(20, links='<a href="3.doc">下载</a><a href="4.doc">下载</a>'),
            time=TIME + DAY,
        ),
    )
    one, two = by_last_seen(versions_of(engine, document_id(PAGE)))
    captures = (sighting(engine, document_id(PAGE), each.id) for each in (one, two))
    found = compare_files(*(attachments_of(engine, each) for each in captures))
    assert [change.how for change in found] == ["removed", "removed", "added", "added"]


@pytest.mark.parametrize(
    ("href", "encoding", "leads"),
    [
        ("附件.doc", "utf-8", "https://www.example.gov/%E9%99%84%E4%BB%B6.doc"),
        ("get?f=附件.doc", "gb18030", "https://www.example.gov/get?f=%B8%BD%BC%FE.doc"),
        ("..\\a.doc#top", None, "https://www.example.gov/a.doc"),
        ("mailto:a@example.gov", None, None),
        ("http://[", None, None),
    ],
)
def test_a_link_leads_where_a_browser_and_the_crawler_go(
    href: str, encoding: str | None, leads: str | None
) -> None:
    assert led_to(PAGE, href, encoding) == leads


def test_a_page_may_say_what_its_links_are_relative_to(engine: Engine, tmp_path: Path) -> None:
    page = answer('<base href="/files/"><p>通知</p><a href="1.doc">附件</a>'.encode())
    held(engine, tmp_path, wire_group(PAGE, page))
    [attached] = attachments_of(engine, last(engine, PAGE))
    assert attached.url == FILE


def test_a_notice_without_words_of_its_own_still_has_its_files(
    engine: Engine, tmp_path: Path
) -> None:
    held(engine, tmp_path, wire_group(PAGE, answer(b'<a href="files/1.doc"><img src=p.png></a>')))
    [attached] = attachments_of(engine, last(engine, PAGE))
    assert attached.url == FILE


@pytest.mark.parametrize(
    ("url", "is_one"),
    [
        ("https://a.example/1.PDF", True),
        ("https://a.example/system/_content/download.jsp?urltype=news&wbfileid=3", True),
        ("https://a.example/module/download/downfile.jsp?filename=1.doc", True),
        ("https://a.example/art/1.html", False),
        ("https://a.example/list.jsp?page=2", False),
        ("http://[", False),
    ],
)
def test_files_are_told_from_pages_by_their_addresses(url: str, *, is_one: bool) -> None:
    assert is_file(url) is is_one


def test_links_are_compared_as_sets_of_documents() -> None:
    before = [
        ("http://a.example/1", "一"),
        ("http://a.example/2", "二"),
        ("http://a.example/2", "二"),
    ]
    after = [("https://www.a.example/1", "一"), ("http://a.example/3", "三")]
    assert compare_links(before, after) == (
        [("http://a.example/2", "二")],
        [("http://a.example/3", "三")],
    )


def test_show_tells_the_files_of_a_notice_and_the_notices_of_a_file(tmp_path: Path) -> None:
    root = new_archive(tmp_path)
    store(root, wire_group(PAGE, notice(links=LINK)), file())
    muniment("rebuild", archive=root)
    [attached] = shown(root, PAGE)["attachments"]
    assert (attached["url"], attached["words"]) == (FILE, "附件1：名单")
    assert attached["version"]
    [bound] = shown(root, FILE)["attached_to"]
    assert (bound["url"], bound["words"]) == (PAGE, "附件1：名单")
