"""The pages of the simulated ministry, from plain values to text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from html import escape

from cli.ministry.postings import SECTIONS, Posting
from cli.ministry.words import AGENCY

STEPS = (-100, -10, -1, 1, 10, 100)
"""The pager links pages so far away, so a listing of any length is reached in a few steps."""
STYLE = """@import url("print.css");
body { background: #fff url(../img/bg.png) repeat-x; font: 16px/1.8 SimSun, serif; }
h1 { background-image: url('../img/logo.png'); }
"""
PRINT_STYLE = "@media print { nav { display: none } }\n"
SCRIPT = "document.documentElement.className = 'js';\n"
CHALLENGE = """<!DOCTYPE html><html><head><meta charset="utf-8"><script>var $_ts = {};</script></head><body></body></html>
"""


def home(latest: Posting) -> str:
    """The front page: its links lead to every kind of answer that the ministry gives."""
    sections = "".join(_item(f"/{folder}/", name) for folder, name in SECTIONS.items())
    others = (
        ("/zwgk", "政务公开"),
        ("/index.html", "首页"),
        ("/go/latest", "最新通知"),
        ("/loop", "重定向"),
        ("/internal/plan.html", "内部计划"),
        ("/oa/login.html", "办公系统"),
        ("/waf/a.html", "验证一"),
        ("/waf/b.html", "验证二"),
        ("/files/annual.pdf", "年度报告.pdf"),
        ("http://elsewhere.invalid/", "友情链接"),
        ("mailto:office@ministry.invalid", "联系我们"),
        ("javascript:void(0)", "收藏本站"),
        ("#top", "返回顶部"),
    )
    body = (
        f'<h1><img src="img/logo.png" alt="{AGENCY}"></h1><ul>{sections}</ul>'
        f"<ul>{''.join(_item(href, text) for href, text in others)}</ul>"
        f'<p>最新：<a href="{latest.path}">{escape(latest.title)}</a></p>'
    )
    head = '<link rel="alternate" type="application/rss+xml" href="/feed.xml">'
    return page(AGENCY, body, head=head)


def section_index() -> str:
    """The folder page above the three listings."""
    links = "".join(_item(f"../{folder}/", name) for folder, name in SECTIONS.items())
    return page("政务公开", f"<h1>政务公开</h1><ul>{links}</ul>")


def listing(
    section: str,
    rows: Sequence[tuple[str, str, date]],
    *,
    place: int,
    places: int,
    total: int,
    charset: str,
) -> str:
    """One page of a listing; `rows` are link, title, day; `place` counts from 0, as the URLs do."""
    items = "".join(
        f'<li><a href="{href}" title="{escape(title)}">{escape(title)}</a>'
        f"<span>[{day:%Y-%m-%d}]</span></li>\n"
        for href, title, day in rows
    )
    reached = sorted({0, places - 1} | {place + s for s in STEPS if 0 <= place + s < places})
    pager = " ".join(
        f'<a href="index{f"_{other}" if other else ""}.html">{other + 1}</a>' for other in reached
    )
    name = SECTIONS[section]
    body = (
        f"<h1>{name}</h1>\n<ul>\n{items}</ul>\n"
        f"<div>共{places}页 {total}条 第{place + 1}页 {pager}</div>"
    )
    meta = f'<meta name="ColumnName" content="{name}">'
    return page(name, body, head=meta, charset=charset)


def posting(posting: Posting, *, moved: bool) -> str:
    """The page of one posting, with the header block of 国办发〔2017〕47号."""
    block = (
        ("索引号", f"SFB-{posting.posted.year}-{posting.number:06d}"),
        ("发文机关", AGENCY),
        ("成文日期", _chinese(posting.written)),
        ("标题", posting.title),
        ("发文字号", posting.symbol),
        ("发布日期", _chinese(posting.posted)),
    )
    # From another folder the short links would lead nowhere, so a moved page writes whole paths.
    files = "".join(
        f'<li>附件【<a href="{escape(file.path if moved else file.href)}">{file.name}</a>】</li>'
        for file in posting.attachments
    )
    body = (
        "<table>"
        + "".join(f"<tr><th>{name}</th><td>{escape(value)}</td></tr>" for name, value in block)
        + f"</table>\n<h1>{escape(posting.title)}</h1>\n<p>各有关单位：</p>\n"
        + "".join(f"<p>{escape(clause)}</p>\n" for clause in posting.clauses)
        + f"<p>{AGENCY}<br>{_chinese(posting.written)}</p>\n<ul>{files}</ul>"
    )
    head = (
        f'<meta name="ArticleTitle" content="{escape(posting.title)}">'
        f'<meta name="PubDate" content="{posting.posted:%Y-%m-%d} 09:00">'
        f'<meta name="ContentSource" content="{AGENCY}">'
    )
    return page(posting.title, body, head=head, charset=posting.encoding.meta)


def message(text: str) -> str:
    """A page that says one sentence."""
    return page(text, f"<p>{text}</p>")


def page(title: str, body: str, *, head: str = "", charset: str = "utf-8") -> str:
    return (
        f'<!DOCTYPE html>\n<html lang="zh"><head><meta charset="{charset}">'
        f"<title>{escape(title)}</title>"
        f'<meta name="SiteName" content="{AGENCY}"><meta name="SiteIDCode" content="0000000000">'
        f'{head}<link rel="stylesheet" href="/css/site.css"><script src="/js/site.js"></script>'
        f'</head>\n<body>\n<nav><a href="/">首页</a></nav>\n{body}\n'
        f"<footer>{AGENCY} 本站为模拟网站</footer>\n</body></html>\n"
    )


def robots(base: str) -> str:
    return f"User-agent: *\nDisallow: /internal/\n\nSitemap: {base}/sitemap.xml\n"


def sitemap(urls: Iterable[str], *, index: bool) -> str:
    """A sitemap, or the index of several (sitemaps.org, protocol 0.9)."""
    outer, inner = ("sitemapindex", "sitemap") if index else ("urlset", "url")
    rows = "".join(f"<{inner}><loc>{escape(url)}</loc></{inner}>\n" for url in urls)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<{outer} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{rows}</{outer}>\n'
    )


def feed(base: str, items: Iterable[tuple[str, str]]) -> str:
    """RSS 2.0 of `items`, each a path and a title."""
    rows = "".join(
        f"<item><title>{escape(title)}</title><link>{base}{escape(path)}</link></item>\n"
        for path, title in items
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0"><channel>'
        f"<title>{AGENCY}</title><link>{base}/</link><description>通知</description>\n"
        f"{rows}</channel></rss>\n"
    )


def _item(href: str, text: str) -> str:
    return f'<li><a href="{href}">{text}</a></li>'


def _chinese(day: date) -> str:
    return f"{day.year}年{day.month:02d}月{day.day:02d}日"
