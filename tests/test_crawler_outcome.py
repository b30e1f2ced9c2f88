"""Only content counts as held, and every other answer says what it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.outcome import classify, worth_retrying

OUTCOMES = {
    "content",
    "redirect",
    "not-modified",
    "not-found",
    "blocked",
    "login",
    "truncated",
    "error",
}


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (200, ("content", None)),
        (203, ("content", None)),
        (204, ("error", "http-204")),
        (206, ("truncated", "http-206")),
        (301, ("redirect", None)),
        (308, ("redirect", None)),
        (300, ("error", "http-300")),
        (304, ("error", "http-304")),
        (401, ("login", "http-401")),
        (403, ("blocked", "http-403")),
        (404, ("not-found", "http-404")),
        (410, ("not-found", "http-410")),
        (412, ("blocked", "http-412")),
        (451, ("blocked", "http-451")),
        (500, ("error", "http-500")),
        (503, ("blocked", "http-503")),
        (521, ("blocked", "http-521")),
        (999, ("error", "http-999")),
    ],
)
def test_a_status_has_one_outcome(status: int, expected: tuple[str, str | None]) -> None:
    assert classify(status) == expected


def test_a_304_is_an_answer_only_to_a_conditional_request() -> None:
    assert classify(304, conditional=True) == ("not-modified", None)


def test_a_failure_keeps_the_code_of_the_wire() -> None:
    assert classify(None, failure="dns-nxdomain") == ("error", "dns-nxdomain")
    assert classify(None) == ("error", "not-http")


def test_a_cut_page_is_never_content() -> None:
    assert classify(200, truncated="length") == ("truncated", "truncated-length")
    assert classify(200, failure="timeout-body", truncated="time") == ("truncated", "timeout-body")


def test_a_cut_refusal_is_still_a_refusal() -> None:
    assert classify(403, truncated="disconnect")[0] == "blocked"
    assert classify(404, truncated="disconnect")[0] == "not-found"


@given(
    st.none() | st.integers(-1, 2000),
    st.none() | st.sampled_from(["timeout-body", "reset-mid-body"]),
    st.none() | st.sampled_from(["time", "length", "disconnect"]),
    st.booleans(),
)
def test_content_is_only_ever_a_whole_2xx(
    status: int | None, failure: str | None, truncated: str | None, conditional: bool
) -> None:
    outcome, code = classify(status, failure=failure, truncated=truncated, conditional=conditional)
    assert outcome in OUTCOMES
    if outcome == "content":
        assert status is not None
        assert 200 <= status < 300
        assert (failure, truncated, code) == (None, None, None)


@pytest.mark.parametrize(
    ("outcome", "code", "status", "again"),
    [
        ("error", "timeout-connect", None, True),
        ("error", "connect-refused", None, True),
        ("error", "dns-nxdomain", None, False),
        ("error", "private-address", None, False),
        ("error", "http-500", 500, True),
        ("blocked", "http-429", 429, True),
        ("blocked", "http-403", 403, False),
        ("truncated", "reset-mid-body", 200, True),
        ("truncated", "truncated-length", 200, False),
        ("not-found", "http-404", 404, False),
        ("content", None, 200, False),
    ],
)
def test_only_what_may_pass_is_tried_again(
    outcome: str, code: str | None, status: int | None, again: bool
) -> None:
    assert worth_retrying(outcome, code, status) is again
