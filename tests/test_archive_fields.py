"""Header fields of real servers, read as a person would read them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.fields import filename, location, text

NAME = "商务部公告2025年第1号.doc"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b'attachment; filename="' + NAME.encode("gbk") + b'"', NAME),
        (b"attachment; filename=" + NAME.encode(), NAME),
        (b"attachment; filename*=UTF-8''%E9%80%9A%E7%9F%A5.pdf", "通知.pdf"),
        (b"attachment; filename=\"a.pdf\"; filename*=UTF-8''%E9%80%9A.pdf", "通.pdf"),
        (b"attachment; filename=a.pdf; filename*=GBK''%CD%A8.pdf", "通.pdf"),
        (b"attachment; filename=a.pdf; filename*=klingon''%CD", "a.pdf"),
        (b"attachment; filename=%E9%80%9A.pdf", "通.pdf"),
        (b'ATTACHMENT;FileName="a \\"b\\".doc"', 'a "b".doc'),
        (b'inline; filename="../../etc/x"', "../../etc/x"),
        (b"attachment", None),
        (b'attachment; filename=""', None),
    ],
)
def test_the_name_of_an_attachment_is_found(value: bytes, expected: str | None) -> None:
    assert filename([(b"Content-Disposition", value)]) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"/b?c", "http://ministry.example/b?c"),
        (b"https://other.example/", "https://other.example/"),
        ("/通".encode(), "http://ministry.example/%E9%80%9A"),
        ("/通".encode("gbk"), "http://ministry.example/%CD%A8"),
        (b"/a%20b c", "http://ministry.example/a%20b%20c"),
        (b"file:///etc/passwd", "file:///etc/passwd"),
        (b"http://[", None),
        (b"", None),
    ],
)
def test_the_target_of_a_redirect_is_made_absolute(value: bytes, expected: str | None) -> None:
    assert location([(b"Location", value)], "http://ministry.example/a/") == expected


@given(st.binary(max_size=80))
def test_no_bytes_break_the_reading_of_fields(value: bytes) -> None:
    fields = [(b"Content-Disposition", value), (b"Location", value)]
    filename(fields)
    location(fields, "http://ministry.example/")
    assert text(fields, b"location") == value.decode("latin-1")


def test_a_field_that_is_absent_says_nothing() -> None:
    assert (filename([]), location([], "http://a/"), text([], b"etag")) == (None, None, None)
