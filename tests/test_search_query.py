"""What a person writes is read as documented, or refused with a sentence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.errors import UsageError
from catalog.search.query import MOST_TERMS, And, Not, Or, Query, Term, parse, terms, wanted

A, B, C, D = map(Term, "abcd")


@pytest.mark.parametrize(
    ("words", "query"),
    [
        ("a", A),
        ("a b", And((A, B))),
        ("a AND b", And((A, B))),
        ("a OR b c", Or((A, And((B, C))))),
        ("a b OR c d", Or((And((A, B)), And((C, D))))),
        ("(a OR b) c", And((Or((A, B)), C))),
        ("a NOT b", And((A, Not(B)))),
        ("a NOT b OR c", Or((And((A, Not(B))), C))),
        ("(a AND NOT b) OR c", Or((And((A, Not(B))), C))),
        ("a NOT (b OR c)", And((A, Not(Or((B, C)))))),
        ("a NOT b c", And((A, Not(B), C))),
        ("NOT b a", And((Not(B), A))),
        ("a NOT NOT b", And((A, B))),
        ("NOT (NOT a)", A),
        ("a and b", And((A, Term("and"), B))),
        ('"a AND b"', Term("a and b")),
        ('"a""b"', Term('a"b')),
        ('a"b"c', And((A, B, C))),
        ("“a b”", Term("a b")),
        ("公　告", And((Term("公"), Term("告")))),
        ('"公　告"', Term("公告")),
        ("（试行）", Term("(试行)")),
        ("covid-19", Term("covid-19")),
        ("-1*", Term("-1*")),
        ("NEAR(a b, 2)", And((Term("near"), And((A, Term("b,"), Term("2")))))),
        ("plain:a", Term("plain:a")),
    ],
)
def test_words_are_read_as_documented(words: str, query: Query) -> None:
    assert parse(words) == query


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("", "a word is missing before the end"),
        ("a OR", "a word is missing before the end"),
        ("AND a", "a word is missing before AND"),
        ("a ) b", r"a \) too many"),
        ("(a", "a bracket is not closed"),
        ("()", r"a word is missing before \)"),
        ('"a', "a quotation mark is not closed"),
        ("NOT a", "only says what must not be there"),
        ("NOT a NOT b", "only says what must not be there"),
        ("a OR NOT b", "only says what must not be there"),
        ("(NOT a) OR b", "only says what must not be there"),
        ('""', "nothing to look for"),
        ("a \u200b", "nothing to look for"),
        ("\u0301", "nothing to look for"),
        ("(" * 5000 + "a", "more than 30 brackets"),
        ("a " * (MOST_TERMS + 1), "more than 30 words"),
    ],
)
def test_what_is_no_query_is_refused_with_a_sentence(words: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        parse(words)


@given(st.text(st.sampled_from('ab ()"“”ANDORNOT商\u0301 ') | st.characters(), max_size=60))
def test_whatever_is_typed_is_a_query_or_refused(words: str) -> None:
    try:
        query = parse(words)
    except UsageError:
        return
    assert next(terms(query), None) is not None


def test_only_what_may_stand_in_a_text_is_shown_in_it() -> None:
    query = parse("a (b OR c) NOT (d OR a)")
    assert list(wanted(query)) == [A, B, C]
    assert list(terms(query)) == [A, B, C, D, A]


def test_a_query_is_folded_with_the_texts() -> None:
    assert parse("臺灣", fold=True) == Term("台湾")
    assert parse("臺灣") == Term("臺灣")
