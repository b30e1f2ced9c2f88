"""Answers that every world gives: the style, the images, and each kind of trouble at a URL of its own."""

from __future__ import annotations

from cli.ministry import files, pages
from cli.ministry.answer import Answer

LISTED_BUT_ABSENT = "/tzgg/201912/t20191230_09999999.html"
GONE = "/zcfb/201911/t20191101_09999998.html"
ONLY_IN_SITEMAP = "/zt/sitemap-only.html"
ONLY_IN_FEED = "/zt/feed-only.html"
DISALLOWED = "/internal/plan.html"
CUT = "/files/annual.pdf"


def redirect(status: int, target: str) -> Answer:
    content = pages.message("页面已移动").encode()
    return Answer(status, content, headers=((b"Location", target.encode()),))


def absent() -> Answer:
    return Answer(404, pages.message("您访问的页面不存在").encode(), "text/html; charset=utf-8")


def _page(status: int, text: str) -> Answer:
    return Answer(status, pages.message(text).encode(), "text/html; charset=utf-8")


FIXED: dict[str, Answer] = {
    "/zwgk": redirect(301, "/zwgk/"),
    "/zwgk/": Answer(200, pages.section_index().encode()),
    "/index.html": redirect(301, "/"),
    "/loop": redirect(302, "/loop"),
    "/css/site.css": Answer(200, pages.STYLE.encode(), "text/css", gzip=True),
    "/css/print.css": Answer(200, pages.PRINT_STYLE.encode(), "text/css"),
    "/js/site.js": Answer(200, pages.SCRIPT.encode(), "application/javascript"),
    "/img/logo.png": Answer(200, files.png(24, 24, 160, 20, 30), "image/png"),
    "/img/bg.png": Answer(200, files.png(8, 64, 240, 240, 235), "image/png"),
    CUT: Answer(200, files.pdf("年度报告", 40_000), "application/pdf", cut=9_000),
    "/oa/login.html": _page(403, "您没有权限访问此页面"),
    "/waf/a.html": Answer(412, pages.CHALLENGE.encode()),
    "/waf/b.html": Answer(
        521,
        b"<script>document.cookie='__jsl_clearance_s=0;path=/';location.reload()</script>",
        headers=((b"Set-Cookie", b"__jsluid_s=0000; path=/"),),
    ),
    GONE: _page(410, "该文件已撤销"),
    ONLY_IN_SITEMAP: _page(200, "专题一"),
    ONLY_IN_FEED: _page(200, "专题二"),
    DISALLOWED: _page(200, "内部计划"),
}
"""What each path answers, whatever the seed, the size and the edits."""
