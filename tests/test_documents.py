"""Documents over time and elsewhere: what is a version, what came in its place, what is a copy."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from catalog.documents import (
    VersionOfDocument,
    by_last_seen,
    in_its_place,
    urls_of,
    versions_of,
)
from catalog.elsewhere import copies_of, near_duplicates
from catalog.keys import document_id, document_key
from catalog.resolve import capture_of, resolve
from catalog.text.normal import RULES, nfkc, normal
from catalog.text.sketch import KEPT, SHORTEST, runs_of, similarity, sketch
from tests.captures import TIME, answer, store, wire_group
from tests.catalogs import rows
from tests.muniment import muniment
from tests.notices import CHALLENGE, DAY, PAGE, held, new_archive, notice, shown


@pytest.mark.parametrize(
    "same",
    [
        "http://www.example.gov/notice.html",
        "https://example.gov:443/notice.html#top",
        "HTTPS://WWW.EXAMPLE.GOV/notice.html",
        "https://www.example.gov/notice.html;jsessionid=A1B2C3D4E5F60718293A4B5C6D7E8F90",
        "https://www.example.gov/notice.html?PHPSESSID=a1b2c3d4e5f60718293a4b5c6d7e8f90",
    ],
)
def test_how_a_document_was_asked_for_makes_no_other_document(same: str) -> None:
    assert document_id(same) == document_id(PAGE)


@pytest.mark.parametrize(
    "other",
    [
        "https://www.example.gov/Notice.html",
        "https://www.example.gov/notice.html?id=1",
        "https://www.example.gov:8443/notice.html",
        "https://old.example.gov/notice.html",
        "https://oldwww.example.gov/notice.html",
        "https://m.www.example.gov/notice.html",
        "https://www.example.gov/notice.html?sid=a1b2c3d4e5f60718293a4b5c6d7e8f90",
        "urn:notice",
    ],
)
def test_what_may_be_another_document_stays_one(other: str) -> None:
    assert document_id(other) != document_id(PAGE)


@given(st.text())
def test_any_url_has_a_key_that_is_its_own_key(url: str) -> None:
    key = document_key(f"https://{url}")
    assert document_key(f"http://{key}") == key


def versions(engine: Engine, url: str = PAGE) -> list[VersionOfDocument]:
    return versions_of(engine, document_id(url))


def test_a_click_counter_makes_no_new_version_and_an_edited_clause_does(
    engine: Engine, tmp_path: Path
) -> None:
    plain = PAGE.replace("https", "http")
    held(
        engine,
        tmp_path,
        wire_group(PAGE, notice(reads=10)),
        wire_group(PAGE, notice(reads=4711), time=TIME + DAY),
        wire_group(plain, notice(places=20, reads=5000), time=TIME + 2 * DAY),
    )
    assert urls_of(engine, document_id(PAGE)) == [plain, PAGE]
    assert [(each.sightings, len(each.contents)) for each in versions(engine)] == [(2, 2), (1, 1)]
    first, second = versions(engine)
    assert (first.first, first.last, second.first) == (TIME, TIME + DAY, TIME + 2 * DAY)


def test_a_text_that_came_back_is_what_the_source_shows(engine: Engine, tmp_path: Path) -> None:
    held(
        engine,
        tmp_path,
        wire_group(PAGE, notice(25)),
        wire_group(PAGE, notice(20), time=TIME + DAY),
        wire_group(PAGE, notice(25, reads=99), time=TIME + 2 * DAY),
    )
    old, new = versions(engine)
    assert by_last_seen([old, new]) == [new, old]
    assert (old.sightings, old.latest.first) == (2, TIME + 2 * DAY)


def test_what_came_in_a_documents_place_is_no_version_of_it_and_is_told_apart(
    engine: Engine, tmp_path: Path
) -> None:
    refused = answer(b"no", status="403 Forbidden")
    moved = answer(b"", status="302 Found")
    home, plain = "https://www.example.gov/", PAGE.replace("https", "http")
    shouted = "https://www.example.gov/NOTICE.HTML"
    held(
        engine,
        tmp_path,
        wire_group(PAGE, notice()),
        wire_group(PAGE, CHALLENGE, time=TIME + DAY),
        *(
            wire_group(PAGE, refused, time=TIME + n * DAY, outcome="blocked", code="http-403")
            for n in (2, 3)
        ),
        wire_group(PAGE, moved, time=TIME + 4 * DAY, outcome="redirect", location=home),
        # Neither that leads away from the document, nor is that another one's refusal of it.
        wire_group(plain, moved, time=TIME + 5 * DAY, outcome="redirect", location=PAGE),
        wire_group(shouted, refused, outcome="not-found", code="http-404"),
    )
    assert [each.sightings for each in versions(engine)] == [1]
    challenge, blocked, redirected = in_its_place(engine, document_id(PAGE))
    assert (challenge.outcome, challenge.sightings) == ("challenge", 1)
    assert challenge.version is not None
    assert "jsl_clearance" in (challenge.why or "")
    assert (blocked.outcome, blocked.why, blocked.sightings) == ("blocked", "http-403", 2)
    assert (blocked.first, blocked.last) == (TIME + 2 * DAY, TIME + 3 * DAY)
    assert (redirected.outcome, redirected.why) == ("redirect", home)


def test_a_challenge_that_came_last_does_not_stand_for_its_document(
    engine: Engine, tmp_path: Path
) -> None:
    held(
        engine,
        tmp_path,
        wire_group(PAGE, notice()),
        wire_group(PAGE, CHALLENGE, time=TIME + DAY),
    )
    named = resolve(engine, document_id(PAGE)[:8])
    assert named.kind == "document"
    assert capture_of(engine, named).time == TIME


def test_a_content_without_text_is_a_version_by_its_bytes(engine: Engine, tmp_path: Path) -> None:
    image = "https://www.example.gov/scan.png"
    png = b"\x89PNG\r\n\x1a\n%d"
    held(
        engine,
        tmp_path,
        *(wire_group(image, answer(png % n, "image/png"), time=TIME + n * DAY) for n in range(2)),
    )
    assert [each.contents[0].normal for each in versions(engine, image)] == [None, None]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("点击数：12", "点击数：4,711"),
        ("浏览：12", "浏览：13"),
        ("阅读 12", "阅读 1.3万"),
        ("访问量（12）", "访问量（13）"),
        (
            "发布日期：2021-06-01 点击：12 来源：商务部",
            "发布日期：2021-06-01 点击：13 来源：商务部",
        ),
        ("文件已被下载 12 次", "文件已被下载 13 次"),
        ("当前时间：2021-06-01 09:30", "当前时间：2021-06-02 10:31"),
        ("您的IP地址是：10.0.0.1", "您的IP地址是：10.0.0.2"),
        ("Request ID: 0a1b2c3d4e5f6071", "Request ID: 8a9b2c3d4e5f6071"),
        ("/list;jsessionid=A1B2C3D4E5F60718", "/list;jsessionid=B1B2C3D4E5F60718"),
        ("Number of views (12)/Comments (0)", "Number of views (13)/Comments (0)"),
        ("Wednesday, February 01, 2017", "Thursday, 2 February 2017"),
        ("附件【名单.doc】已下载12次", "附件【名单.doc】已下载9次"),
        ("您是第 12 位访客", "您是第 13 位访客"),
        ("今天是2021年6月1日 星期二", "今天是2021年6月2日 星期三"),
        ("2021年6月1日 星期二", "2021年6月2日 星期三"),
        ("版权所有 © 2021 商务部", "版权所有 © 2022 商务部"),
        ("Processed in 0.012 seconds", "Processed in 1.5 seconds"),
        ("商务部\u3000公告", "商务部 公告"),
    ],
)
def test_what_changes_by_itself_is_no_content(one: str, other: str) -> None:
    assert normal(one) == normal(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("名额20人", "名额25人"),
        ("定于2021年6月1日举办", "定于2021年6月2日举办"),
        ("发布日期：2021年6月1日", "发布日期：2021年6月2日"),
        ("生成日期：2021-06-01", "生成日期：2021-06-02"),
        ("北京时间2021年6月1日9:30截止", "北京时间2021年6月8日9:30截止"),
        ("请阅读2021年通知", "请阅读2022年通知"),
        ("下载附件1", "下载附件2"),
        ("下载：2021年名单.doc", "下载：2022年名单.doc"),
        ("下载量\n1200", "下载量\n1300"),
        ("全年访问中国的团组共12个", "全年访问中国的团组共13个"),
        ("代表团访问12个国家", "代表团访问13个国家"),
        ("访问人数：12人", "访问人数：15人"),
        ("先后访问3次", "先后访问4次"),
        ("阅读率：12%", "阅读率：15%"),
        ("处理时间：30秒", "处理时间：60秒"),
        ("重点关注3个问题", "重点关注4个问题"),
        ("Views of 12 ministers", "Views of 13 ministers"),
        ("Visitors: 1,200", "Visitors: 1,300"),
        ("6月1日 星期二\n开幕", "6月3日 星期四\n开幕"),
        (
            "2021年6月1日 星期二\n开幕\n2021年6月2日 星期三\n闭幕",
            "2021年6月3日 星期四\n开幕\n2021年6月4日 星期五\n闭幕",
        ),
    ],
)
def test_a_number_or_a_date_in_what_a_notice_says_is_content(one: str, other: str) -> None:
    assert normal(one) != normal(other)


@given(st.text(st.characters(codec="utf-8") | st.sampled_from("，：（）ＡｶﾞǺ①")))
def test_a_text_is_folded_as_unicode_says_whatever_is_in_it(text: str) -> None:
    assert nfkc(text) == unicodedata.normalize("NFKC", text)


def test_every_rule_says_why() -> None:
    assert all(rule.why and rule.name for rule in RULES)


ELSEWHERE = "https://embassy.example/notice"
UNIVERSITY = "https://university.example/art/1.html"


def alike(engine: Engine, url: str = PAGE) -> dict[str, float]:
    latest = by_last_seen(versions(engine, url))[-1].latest
    found = near_duplicates(engine, document_id(url), latest.version.id)
    return {copy.document.url: copy.similarity for copy in found}


def test_the_same_elsewhere_is_listed_and_what_is_alike_is_never_merged(
    engine: Engine, tmp_path: Path
) -> None:
    park = "今天天气很好，适合去公园散步，看花，喝茶，读书，写字，画画，唱歌，跳舞，下棋，聊天。"
    held(
        engine,
        tmp_path,
        wire_group(PAGE, notice()),
        wire_group(PAGE, notice(reads=3), time=TIME + DAY),
        wire_group(ELSEWHERE, notice(reads=99), time=TIME + DAY),
        wire_group(ELSEWHERE, notice(reads=100), time=TIME + 3 * DAY),
        wire_group(f"{ELSEWHERE}2", notice(reads=3), time=TIME + 2 * DAY),
        wire_group(UNIVERSITY, notice(places=20), time=TIME + DAY),
        wire_group("https://other.example/", answer(f"<p>{park}</p>".encode())),
    )
    found = copies_of(engine, document_id(PAGE))
    assert [(copy.document.url, copy.how) for copy in found] == [
        (ELSEWHERE, "same text"),
        (f"{ELSEWHERE}2", "same bytes"),
    ]
    assert (found[0].first, found[0].last) == (TIME + DAY, TIME + 3 * DAY)
    assert alike(engine).keys() == {UNIVERSITY}
    assert 0.8 < alike(engine)[UNIVERSITY] < 1
    assert len(versions(engine)) == 1


def test_a_document_is_not_like_itself_wherever_its_versions_were_first_seen(
    engine: Engine, tmp_path: Path
) -> None:
    held(
        engine,
        tmp_path,
        wire_group(UNIVERSITY, notice(25)),
        wire_group(PAGE, notice(25), time=TIME + DAY),
        wire_group(PAGE, notice(20), time=TIME + 2 * DAY),
    )
    assert alike(engine) == {}
    [copy] = copies_of(engine, document_id(PAGE))
    assert (copy.document.url, copy.how) == (UNIVERSITY, "same bytes")


def test_pages_with_one_menu_are_not_alike_for_it(engine: Engine, tmp_path: Path) -> None:
    menu = "".join(f"<li>栏目{n}：政务公开、通知公告、政策发布、办事服务</li>" for n in range(40))
    said = (
        "商务部关于举办跨境电子商务研修班的通知，请各单位组织推荐符合条件的人员参加，名额二十五人，逾期不予受理。",
        "关于二〇二一年国庆节放假安排的公告，十月一日至七日放假调休，共七天，九月二十六日上班，请周知。",
    )
    urls = [f"https://www.example.gov/{n}.html" for n in range(2)]
    pages = (f"<nav><ul>{menu}</ul></nav><p>{words}</p>" for words in said)
    groups = (wire_group(url, answer(page.encode())) for url, page in zip(urls, pages, strict=True))
    held(engine, tmp_path, *groups)
    assert rows(engine, "SELECT count(DISTINCT version_id) FROM sketch") == [(2,)]
    assert alike(engine, urls[0]) == {}


def test_a_page_in_a_documents_place_is_like_nothing(engine: Engine, tmp_path: Path) -> None:
    held(engine, tmp_path, *(wire_group(url, CHALLENGE) for url in (PAGE, ELSEWHERE)))
    assert copies_of(engine, document_id(PAGE)) == []
    assert rows(engine, "SELECT count(*) FROM sketch") == [(0,)]


def test_a_document_of_many_versions_hides_nothing_that_is_like_it(
    engine: Engine, tmp_path: Path
) -> None:
    held(
        engine,
        tmp_path,
        *(wire_group(PAGE, notice(n), time=TIME + n * DAY) for n in range(30, 150)),
        wire_group(UNIVERSITY, notice(5)),
    )
    assert len(versions(engine)) == 120
    assert alike(engine).keys() == {UNIVERSITY}


@given(st.text(min_size=60, max_size=200))
def test_a_text_is_like_itself(text: str) -> None:
    assert similarity(text, text) == 1.0
    assert all(0 <= value < 1 << 63 for value in sketch(text))


@given(st.text(min_size=0, max_size=40), st.integers(1, 60))
def test_a_sketch_is_the_least_hashes_of_a_text_however_long(text: str, times: int) -> None:
    long = "".join(f"{text}{n}" for n in range(times))
    least = sorted(int(value) for value in runs_of(long))[:KEPT]
    assert sketch(long) == (least if len(long) >= SHORTEST else [])


@given(st.text(max_size=30), st.text(max_size=30))
def test_similarity_is_the_share_of_runs_in_common(one: str, other: str) -> None:
    first, second = ({t[n : n + 3] for n in range(len(t) - 2)} for t in (one, other))
    either = first | second
    expected = len(first & second) / len(either) if first and second else float(one == other)
    assert similarity(one, other) == pytest.approx(expected)


def test_a_thing_is_named_by_the_digest_of_its_bytes(tmp_path: Path) -> None:
    root = new_archive(tmp_path)
    store(root, wire_group(PAGE, notice()))
    muniment("rebuild", archive=root)
    content = notice().partition(b"\r\n\r\n")[2]
    saved = tmp_path / "saved.html"
    saved.write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    version = shown(root, PAGE)["versions"][0]["id"]
    for name in (digest, f"sha256:{digest}", digest.upper(), version, saved):
        [told] = muniment("show", name, "--json", archive=root).rows
        assert (told["id"], told["sha256"]) == (version, digest)
        assert [seen["url"] for seen in told["sightings"]] == [PAGE]
    assert muniment("get", digest, archive=root).raw == content
    assert muniment("show", "0" * 64, archive=root).code == 4
    assert muniment("show", "sha256:12", archive=root).code == 2


def test_a_url_is_got_as_its_document_though_a_challenge_came_later(tmp_path: Path) -> None:
    root = new_archive(tmp_path)
    store(
        root,
        wire_group(PAGE, notice()),
        *(wire_group(PAGE, CHALLENGE, time=TIME + n * DAY) for n in (1, 2)),
        wire_group(ELSEWHERE, CHALLENGE),
    )
    muniment("rebuild", archive=root)
    assert muniment("get", PAGE, archive=root).raw == notice().partition(b"\r\n\r\n")[2]
    assert muniment("get", ELSEWHERE, archive=root).raw == CHALLENGE.partition(b"\r\n\r\n")[2]
    told = muniment("get", ELSEWHERE, "--as", "text", archive=root)
    assert told.code == 3


def test_a_document_is_cited_and_listed_as_itself_though_a_challenge_came_later(
    tmp_path: Path,
) -> None:
    root = new_archive(tmp_path)
    store(root, wire_group(PAGE, notice()), wire_group(PAGE, CHALLENGE, time=TIME + DAY))
    muniment("rebuild", archive=root)
    document = hashlib.sha256(notice().partition(b"\r\n\r\n")[2]).hexdigest()
    cited = muniment("cite", PAGE, "--json", archive=root)
    assert [row["sha256"] for row in cited.rows] == [document]
    for order in (("create", "report"), ("add", "report", PAGE), ("freeze", "report")):
        assert muniment("collection", *order, archive=root).code == 0
    listed = muniment("collection", "export", "report", "--format", "json", archive=root)
    assert [member["sha256"] for member in json.loads(listed.raw)["members"]] == [document]


def test_the_text_of_a_capture_is_written_as_it_was_read(tmp_path: Path) -> None:
    root = new_archive(tmp_path)
    image = "https://www.example.gov/scan.png"
    store(
        root,
        wire_group(PAGE, notice()),
        wire_group(image, answer(b"\x89PNG\r\n\x1a\n", "image/png")),
    )
    muniment("rebuild", archive=root)
    version = shown(root, PAGE)["versions"][0]["id"]
    [told] = muniment("show", version, "--json", archive=root).rows
    text = muniment("get", PAGE, "--as", "text", archive=root)
    assert hashlib.sha256(text.raw).hexdigest() == told["text"]["text_sha256"]
    assert f"version {version}" in text.err
    assert told["text"]["tool"] in text.err
    places = muniment("get", PAGE, "--as", "passages", archive=root).out.splitlines()
    assert places[-1] == "paragraph 2\t浏览次数：1次"
    done = muniment("get", version, "--as", "text", "-o", tmp_path / "t.txt", archive=root)
    assert (done.code, (tmp_path / "t.txt").read_bytes()) == (0, text.raw)
    assert muniment("get", image, "--as", "text", archive=root).code == 3
