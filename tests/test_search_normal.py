"""The form under which search compares texts, and the tokens made of it."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from catalog.search.normal import Folded, fold, normal, pattern
from catalog.search.simplified import simplified
from catalog.search.tokens import CHUNK, OVERLAP, chunks, phrase, pieces, tokens

EVERY = [chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code < 0xE000]
MIXED = st.text(
    st.sampled_from(
        "商务的臺。， \n\t　aB1é-ﬁ２㈱´がｶﾞ각\u0301\u0323\u0f71\u0f74\u064b\u302a한\u200b\x00😀𠀀"
    )
    | st.characters(exclude_categories=["Cs"])
)


@pytest.mark.parametrize(
    ("raw", "form"),
    [
        ("２０２３　年", "2023年"),
        ("公 告", "公告"),
        ("商务部  Notice\n of ，the", "商务部notice of,the"),
        ("CAFÉ cafe\u0301 Straße ﬁn", "cafe cafe strasse fin"),
        ("zero\u200bwidth\ufeff \x00x\xad", "zerowidth x"),
        ("豈\ufe00 ①", "豈1"),
        ("Việt Vie\u0302\u0323t", "viet viet"),
        ("مُحَمَّد", "محمد"),
        ("´", "´"),
        (" \t\u3000\n", ""),
        ("\u0301\u200b", ""),
    ],
)
def test_what_looks_alike_is_alike(raw: str, form: str) -> None:
    assert normal(raw) == form


@given(MIXED, MIXED)
@example("ཱ", "ི")
@example("が", "〪")
def test_a_part_of_a_text_is_a_part_of_its_form(one: str, other: str) -> None:
    assert fold(one) + fold(other) == fold(one + other)
    assert normal(one) in normal(one + other)
    assert normal(other) in normal(one + other)


def test_no_character_is_folded_otherwise_beside_another() -> None:
    # Characters that NFKD sorts (combining classes 220, 8 and 230), and that case folding looks at.
    for beside in ("a", "\u302a", "\u3099", "\u0f39", "\u0323\u0301", "Σ"):
        for character in EVERY:
            if unicodedata.combining(character) or ord(character) < 0x3000:
                assert fold(character + beside) == fold(character) + fold(beside), hex(
                    ord(character)
                )


def test_a_form_is_its_own_form() -> None:
    for character in EVERY:
        assert fold(fold(character)) == fold(character), hex(ord(character))


@given(MIXED)
def test_a_find_is_shown_where_it_stands(raw: str) -> None:
    folded = Folded(raw)
    assert folded.text == fold(raw)
    for start in range(0, len(raw), 3):
        sought = normal(raw[start : start + 5])
        if sought:
            match = pattern(sought).search(folded.text)
            assert match is not None
            first, last = folded.span(*match.span())
            assert sought in normal(raw[first:last])


@given(MIXED)
def test_characters_are_simplified_one_by_one(raw: str) -> None:
    form = normal(raw)
    assert len(simplified(form)) == len(form)
    assert simplified(simplified(form)) == simplified(form)
    assert simplified(form) == "".join(map(simplified, form))


def test_traditional_characters_and_those_of_hong_kong_and_taiwan_become_simplified() -> None:
    assert simplified("臺灣裏裡為爲隨著商務部邀請") == "台湾里里为为随着商务部邀请"
    assert simplified("台湾里为随着商务部邀请") == "台湾里为随着商务部邀请"


def test_tokens_are_the_same_to_both_databases() -> None:
    (chunk,) = chunks("china 商务'2023")
    assert tokens(chunk).split() == [
        "chi",
        "hin",
        "ina",
        "na",
        "a",
        "商",
        "务",
        "＇",
        "202",
        "023",
        "23",
        "3",
    ]
    (chunk,) = chunks("a!b\"c'd:e\\f*")
    assert all(token.isalnum() or not token.isascii() for token in tokens(chunk).split())


@pytest.mark.parametrize(
    ("form", "told", "is_open"),
    [
        ("商务", "商 务", False),
        ("商", "商", False),
        ("chin", "chi hin", False),
        ("ch", "ch", True),
        ("c", "c", True),
        ("na a", "na a a", True),
        ("na,", "na a ，", False),
        ("务ab", "务 ab", True),
    ],
)
def test_a_phrase_may_begin_and_end_within_a_word(form: str, told: str, is_open: bool) -> None:
    found = phrase(form)
    assert (" ".join(found.tokens), found.open) == (told, is_open)


@given(st.integers(0, 5 * CHUNK), st.data())
def test_what_is_no_longer_than_the_overlap_lies_whole_in_a_chunk(
    length: int, data: st.DataObject
) -> None:
    form = "".join(chr(0x4E00 + place) for place in range(length))
    made = list(chunks(form))
    assert all(0 < len(chunk) <= CHUNK for chunk in made)
    if length:
        start = data.draw(st.integers(0, length - 1))
        assert any(form[start : start + OVERLAP] in chunk for chunk in made)
        parts = pieces(form[start:])
        assert 0 < len(parts) < 10
        assert all(len(part) <= OVERLAP and part in form[start:] for part in parts)
