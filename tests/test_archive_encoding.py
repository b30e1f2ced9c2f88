"""A page is read in the encoding that it is in, and the rule that decided is kept."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.encoding import decode

TEXT = "<html><title>商务部关于举办培训班的通知</title>名额２５人（含领队）</html>"
TRADITIONAL = "<p>外交部今天發表下列聲明，關於雙方會談的結果</p>"


@pytest.mark.parametrize(
    ("content", "header", "encoding", "rule"),
    [
        (b"\xef\xbb\xbf" + TEXT.encode(), "text/html; charset=gbk", "utf-8", "bom"),
        (b"\xff\xfe" + TEXT.encode("utf-16-le"), None, "utf-16-le", "bom"),
        (TEXT.encode("gb18030"), "text/html; charset=GB2312", "gb18030", "header"),
        (b"<meta charset=gbk>" + TEXT.encode("gb18030"), None, "gb18030", "meta"),
        (
            b'<meta http-equiv="Content-Type" content="text/html; charset=x-gbk">'
            + TEXT.encode("gb18030"),
            "text/html",
            "gb18030",
            "meta",
        ),
        (b'<?xml version="1.0" encoding="gbk"?>' + TEXT.encode("gb18030"), None, "gb18030", "xml"),
        (TEXT.encode("gb18030"), "text/html; charset=utf-8", "gb18030", "overruled-header"),
        (b"<meta charset=utf-8>" + TEXT.encode("gb18030"), None, "gb18030", "overruled-meta"),
        (TEXT.encode(), "text/html; charset=gb2312", "utf-8", "overruled-header"),
        (TEXT.encode(), "text/html; charset=iso-8859-1", "utf-8", "overruled-header"),
        (TEXT.encode("big5", "ignore"), "text/html; charset=big5", "big5hkscs", "header"),
        (TEXT.encode(), None, "utf-8", "utf-8"),
        (TEXT.encode("gb18030"), None, "gb18030", "guess"),
        ("Ministère".encode("latin-1") * 3, None, "windows-1252", "guess"),
        (TEXT.encode("gb18030"), "text/html; charset=nonsense", "gb18030", "guess"),
        (TEXT.encode("gb18030"), "text/html; charset=base64", "gb18030", "guess"),
        (b"plain", "text/html; charset=gbk", "gb18030", "header"),
        (TRADITIONAL.encode("big5"), None, "big5hkscs", "guess"),
        (TRADITIONAL.encode("big5"), "text/html; charset=gb2312", "big5hkscs", "overruled-header"),
        (TRADITIONAL.encode("big5"), "text/html; charset=utf-8", "big5hkscs", "overruled-header"),
        (TEXT.encode("gb18030"), "text/html; charset=ISO-8859-1", "gb18030", "overruled-header"),
        (TEXT.encode("utf-16-le"), "text/html", "utf-16-le", "guess"),
        (TEXT.encode("utf-16-be"), "text/html; charset=gbk", "utf-16-be", "guess"),
        ("张伟、王芳、李娜、刘洋".encode("gbk"), None, "gb18030", "guess"),
        ("日本の外務省は次の通り発表しました。".encode("cp932"), None, "cp932", "guess"),
        ("日本の外務省は次の通り発表しました。".encode("euc_jp"), None, "euc_jp", "guess"),
        ("외교부는 오늘 다음과 같이 발표했다.".encode("cp949"), None, "cp949", "guess"),
        (
            "Министерство иностранных дел сообщает о семинаре".encode("cp1251"),
            None,
            "cp1251",
            "guess",
        ),
        (
            "Ministère des Affaires étrangères. ".encode("cp1252") * 40,
            None,
            "windows-1252",
            "guess",
        ),
        (b"", None, "utf-8", "utf-8"),
    ],
)
def test_the_real_encoding_is_found(
    content: bytes, header: str | None, encoding: str, rule: str
) -> None:
    decoded = decode(content, header)
    assert (decoded.encoding, decoded.rule) == (encoding, rule)
    assert decoded.replaced == 0


def test_one_broken_character_does_not_overrule_a_declaration() -> None:
    cut = decode(TEXT.encode() + "商".encode()[:2], "text/html; charset=utf-8")
    bad = decode(TEXT.encode() + b"\xff" + TEXT.encode(), "text/html; charset=utf-8")
    assert (cut.encoding, cut.rule, cut.replaced) == ("utf-8", "header", 1)
    assert (bad.encoding, bad.rule, bad.replaced) == ("utf-8", "header", 1)


def test_what_cannot_be_read_is_counted() -> None:
    decoded = decode(TEXT.encode("gb18030") + b"\xff\xff", "text/html; charset=gbk")
    assert decoded.encoding == "gb18030"
    assert decoded.replaced == 2


@given(st.binary(max_size=300), st.none() | st.text(max_size=40))
def test_no_bytes_and_no_label_make_it_fail(content: bytes, label: str | None) -> None:
    header = None if label is None else f"text/html; charset={label}"
    decoded = decode(content, header)
    assert "x".encode(decoded.query_encoding)


@pytest.mark.parametrize(
    "label", ["idna", "punycode", "undefined", "unicode_escape", "rot13", "utf-7"]
)
def test_a_label_is_no_way_into_odd_codecs(label: str) -> None:
    decoded = decode(b"\\N{DIGIT ONE}\xff\xff+AGE-", f"text/html; charset={label}")
    assert decoded.encoding in {"windows-1252", "gb18030"}
