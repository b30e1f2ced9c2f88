"""Keys of URLs are those that pywb and the Internet Archive look them up by."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.surt import surt
from tests.shared import shared


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("http://www.Example.com:80/a/?b=2&a=1", "com,example)/a?a=1&b=2"),
        ("https://example.com/a?a=1&b=2#part", "com,example)/a?a=1&b=2"),
        ("http://user:pass@www12.example.com:8080", "com,example:8080)/"),
        ("http://192.0.2.1/info/", "1,2,0,192)/info"),
        ("http://[2001:DB8::1]:8080/", "[2001:db8::1]:8080)/"),
        ("http://例子.cn/通知.pdf", "cn,xn--fsqu00a)/%e9%80%9a%e7%9f%a5.pdf"),
        ("http://example.com/%CD%A8%D6%AA", "com,example)/%cd%a8%d6%aa"),
        ("http://example.com/a/../b//c/.", "com,example)/b/c"),
        ("example.com:8080/x", "com,example:8080)/x"),
        ("dns:www.example.com", "dns:www.example.com"),
        ("urn:muniment:capture:1", "urn:muniment:capture:1"),
        ("mailto:a@example.com", "mailto:a@example.com"),
        ("", "-"),
    ],
)
def test_accidents_of_writing_leave_the_key(url: str, key: str) -> None:
    assert surt(url) == key


@given(st.sampled_from(["http://", "http://[", "urn:", "file:///", "x:", ""]), st.text())
def test_no_url_breaks_the_key_or_its_line(scheme: str, url: str) -> None:
    key = surt(scheme + url)
    assert key
    assert not set(key) & set(" \t\r\n\0")


def test_the_published_vectors_of_the_default_form_hold() -> None:
    vectors = shared("data/vectors/internetarchive+surt").parent
    found = [
        json.loads(path.read_text()).get("defaultIASurt")
        for path in vectors.rglob("*.json")
        if b'"defaultIASurt"' in path.read_bytes()
    ]
    assert found
    for url, key in found[0].items():
        assert surt(url) == key


def test_found_indexes_have_our_keys() -> None:
    compared = 0
    for path in shared("data/warcs").rglob("*.cdxj"):
        for line in path.read_text(errors="replace").splitlines():
            key, _, rest = line.partition(" ")
            _, _, fields = rest.partition(" ")
            url = re.match(r'{"url": "([^"]+)"', fields)
            if url and "__wb_method" not in key:
                assert surt(url[1]) == key
                compared += 1
    assert compared > 150
