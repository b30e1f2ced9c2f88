"""A crawl takes what belongs to it and what its pages need, and stays out of sites without an end."""

from __future__ import annotations

from typing import Any

import pytest

from crawler.scope import MOST_QUERIES, Scope, Verdict
from crawler.source import ScopeRules, Source

SEED = "http://www.gov.cn/zwgk/index.html"


def scope(**rules: Any) -> Scope:
    return Scope(Source(name="a", seeds=(SEED,), scope=ScopeRules(**rules)), 2026)


def role(url: str, kind: str = "link", depth: int = 1, parent: str = "page", **rules: Any) -> str:
    verdict = scope(**rules).judge(url, kind, depth, parent)
    return verdict.role or f"{verdict.reason} {verdict.detail}"


def test_the_hosts_of_the_seeds_are_the_scope() -> None:
    assert role("http://www.gov.cn/x") == role("https://www.gov.cn/x") == "page"
    assert role("http://gov.cn/") == role("http://www.gov.cn.evil.example/") == "scope host"
    assert role("http://www.gov.cn:8080/") == "scope host"


@pytest.mark.parametrize(
    ("rules", "url", "expected"),
    [
        ({"hosts": ("*.gov.cn",)}, "http://a.b.gov.cn:81/", "page"),
        ({"hosts": ("*.gov.cn",)}, "http://gov.cn/", "page"),
        ({"hosts": ("*.gov.cn",)}, "http://evilgov.cn/", "scope host"),
        ({"hosts": ("a.gov.cn:81",)}, "http://a.gov.cn/", "scope host"),
        ({"paths": ("/zwgk/",)}, "http://www.gov.cn/zwgk/1.html", "page"),
        ({"paths": ("/zwgk/",)}, "http://www.gov.cn/en/", "scope path"),
        ({"include": (r"\.html$",)}, "http://www.gov.cn/a.html", "page"),
        ({"include": (r"\.html$",)}, "http://www.gov.cn/a.jsp", "scope include"),
        ({"exclude": ("print",)}, "http://www.gov.cn/a?print=1", "scope exclude"),
        ({"max_depth": 1}, "http://www.gov.cn/a", "page"),
        ({"max_depth": 0}, "http://www.gov.cn/a", "limit depth"),
    ],
)
def test_rules_decide(rules: dict[str, Any], url: str, expected: str) -> None:
    assert role(url, **rules) == expected


def test_a_seed_is_always_in_scope() -> None:
    assert role(SEED, kind="seed", exclude=("index",), paths=("/x",)) == "page"


def test_requisites_are_taken_one_hop_beyond_scope() -> None:
    assert role("http://cdn.example/a.css", "requisite") == "requisite"
    assert role("http://cdn.example/a.png", "requisite", parent="requisite") == "requisite"
    assert role("http://cdn.example/a.css", "requisite", requisites=False) == "scope host"
    assert role("http://cdn.example/ad.js", "requisite", exclude=("/ad",)) == "scope host"
    assert role("http://www.gov.cn/a.css", "requisite", depth=1, max_depth=1) == "page"


def test_attachments_of_a_page_are_taken_from_all_of_its_hosts() -> None:
    assert role("http://www.gov.cn/files/1.pdf", "attachment", paths=("/zwgk/",)) == "requisite"
    assert role("http://other.example/1.pdf", "attachment") == "scope host"


def test_a_redirect_out_of_scope_is_followed_for_one_hop() -> None:
    assert role("http://login.example/", "redirect") == "redirect"
    assert role("http://login.example/2", "redirect", parent="redirect") == "scope host"
    assert role("http://www.gov.cn/in", "redirect", parent="redirect") == "page"
    assert role("http://cdn2.example/a.css", "redirect", parent="requisite") == "requisite"


@pytest.mark.parametrize(
    ("path", "detail"),
    [
        ("a/" * 1100, "longer than 2,000 characters"),
        ("/".join(map(str, range(40))), "too many path segments"),
        ("a/b/a/b/a/b/x.html", "repeating path segments"),
        ("a/1/a/2/a/3/a/4/a/5", "repeating path segments"),
        ("calendar/2031/05/", "calendar without an end"),
        ("cal.jsp?month=203105", "calendar without an end"),
        ("cal.jsp?date=1911-01-01", "calendar without an end"),
    ],
)
def test_sites_without_an_end_are_left(path: str, detail: str) -> None:
    assert scope().judge(f"http://www.gov.cn/{path}", "link", 1) == Verdict("", "trap", detail)


@pytest.mark.parametrize(
    "path",
    [
        "art/2023/6/1/art_1234_5678.html",
        "2011/11/11/t20111111_111111.html",
        "update/content_2345.html",
        "calendar/2026/12/",
        "list.jsp?year=1999&page=7",
        "a/b/c/a/b/c/d.html",
        "date/12345.html",
    ],
)
def test_what_real_sites_do_is_no_trap(path: str) -> None:
    assert scope().judge(f"http://www.gov.cn/{path}", "link", 1).role == "page"


def test_endless_queries_of_one_path_end() -> None:
    judge = scope()
    for number in range(MOST_QUERIES):
        judge.remember(f"http://www.gov.cn/q?n={number}")
    assert judge.judge("http://www.gov.cn/q?n=x", "link", 1).detail == "endless queries of one path"
    assert judge.judge("http://www.gov.cn/other?n=x", "link", 1).role == "page"
