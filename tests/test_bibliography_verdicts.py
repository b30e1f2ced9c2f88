"""One verdict for each entry, by a table whose order is part of the promise."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.verdict import Verdict
from catalog.bibliography.claim import claim_of
from catalog.bibliography.entry import Entry
from catalog.bibliography.held import Facts, Held, QuoteFound
from catalog.bibliography.verdict import (
    FAILS,
    RULES,
    UNCHECKED,
    EntryVerdict,
    answer_of,
    judge,
)
from catalog.quoting.match import Quote, Searched
from catalog.quoting.verdict import check

DAY = timedelta(days=1)
THEN = datetime(2021, 6, 9, 5, tzinfo=UTC)
ENTRY = Entry(key="a", place="line 1", raw="", urls=("http://x.cn/a",), seen="2021-06-09")
TEXT = "商务部关于举办研修班的通知。名额二十五人，请各单位推荐。"


def seen(days: float = 0, text: str = "one", **told: object) -> Held:
    held = Held(
        capture=f"c{days:+}",
        url="http://x.cn/a",
        time=THEN + days * DAY,
        outcome="content",
        document="d",
        version=text,
        normal=text.encode(),
    )
    return replace(held, **told)  # type: ignore[arg-type]  # by their names


def failed(days: float, outcome: str, *, answered: bool = True) -> Held:
    return seen(
        days, outcome=outcome, version=None, normal=None, answered=answered, code="dns-nxdomain"
    )


def quoted(*words: str) -> tuple[QuoteFound, ...]:
    text = Searched(TEXT)
    return tuple(QuoteFound(each, check(Quote(each), text), "one") for each in words)


UNDATED = replace(ENTRY, seen=None)
TWO = replace(UNDATED, urls=("http://x.cn/a", "http://x.cn/b"))
CASES = {
    "unreadable": [
        (Facts(Entry(key="a", place="", raw="", problem="no entry begins here")), "no entry begins"),
        (Facts(Entry(key="a", place="", raw="", copies=("https://archive.ph/x",))), "other archives"),
    ],
    "not archived": [
        (Facts(ENTRY), "no capture of http://x.cn/a"),
        (Facts(ENTRY, (failed(0, "error", answered=False),)), "nothing came back, last on 2021-06-09: dns-nxdomain"),
        (Facts(replace(ENTRY, sha256="ab" * 32), (seen(),), None, "nothing here has the digest that it names"), "other contents are held"),
    ],
    "error page archived": [
        (Facts(ENTRY, (failed(0, "blocked"),)), "only blocked was captured"),
        (Facts(ENTRY, (seen(outcome="soft-404"),)), "only soft-404"),
        (Facts(ENTRY, (seen(outcome="challenge"), failed(1, "error", answered=False))), "only challenge"),
    ],
    "ambiguous": [
        (Facts(TWO, (seen(), seen(1, "two", document="e"))), "2 documents"),
        (Facts(ENTRY, (seen(-30),)), "captured 29 days before"),
        (Facts(ENTRY, (seen(-30), seen(30, "two"))), "captured 29 days"),
        (Facts(ENTRY, (seen(-30), failed(-10, "not-found"), seen(30))), "captured 29 days"),
    ],
    "quote altered": [(Facts(ENTRY, (seen(),), quotes=quoted("名额二十人，请各单位推荐")), "[-五-]")],
    "quote not found": [(Facts(ENTRY, (seen(),), quotes=quoted("今天天气很好适合去公园散步")), "nothing like it")],
    "archived later than claimed": [(Facts(ENTRY, (seen(9),)), "first captured on 2021-06-18")],
    "missing from source": [
        (Facts(ENTRY, (seen(), failed(5, "not-found"), failed(9, "not-found"))), "gone at the source on 2021-06-14"),
        (Facts(ENTRY, (seen(), failed(5, "not-found"), failed(9, "error", answered=False))), "gone at the source"),
        (Facts(ENTRY, (seen(), seen(5, "no such page", outcome="soft-404"))), "gone at the source"),
    ],
    "changed since": [(Facts(ENTRY, (seen(), seen(5, "two"))), "another text at the source on 2021-06-14")],
    "verified exact": [
        (Facts(ENTRY, (seen(),)), "captured just then"),
        (Facts(replace(ENTRY, sha256="ab" * 32), (seen(90),), seen(90)), "the digest that it names is held"),
        (Facts(replace(UNDATED, urls=(), id="x"), (), seen(90)), "the id that it names is held"),
        (Facts(ENTRY, (seen(), failed(5, "not-found"), seen(9))), "captured just then"),
    ],
    "quote verified": [
        (Facts(replace(ENTRY, seen="2021-06-08"), (seen(),), quotes=quoted("名额二十五人")), "its quotation stands there"),
        (Facts(ENTRY, (seen(-30),), quotes=quoted("名额二十五人", "关于举办研修班")), "its 2 quotations"),
    ],
    "near date": [
        (Facts(replace(ENTRY, seen="2021-06-06"), (seen(),)), "captured 2 days after"),
        (Facts(replace(ENTRY, seen="2021-06"), (seen(),)), "captured within 2021-06"),
        (Facts(replace(ENTRY, seen="2021-06-09T09:00+08:00"), (seen(),)), "captured 3 hours after"),
        (Facts(UNDATED, (seen(),)), "it names no date; held of 2021-06-09"),
        (Facts(ENTRY, (seen(-30), seen(30, normal=b"one", version="other bytes"))), "before and after"),
        (Facts(TWO, (seen(), seen(1, document="e"))), "it names no date"),
        (Facts(ENTRY, (seen(-2), failed(5, "blocked"))), "captured"),
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("verdict", "facts", "reason"),
    [(verdict, facts, reason) for verdict, cases in CASES.items() for facts, reason in cases],
)
def test_each_verdict_follows_from_its_facts(verdict: str, facts: Facts, reason: str) -> None:
    judged = judge(facts)
    assert (judged.verdict.value, judged.reason) == (verdict, judged.reason)
    assert reason in judged.reason


def test_there_is_a_case_for_every_verdict_and_one_rule() -> None:
    assert CASES.keys() == {verdict.value for verdict in EntryVerdict}
    assert [verdict for verdict, _ in RULES] == list(EntryVerdict)


def test_what_else_holds_is_told_beside_the_verdict() -> None:
    judged = judge(Facts(ENTRY, (seen(), seen(5, "two"), failed(9, "not-found"))))
    assert judged.verdict is EntryVerdict.MISSING
    assert [verdict for verdict, _ in judged.also] == [
        EntryVerdict.CHANGED,
        EntryVerdict.EXACT,
        EntryVerdict.NEAR,
    ]
    assert judged.since == THEN + 9 * DAY


def test_a_quotation_that_could_not_be_checked_is_told_of() -> None:
    judged = judge(Facts(ENTRY, (seen(),), quotes=quoted("twenty-five places for everybody")))
    assert judged.verdict is EntryVerdict.EXACT
    assert "could not be checked" in judged.reason


def test_the_three_answers() -> None:
    assert {answer_of(verdict) for verdict in FAILS} == {Verdict.FAILED}
    assert {answer_of(verdict) for verdict in UNCHECKED} == {Verdict.NOT_CHECKED}
    assert answer_of(EntryVerdict.CHANGED) is Verdict.PASSED
    assert answer_of(EntryVerdict.CHANGED, {EntryVerdict.CHANGED}) is Verdict.FAILED


@pytest.mark.parametrize(
    ("told", "begin", "length"),
    [
        ("2021", datetime(2021, 1, 1, tzinfo=UTC), 365 * DAY),
        ("2021-12", datetime(2021, 12, 1, tzinfo=UTC), 31 * DAY),
        ("2021-06-09", datetime(2021, 6, 9, tzinfo=UTC), DAY),
        ("2021-06-09T07:16", datetime(2021, 6, 9, 7, 16, tzinfo=UTC), timedelta(minutes=1)),
        ("2021-06-09T07:16+08:00", datetime(2021, 6, 8, 23, 16, tzinfo=UTC), timedelta(minutes=1)),
    ],
)
def test_a_claim_is_as_long_as_its_date_is_vague(
    told: str, begin: datetime, length: timedelta
) -> None:
    claim = claim_of(told)
    assert claim is not None
    assert (claim.begin, claim.end - claim.begin) == (begin, length)


def test_what_is_no_date_is_no_claim() -> None:
    assert claim_of("2021-13-40") is claim_of("soon") is claim_of(None) is None


HELD = st.builds(
    seen,
    st.integers(-40, 40),
    st.sampled_from(["one", "two"]),
    outcome=st.sampled_from(["content", "soft-404", "challenge"]),
    document=st.sampled_from(["d", "e"]),
) | st.builds(failed, st.integers(-40, 40), st.sampled_from(["not-found", "error", "blocked"]), answered=st.booleans())  # fmt: skip


@given(
    st.lists(HELD, max_size=5),
    st.sampled_from([None, "2021", "2021-06", "2021-06-09", "2021-06-09T07:16", "never"]),
    st.lists(
        st.sampled_from(["名额二十五人", "名额二十人请推荐", "没有这样的一句话在"]), max_size=2
    ),
    st.booleans(),
)
def test_any_facts_have_one_verdict_the_first_of_those_that_hold(
    held: list[Held], claimed: str | None, words: list[str], named: bool
) -> None:
    ordered = tuple(sorted(held, key=lambda one: one.time))
    facts = Facts(replace(ENTRY, seen=claimed), ordered)
    facts = replace(
        facts,
        named=facts.content[0] if named and facts.content else None,
        quotes=quoted(*words) if facts.cited else (),
    )
    judged = judge(facts)
    assert judged == judge(facts)
    order = list(EntryVerdict)
    places = [order.index(verdict) for verdict in (judged.verdict, *(v for v, _ in judged.also))]
    assert places == sorted(set(places))
    holds = answer_of(judged.verdict) is Verdict.PASSED
    assert not holds or facts.cited is not None
