"""A certification says what the facts say, and nothing that they do not."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from archive.errors import UsageError
from archive.evidence.answers import Answer, answers, first_outside_proof
from archive.evidence.certification import Capture, Exhibit, Fidelity, to_json
from archive.evidence.pages import document
from archive.evidence.wording import TEMPLATES
from archive.verdict import Verdict
from tests.certifications import (
    BARE,
    COSIGNED,
    HANDED,
    NOW,
    PLACE,
    PROVEN,
    REHASH,
    SECOND,
    STAMP,
    certification,
)

YES, NO, NOT_CHECKED = Answer.YES, Answer.NO, Answer.NOT_CHECKED
FAILED, UNCHECKED = Verdict.FAILED, Verdict.NOT_CHECKED


def answered(*captures: Capture) -> list[Answer]:
    return [one.answer for one in answers(certification(*captures))]


def reasons(*captures: Capture) -> list[str]:
    return [one.reason for one in answers(certification(*captures))]


def leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [leaf for entry in value.values() for leaf in leaves(entry)]
    if isinstance(value, list):
        return [leaf for entry in value for leaf in leaves(entry)]
    return [value]


def test_every_proof_verified_answers_yes_five_times() -> None:
    assert answered(PROVEN) == [YES] * 5


def test_no_proof_at_all_answers_yes_to_nothing() -> None:
    assert answered(BARE) == [NOT_CHECKED, NO, NO, NO, NO]


@pytest.mark.parametrize(
    ("change", "question", "answer"),
    [
        ({"rehash": replace(REHASH, match=FAILED)}, 0, NO),
        ({"rehash": replace(REHASH, match=UNCHECKED)}, 0, NOT_CHECKED),
        ({"rehash": None}, 0, NOT_CHECKED),
        ({"entry": replace(PLACE, proof=FAILED)}, 1, NO),
        ({"entry": replace(PLACE, proof=UNCHECKED)}, 1, NOT_CHECKED),
        ({"stamps": (replace(STAMP, verdict=FAILED),)}, 2, NO),
        ({"stamps": (replace(STAMP, verdict=UNCHECKED),)}, 2, NOT_CHECKED),
        ({"stamps": (replace(STAMP, verdict=FAILED), STAMP)}, 2, YES),
        ({"stamps": (replace(STAMP, test=True),)}, 2, NO),
        ({"stamps": (replace(STAMP, test=True, verdict=UNCHECKED),)}, 2, NO),
        ({"cosignatures": (replace(COSIGNED, verdict=FAILED),)}, 3, NO),
        ({"cosignatures": (replace(COSIGNED, verdict=UNCHECKED),)}, 3, NOT_CHECKED),
        ({"cosignatures": (replace(COSIGNED, test=True),)}, 3, NO),
        ({"corroborations": (replace(SECOND, same=FAILED),)}, 4, NO),
        ({"corroborations": (replace(SECOND, same=UNCHECKED),)}, 4, NOT_CHECKED),
    ],
)
def test_a_proof_that_is_missing_wrong_or_unverified_takes_away_its_yes(
    change: dict[str, Any], question: int, answer: Answer
) -> None:
    expected = [YES] * 5
    expected[question] = answer
    assert answered(replace(PROVEN, **change)) == expected


def test_a_stamp_of_a_test_authority_is_a_no_that_says_so() -> None:
    tested = replace(PROVEN, stamps=(replace(STAMP, test=True),))
    assert "test authority, proves nothing" in reasons(tested)[2]
    assert first_outside_proof(tested) is None


def test_one_capture_without_a_proof_denies_the_yes_to_the_whole_package() -> None:
    assert answered(PROVEN, PROVEN, BARE) == [NOT_CHECKED, NO, NO, NO, NO]
    assert reasons(PROVEN, PROVEN, BARE)[1] == (
        "No for 1 of 3 captures (Exhibit 3): The log has no entry for it. Yes for 2."
    )


def test_reasons_that_differ_are_told_for_the_first_and_counted() -> None:
    later = replace(PROVEN, rehash=replace(REHASH, time=NOW))
    assert reasons(PROVEN, later)[0].startswith(
        "For each of 2 captures; for Exhibit 1: The digests"
    )


def test_a_failure_is_told_before_what_was_not_checked() -> None:
    changed = replace(PROVEN, rehash=replace(REHASH, match=FAILED))
    assert answered(PROVEN, BARE, changed)[0] is NO


def test_the_first_outside_proof_is_the_earliest_that_was_verified() -> None:
    later = replace(STAMP, time=STAMP.time + timedelta(days=1))
    false = replace(STAMP, time=STAMP.time - timedelta(days=1), verdict=FAILED)
    assert first_outside_proof(replace(PROVEN, stamps=(later, false, STAMP))) == STAMP


def test_a_stamp_older_than_the_record_says_that_a_clock_was_wrong() -> None:
    early = replace(STAMP, time=NOW - timedelta(seconds=90))
    assert (
        "1 min 30 s before it by our clock, so that one of the clocks was wrong"
        in (reasons(replace(PROVEN, stamps=(early,)))[2])
    )


def test_the_json_holds_strings_whole_numbers_and_what_is_missing_as_null() -> None:
    found = to_json(certification(PROVEN, BARE, HANDED))
    assert {type(leaf) for leaf in leaves(found)} == {str, int, bool, type(None)}
    capture = found["exhibits"][1]["captures"][0]
    assert capture["tls"] is None
    assert capture["stamps"] == []
    assert found["exhibits"][0]["captures"][0]["content"] == {"absent": "undecodable"}
    assert (
        found["exhibits"][2]["captures"][0]["receipt"]["obtained"] == "2021-11-24T03:04:05.678901Z"
    )


@given(st.text(st.characters(exclude_categories=())), st.integers(0, 2**53 - 1))
def test_any_text_becomes_canonical_json_that_reads_back(text: str, index: int) -> None:
    capture = replace(PROVEN, url=text, title=text, entry=replace(PLACE, index=index))
    found = to_json(certification(capture))
    written = rfc8785.dumps(found)
    assert json.loads(written) == found
    assert written == rfc8785.dumps(to_json(certification(capture)))


def test_a_certification_without_a_capture_is_refused() -> None:
    for exhibits in ((), (Exhibit(label="Exhibit 1", captures=()),)):
        with pytest.raises(UsageError):
            certification(exhibits=exhibits)


def test_an_unknown_jurisdiction_is_refused_and_the_known_ones_are_named() -> None:
    with pytest.raises(UsageError) as refused:
        document(certification(), "us-federl")
    assert refused.value.advice == "choose of us-federal, eu, international"


@pytest.mark.parametrize("jurisdiction", TEMPLATES)
@pytest.mark.parametrize("capture", [PROVEN, BARE, HANDED])
def test_the_sections_keep_their_numbers_in_every_jurisdiction(
    jurisdiction: str, capture: Capture
) -> None:
    headings = [s.heading for s in document(certification(capture), jurisdiction).sections]
    assert headings == [
        "What it is",
        "How it was made and kept",
        "How we know that it is unchanged",
        "The exhibits",
        "The log, its keys and its time stamps",
        "The law this paper is for",
        "The certifying person, the declaration and the signature",
    ]


def test_a_file_handed_over_is_never_said_to_have_been_observed() -> None:
    everything = replace(PROVEN, fidelity=Fidelity.ASSERTED, receipt=HANDED.receipt)
    for capture in (HANDED, everything, replace(HANDED, receipt=None)):
        for jurisdiction in TEMPLATES:
            told = repr(document(certification(capture), jurisdiction))
            assert "origin asserted, not observed" in told
            assert "observed" not in told.replace("not observed", "")
            assert "recorded by" not in told.lower()
            assert "system recorded on" not in told
