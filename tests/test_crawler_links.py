"""Every link that a browser would follow is found, and a hostile page costs little."""

from __future__ import annotations

import gzip
import runpy
import time
from urllib.parse import urldefrag, urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.encoding import decode
from archive.urls import Base, NotWebError, absolute, host_of, origin_of, resolve
from crawler import links
from crawler.links import Found, LinkReader, is_attachment
from crawler.lists import inflated, kind_of, read_list
from tests.shared import shared

PAGE = "http://www.gov.cn/zwgk/2023/list.html"


def read(html: str | bytes, url: str = PAGE, content_type: str = "text/html") -> Found:
    content = html.encode() if isinstance(html, str) else html
    return LinkReader(lambda _url, _requisite: False).html(decode(content, content_type), url)


def urls(found: Found) -> list[str]:
    return [link.url for link in found.links]


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("a.html", "http://www.gov.cn/zwgk/2023/a.html"),
        ("./a.html", "http://www.gov.cn/zwgk/2023/a.html"),
        ("../a.html", "http://www.gov.cn/zwgk/a.html"),
        ("../../../../a.html", "http://www.gov.cn/a.html"),
        ("a/..", "http://www.gov.cn/zwgk/2023/"),
        ("/a/./b/../c", "http://www.gov.cn/a/c"),
        ("/a/%2E%2e/c", "http://www.gov.cn/c"),
        ("..\\img\\a.gif", "http://www.gov.cn/zwgk/img/a.gif"),
        ("\\\\files.gov.cn\\a", "http://files.gov.cn/a"),
        ("  /a\tb\r\n.html \x00", "http://www.gov.cn/ab.html"),
        ("a b.html", "http://www.gov.cn/zwgk/2023/a%20b.html"),
        ("/附件.pdf", "http://www.gov.cn/%E9%99%84%E4%BB%B6.pdf"),
        ("/a%E9b%zz", "http://www.gov.cn/a%E9b%zz"),
        ("/a\x00b", "http://www.gov.cn/a%00b"),
        ('/a"b<c>`{d}^', "http://www.gov.cn/a%22b%3Cc%3E%60%7Bd%7D%5E"),
        ("?page=2", "http://www.gov.cn/zwgk/2023/list.html?page=2"),
        ("?", "http://www.gov.cn/zwgk/2023/list.html?"),
        ("", PAGE),
        ("x.html?a=\"'<>", "http://www.gov.cn/zwgk/2023/x.html?a=%22%27%3C%3E"),
        ("//files.gov.cn/a", "http://files.gov.cn/a"),
        ("HTTPS://WWW.GOV.CN:443/A?b#c", "https://www.gov.cn/A?b"),
        ("http://www.gov.cn:8080", "http://www.gov.cn:8080/"),
        ("http:a.html", "http://www.gov.cn/zwgk/2023/a.html"),
        ("https:a.gov.cn", "https://a.gov.cn/"),
        ("http:/\\/a.gov.cn", "http://a.gov.cn/"),
        ("http://user:secret@a.gov.cn/", "http://a.gov.cn/"),
        ("http://中国政府网.政务/", "http://xn--fiqs8ss3ba3920a74e.xn--zfr164b/"),
        ("http://[2001:DB8::1]:81/x", "http://[2001:db8::1]:81/x"),
        ("http://a.gov.cn?q", "http://a.gov.cn/?q"),
        ("a;b?c;d", "http://www.gov.cn/zwgk/2023/a;b?c;d"),
    ],
)
def test_a_link_leads_where_a_browser_goes(link: str, expected: str) -> None:
    if link == "http://中国政府网.政务/":
        expected = "http://" + "中国政府网.政务".encode("idna").decode() + "/"
    assert resolve(Base.of(PAGE), link) == expected


@pytest.mark.parametrize(
    ("link", "reason"),
    [
        ("mailto:a@gov.cn", "scheme"),
        ("JavaScript:void(0)", "scheme"),
        ("java\nscript:alert(1)", "scheme"),
        ("file:///etc/passwd", "scheme"),
        ("data:text/html,x", "scheme"),
        ("http://a\x00b/", "malformed"),
        ("http:///", "malformed"),
        ("http://a b/", "malformed"),
        ("http://[::1/", "malformed"),
        ("http://a:99999/", "malformed"),
        ("http://a:x/", "malformed"),
        ("http://" + "国" * 80 + "/", "malformed"),
    ],
)
def test_what_is_not_of_the_web_is_refused_with_its_reason(link: str, reason: str) -> None:
    with pytest.raises(NotWebError) as caught:
        resolve(Base.of(PAGE), link)
    assert caught.value.reason == reason


