"""robots.txt by RFC 9309: what it says is kept to, and what it fails to say allows nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from archive.statement import Capture
from crawler.robots import LARGEST, Answer, Robots, answer_of

AGENT = "muniment/0.1 (+mailto:archive@example.org)"
NOW = datetime(2026, 11, 23, tzinfo=UTC)


def capture(outcome: str, status: int | None, **more: Any) -> Capture:
    return Capture(url="http://h/robots.txt", time=NOW, outcome=outcome, status=status, **more)


def allowed(rules: str, path: str) -> bool:
    return Robots(Answer("rules", rules), AGENT).allows("http://h" + path)


@pytest.mark.parametrize(
    ("rules", "path", "expected"),
    [
        ("", "/x", True),
        ("User-agent: *\nDisallow: /", "/x", False),
        ("User-agent: *\nDisallow:", "/x", True),
        ("User-agent: other\nDisallow: /", "/x", True),
        ("User-agent: muniment\nDisallow: /x\nUser-agent: *\nDisallow: /y", "/y", True),
        ("User-agent: MUNIMENT\nDisallow: /x\n\nUser-agent: *\nDisallow: /y", "/x/1", False),
        ("User-agent: *\nDisallow: /a\nAllow: /a/b", "/a/b/c", True),
        ("User-agent: *\nAllow: /a\nDisallow: /a", "/a", True),
        ("User-agent: *\nDisallow: /*.pdf$", "/x.pdf", False),
        ("User-agent: *\nDisallow: /*.pdf$", "/x.pdf?v=1", True),
        ("User-agent: *\nDisallow: /培训", "/%E5%9F%B9%E8%AE%AD/1", False),
        ("User-agent: *\nDisallow: /%E5%9F%B9", "/%e5%9f%b9", False),
        ("\ufeffUser-agent: *\r\nDisallow: /x # comment\r\n", "/x", False),
        ("<html><body>not found</body></html>", "/x", True),
    ],
)
def test_the_rules_of_the_rfc_are_kept(rules: str, path: str, expected: bool) -> None:
    answer = answer_of(capture("content", 200), rules.encode())
    assert Robots(answer, AGENT).allows("http://h" + path) is expected


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (capture("not-found", 404), Answer("rules")),
        (capture("blocked", 403), Answer("rules")),
        (capture("login", 401), Answer("rules")),
        (capture("error", 500, code="http-500"), Answer("unreachable", "http-500")),
        (capture("blocked", 503, code="http-503"), Answer("unreachable", "http-503")),
        (capture("blocked", 521, code="http-521"), Answer("unreachable", "http-521")),
        (capture("blocked", 412, code="http-412"), Answer("unreachable", "http-412")),
        (capture("blocked", 429, code="http-429"), Answer("unreachable", "http-429")),
        (capture("error", None, code="dns-servfail"), Answer("unreachable", "dns-servfail")),
        (
            capture("redirect", 301, location="/new/robots.txt"),
            Answer("redirect", "http://h/new/robots.txt"),
        ),
        (
            capture("redirect", 301, location="https://h/robots.txt"),
            Answer("redirect", "https://h/robots.txt"),
        ),
        (capture("redirect", 302, location="http://h/"), Answer("rules")),
        (capture("redirect", 302, location="http://h/robots.txt"), Answer("rules")),
        (capture("redirect", 302, location="file:///etc/passwd"), Answer("rules")),
        (capture("redirect", 302), Answer("rules")),
    ],
)
def test_an_answer_without_rules_is_read_by_its_kind(found: Capture, expected: Answer) -> None:
    assert answer_of(found, b"") == expected


def test_where_robots_could_not_be_had_nothing_is_allowed_and_the_reason_is_kept() -> None:
    robots = Robots(Answer("unreachable", "http-500"), AGENT)
    assert not robots.allows("http://h/")
    assert robots.unreachable == "http-500"
    assert robots.sitemaps == ()


def test_only_the_first_half_mebibyte_is_read() -> None:
    rules = b"User-agent: *\n" + b"# x\n" * (LARGEST // 4) + b"Disallow: /x\n"
    answer = answer_of(capture("content", 200), rules)
    assert len(answer.value) == LARGEST
    assert Robots(answer, AGENT).allows("http://h/x")


def test_sitemaps_and_the_delay_are_read() -> None:
    rules = "Sitemap: http://h/s.xml\nUser-agent: *\nCrawl-delay: 2.5\n"
    robots = Robots(Answer("rules", rules), AGENT)
    assert robots.sitemaps == ("http://h/s.xml",)
    assert robots.crawl_delay == 2.5
    assert allowed(rules, "/x")
