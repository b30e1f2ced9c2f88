"""A printed id finds a reader's slip before it finds the wrong document."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.errors import UsageError
from archive.ident import ALPHABET, LENGTH, ident, new_record_id, printed, typed

ids = st.text(ALPHABET, min_size=LENGTH, max_size=LENGTH)


@given(ids)
def test_an_id_is_read_as_it_was_printed(id_: str) -> None:
    assert typed(printed(id_)) == id_


@given(ids)
def test_dashes_width_and_case_do_not_matter(id_: str) -> None:
    text = printed(id_).upper()
    wide = "".join(chr(ord(c) + 0xFEE0) for c in text)
    assert typed("-".join([text[:4], text[4:]])) == typed(wide) == id_


@given(
    ids,
    st.lists(
        st.sampled_from("-–—‐‑‒―−⁃﹘﹣－ \t\n\u00a0\u2009\u3000\u00ad\u200b\u2060\ufeff\u200f")
    ),
)
def test_dashes_and_spaces_of_any_kind_may_stand_anywhere(id_: str, marks: list[str]) -> None:
    text = printed(id_)
    for number, mark in enumerate(marks):
        place = number * 5 % (len(text) + 1)
        text = text[:place] + mark + text[place:]
    assert typed(text) == id_


@given(ids, st.integers(0, LENGTH), st.sampled_from(ALPHABET))
def test_any_single_wrong_character_is_found(id_: str, place: int, wrong: str) -> None:
    text = printed(id_)
    slipped = text[:place] + wrong + text[place + 1 :]
    if slipped != text:
        with pytest.raises(UsageError, match="wrong character"):
            typed(slipped)


def test_a_prefix_is_accepted_as_git_does() -> None:
    assert typed("7F3k") == "7f3k"


@pytest.mark.parametrize("text", ["", "u", "not an id!", "0" * 18])
def test_what_is_no_id_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        typed(text)


def test_ids_follow_from_their_parts_alone() -> None:
    assert ident("version", "abc") == ident("version", "abc") != ident("version", "abd")
    assert len({ident(new_record_id()) for _ in range(1000)}) == 1000