@given(st.text(max_size=60))
def test_whatever_a_page_says_a_url_is_plain_and_stays_what_it_is(text: str) -> None:
    for link in (text, "/" + text, "?" + text, "http://h/" + text):
        try:
            url = resolve(Base.of(PAGE), link)
        except NotWebError:
            continue
        assert url.isascii()
        assert url.isprintable()
        assert " " not in url
        assert "#" not in url
        assert absolute(url) == url
        assert url.startswith(origin_of(url) + "/")
        assert "/" not in host_of(url)


def test_a_query_goes_out_in_the_encoding_of_the_page() -> None:
    page = '<meta charset="gb2312"><a href="/s?世界=再见&x=1">x</a><a href="/中?é€">y</a>'
    first, second = urls(read(page.encode("gb18030")))
    assert first == "http://www.gov.cn/s?%CA%C0%BD%E7=%D4%D9%BC%FB&x=1"
    assert second.startswith("http://www.gov.cn/%E4%B8%AD?%A8%A6")
    assert urls(read('<a href="/s?世界">x</a>')) == ["http://www.gov.cn/s?%E4%B8%96%E7%95%8C"]
    emoji = read('<meta charset="gb2312"><a href="/s?世&#128512;">x</a>'.encode("gb18030"))
    assert urls(emoji) == ["http://www.gov.cn/s?%CA%C0%26%23128512%3B"]


@pytest.mark.parametrize(
    ("real", "header"),
    [("gb18030", "text/html; charset=utf-8"), ("utf-8", "text/html; charset=gbk")],
)
def test_links_are_right_where_the_declaration_lies(real: str, header: str) -> None:
    text = "<title>商务部公告</title><p>关于举办培训班的通知</p><a href='/s?q=世界'>世界</a>"
    link = read(text.encode(real), content_type=header).links[0]
    sent = "世界".encode("gbk" if real == "gb18030" else "utf-8")
    assert link.url == "http://www.gov.cn/s?q=" + "".join(f"%{byte:02X}" for byte in sent)
    assert link.text == "世界"


def test_every_place_that_holds_a_link_is_read() -> None:
    html = """
    <base href="/b/"><base href="/ignored/">
    <link rel="Stylesheet" href=s.css><link rel="shortcut icon" href=i.ico>
    <link rel=alternate type="application/rss+xml" href=feed.xml><link rel=canonical href=self.html>
    <meta http-equiv=Refresh content="5; URL='next.html'"><meta name=x content="no.html">
    <style>@import "t.css"; p { background: url( 'bg.png' ) } /* url(no.png) */</style>
    <body background=body.png>
    <a href=page.html>words <b>in</b>
      bold</a><area href=area.html>
    <a href="附件1.PDF" title="名单"><img src=icon.gif></a>
    <img src=p.jpg srcset="p1.jpg 1x, p2.jpg 2x,p3.jpg 3x"><picture><source srcset=w.webp></picture>
    <script src=j.js></script><iframe src=f.html></iframe><embed src=e.swf><object data=o.pdf></object>
    <video src=v.mp4 poster=v.jpg><source src=v.webm><track src=v.vtt></video><audio src=a.mp3></audio>
    <input type=image src=button.gif><p style="background:url(&quot;st.png&quot;)">
    <svg><image xlink:href=svg.png /></svg>
    <a href="mailto:x@y">m</a><a href="javascript:go()">j</a><a href="#top">t</a><a href="http://a b/">b</a>
    """
    found = read(html)
    by_kind: dict[str, set[str]] = {}
    for link in found.links:
        by_kind.setdefault(link.kind, set()).add(link.url.removeprefix("http://www.gov.cn/b/"))
    assert by_kind == {
        "link": {"page.html", "area.html", "self.html", "next.html"},
        "attachment": {"%E9%99%84%E4%BB%B61.PDF", "feed.xml"},
        "requisite": {
            *("s.css", "i.ico", "t.css", "bg.png", "body.png", "icon.gif", "p.jpg", "p1.jpg"),
            *("p2.jpg", "p3.jpg", "w.webp", "j.js", "f.html", "e.swf", "o.pdf", "v.mp4", "v.jpg"),
            *("v.webm", "v.vtt", "a.mp3", "button.gif", "st.png", "svg.png"),
        },
    }
    assert (found.schemes, found.malformed, found.over) == (2, 1, 0)
    texts = {link.url.rpartition("/")[2]: link.text for link in found.links if link.text}
    assert texts == {"page.html": "words in bold", "%E9%99%84%E4%BB%B61.PDF": "名单"}


def test_all_that_the_oracle_finds_is_found() -> None:
    oracle = runpy.run_path(str(shared("tools/site_oracle.py")))
    html = """<html><a href='a.html'>1<A HREF=b.html >2<a href="c\\d.html">3</a>
    <a
    href = "e.html#x">4<img src=f.gif/><script src="g.js"/></script><iframe src='h.html'></iframe><a href=" i j.html ">
    <link href=k.css><source src=m.mp3><embed src=n.swf>
    <a href="&#111;.html">o<a href='//www.gov.cn/p'>p<a href=q.html<b>q</a><table><a href=r.html><tr>
    <a/href=s.html>s</a><a class="x"href="t.html">t</a><a href="u.html" href="v.html">u</a>
    <noscript><a href=w.html>w</a></noscript><a href="x
    y.html">z</a><a href=''>0</a></p></div><select><a href=in-select.html></select>"""
    parser = oracle["Links"]()
    parser.feed(html)
    expected = set()
    for raw in parser.found:
        plain = raw.strip().replace("\t", "").replace("\r", "").replace("\n", "").replace("\\", "/")
        target = urlsplit(urldefrag(urljoin(PAGE, plain))[0])
        expected.add((target.path or "/").replace(" ", "%20"))
    missing = expected - {urlsplit(url).path for url in urls(read(html))}
    assert missing <= {"/zwgk/2023/v.html", "/zwgk/2023/q.html<b"}  # a second href, a bare "<"
    frames = "<frameset><frame src=l.html><frame src=r.html></frameset>"
    assert len(urls(read(frames))) == 2


def test_a_known_link_is_passed_over_and_a_changed_folder_is_not() -> None:
    asked: list[str] = []

    def known(url: str, requisite: bool) -> bool:
        asked.append(url)
        return len(asked) > 2

    reader = LinkReader(known)
    page = decode(b'<a href="/top">t</a><a href="near">n</a>', None)
    assert urls(reader.html(page, "http://h/1/a")) == ["http://h/top", "http://h/1/near"]
    assert urls(reader.html(page, "http://h/1/b")) == []
    assert asked == ["http://h/top", "http://h/1/near"]
    reader.html(page, "http://h/2/a")
    assert asked[2:] == ["http://h/2/near"]


def test_an_empty_segment_is_asked_for_with_and_without() -> None:
    found = read(
        '<img src="img//a.png"><a href="/b//c"><a href="d?u=http://e//f"><a href="http://h//i">'
    )
    assert urls(found) == [
        *("http://www.gov.cn/zwgk/2023/img/a.png", "http://www.gov.cn/zwgk/2023/img//a.png"),
        *("http://www.gov.cn/b//c", "http://www.gov.cn/zwgk/2023/d?u=http://e//f", "http://h//i"),
    ]


def test_a_requisite_is_not_hidden_by_a_link_to_it() -> None:
    found = read('<a href="big.jpg"><img src="big.jpg"></a>')
    assert [link.kind for link in found.links] == ["link", "requisite"]


def test_memory_of_passed_links_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "MOST_REMEMBERED", 100)
    reader = LinkReader(lambda _url, _requisite: False)
    for page in range(50):
        html = "".join(f"<a href=/{page}-{n}>" for n in range(30)).encode()
        assert len(reader.html(decode(html, None), f"http://h/{page}/").links) == 30
    assert sum(map(len, reader._passed.values())) <= 100


def test_a_page_of_a_hundred_thousand_links_ends_and_counts_what_it_leaves() -> None:
    html = "".join(f"<a href=/{n}>x</a>" for n in range(100_000))
    start = time.monotonic()
    found = read(html)
    assert len(found.links) == links.MOST_LINKS
    assert found.over == 100_000 - links.MOST_LINKS
    assert time.monotonic() - start < 10


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 100_000 + "<a href=x>",
        "<x>" * 50_000 + "</y>" * 50_000 + "<a href=x>",
        "".join(f"<font size={n}>" for n in range(5_000)) + "<p>" * 50_000 + "<a href=x>",
        "<ul>" * 50_000 + "<a href=x>" + "</ul>" * 50_000,
        "<a href=x" * 100_000,
        "<style>" + "url(" * 200_000,
        "<style>/*" * 100_000,
        "<style>@import " + " " * 500_000,
        "<a style='" + "url( " * 100_000 + "'>",
        "<img srcset='" + "a " * 200_000 + "'>",
        "<meta http-equiv=refresh content='" + ";" * 300_000 + "'>",
        "\x00" * 100_000 + "<a href=\x00>",
    ],
)
def test_a_hostile_page_is_read_in_little_time(html: str) -> None:
    start = time.monotonic()
    found = read(html)
    assert time.monotonic() - start < 5
    assert ("<a href=x>" in html) == ("http://www.gov.cn/zwgk/2023/x" in "".join(urls(found)))


def test_a_long_page_that_nests_as_pages_do_keeps_its_words() -> None:
    rows = "".join(f"<tr><td><p><a href=/{n}.html>通知{n}</a><br></div>" for n in range(3_000))
    found = read(f"<div><table>{rows}</table></div>")
    assert [link.text for link in found.links] == [f"通知{n}" for n in range(3_000)]


def test_style_sheets_are_read_with_their_escapes() -> None:
    reader = LinkReader(lambda _url, _requisite: False)
    css = r"""@charset "utf-8"; @import 'a.css'; @IMPORT url("b.css") screen;
    @font-face { src: url(../f/字.woff2) format("woff2"), url(f.eot?#iefix) }
    p { background: url( c\ d.png ), url(data:image/png;base64,AAAA), url("\65.png") }"""
    found = reader.style(css, "http://h/css/x.css")
    assert [link.url.removeprefix("http://h/") for link in found.links] == [
        *("css/a.css", "css/b.css", "f/%E5%AD%97.woff2", "css/f.eot?"),
        *("css/c%20d.png", "css/e.png"),
    ]
    assert found.schemes == 1


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://h/a.PDF", True),
        ("http://h/a.docx?x=1", True),
        ("http://h/%E9%99%84.xls", True),
        ("http://h/a.html", False),
        ("http://h/pdf", False),
        ("http://h.zip/", False),
    ],
)
def test_an_attachment_is_known_by_its_ending(url: str, expected: bool) -> None:
    assert is_attachment(url) is expected


def test_sitemaps_and_their_indexes_are_read_gzipped_too() -> None:
    xml = b"""<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
    <url><loc> http://h/a?x=1&amp;y=2 </loc></url><url><loc><![CDATA[http://h/b]]></loc></url>
    <url><loc>mailto:x</loc></url><url><loc>http://h/b</loc></url></urlset>"""
    index = b"<sitemapindex><sitemap><loc>/s1.xml.gz</loc></sitemap></sitemapindex>"
    assert kind_of(xml) == kind_of(gzip.compress(xml)) == kind_of(index) == "sitemap"
    for content in (xml, gzip.compress(xml)):
        found = read_list(content, "text/xml", "http://h/sitemap.xml", "sitemap")
        assert [link.url for link in found] == ["http://h/a?x=1&y=2", "http://h/b"]
    assert read_list(index, None, "http://h/x", "sitemap")[0].url == "http://h/s1.xml.gz"
    assert read_list(b"http://h/t\nno\n", None, "http://h/x", "sitemap")[0].url == "http://h/t"


def test_feeds_are_read() -> None:
    rss = (
        '<?xml version="1.0" encoding="gb2312"?><rss><channel><link>http://h/</link><item>'
        '<title>通知</title><link>http://h/s?通</link><enclosure url="/a.pdf" type="x"/></item></rss>'
    ).encode("gb18030")
    atom = b'<feed xmlns="http://www.w3.org/2005/Atom"><entry><link rel="alternate" href=\'/e\'/></entry></feed>'
    assert kind_of(rss) == kind_of(atom) == "feed"
    assert [link.url for link in read_list(rss, "text/xml", "http://h/rss", "feed")] == [
        *("http://h/", "http://h/s?%E9%80%9A", "http://h/a.pdf")
    ]
    assert [link.url for link in read_list(atom, None, "http://h/atom", "feed")] == ["http://h/e"]


def test_a_page_is_no_list() -> None:
    assert kind_of(b"<!DOCTYPE html><html><head><link rel=x></html>") is None
    assert kind_of(b"") is None


def test_a_broken_or_bursting_gzip_list_is_cut_and_not_followed() -> None:
    bomb = gzip.compress(b"\0" * 10_000_000)
    assert len(inflated(bomb, 1000)) == 1000
    assert inflated(b"\x1f\x8bno gzip", 1000) == b""
    hostile = b"<urlset>" + b"<loc><![CDATA[" * 100_000
    start = time.monotonic()
    assert read_list(hostile, None, "http://h/", "sitemap") == []
    assert time.monotonic() - start < 5
