"""The five plain questions of a certification, and answers that claim no more than the facts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from archive.evidence.certification import Capture, Certification, Cosignature, Fidelity, Stamp
from archive.evidence.spelling import day, gap, second
from archive.verdict import Verdict


class Answer(StrEnum):
    """What a reader is told. Absence of a proof is *no*; a proof nobody verified, *not checked*."""

    YES = "yes"
    NO = "no"
    NOT_CHECKED = "not checked"


@dataclass(frozen=True, slots=True)
class Answered:
    """A question, its answer, and one sentence that says why."""

    question: str
    answer: Answer
    reason: str


Judged = tuple[Answer, str]
_OF = {
    Verdict.PASSED: Answer.YES,
    Verdict.FAILED: Answer.NO,
    Verdict.NOT_CHECKED: Answer.NOT_CHECKED,
}
TEST_AUTHORITY = "test authority, proves nothing"


def answers(facts: Certification) -> tuple[Answered, ...]:
    """The five answers for the whole package: yes only where it is yes for every capture."""
    return tuple(
        Answered(question, *_overall(facts, judge)) for question, judge in QUESTIONS.items()
    )


def first_outside_proof(capture: Capture) -> Stamp | None:
    """The earliest verified stamp of an authority that is not one for tests."""
    real = [s for s in capture.stamps if not s.test and s.verdict is Verdict.PASSED]
    return min(real, key=lambda stamp: stamp.time, default=None)


def _overall(facts: Certification, judge: Callable[[Capture], Judged]) -> Judged:
    judged = [(label, *judge(capture)) for label, capture in facts.captures]
    given = {answer for _, answer, _ in judged}
    answer = next(worst for worst in (Answer.NO, Answer.NOT_CHECKED, Answer.YES) if worst in given)
    found = [(label, reason) for label, judgement, reason in judged if judgement is answer]
    labels, reasons = _distinct(label for label, _ in found), _distinct(r for _, r in found)
    if len(judged) == 1 or (len(found) == len(judged) and len(reasons) == 1):
        return answer, reasons[0]
    if len(found) == len(judged):
        return answer, f"For each of {len(judged)} captures; for {labels[0]}: {reasons[0]}"
    told = f"{answer.capitalize()} for {len(found)} of {len(judged)} captures ({_few(labels)}): "
    rest = sum(judgement is Answer.YES for _, judgement, _ in judged)
    return answer, f"{told}{reasons[0]} Yes for {rest}."


def _unchanged(capture: Capture) -> Judged:
    again = capture.rehash
    if again is None:
        return Answer.NOT_CHECKED, "The digests were not computed afresh for this certification."
    told = {
        Verdict.PASSED: "and they equal those recorded",
        Verdict.FAILED: "and they differ from those recorded",
        Verdict.NOT_CHECKED: "but they could not be compared with those recorded",
    }[again.match]
    return _OF[again.match], (
        f"The digests were computed afresh with {again.software} on {day(again.time)}, {told}."
    )


def _logged(capture: Capture) -> Judged:
    place = capture.entry
    if place is None:
        return Answer.NO, "The log has no entry for it."
    told = {
        Verdict.PASSED: "The proof that its entry is in the signed log was verified.",
        Verdict.FAILED: "The proof that its entry is in the log does not hold.",
        Verdict.NOT_CHECKED: "An entry is named, but its proof was not verified.",
    }
    return _OF[place.proof], told[place.proof]


def _stamped(capture: Capture) -> Judged:
    first = first_outside_proof(capture)
    if first is not None:
        after = gap(first.time - capture.recorded)
        return Answer.YES, (
            f"{first.authority} stamped a checkpoint that covers it at {second(first.time)}, "
            f"{after}; the stamp was verified."
        )
    return _outsiders(capture.stamps, "time stamp", TEST_AUTHORITY)


def _countersigned(capture: Capture) -> Judged:
    real = [c for c in capture.cosignatures if not c.test and c.verdict is Verdict.PASSED]
    if real:
        names = _distinct(c.cosigner for c in real)
        return Answer.YES, f"Countersigned by {_few(names)}; the signature was verified."
    return _outsiders(capture.cosignatures, "countersignature", "test cosigner, proves nothing")


def _outsiders(found: Iterable[Stamp | Cosignature], what: str, test: str) -> Judged:
    """The answer where no outsider's proof was verified."""
    proofs = tuple(found)
    real = [proof for proof in proofs if not proof.test]
    if any(proof.verdict is Verdict.NOT_CHECKED for proof in real):
        return Answer.NOT_CHECKED, f"There is a {what}, but it was not verified."
    if real:
        return Answer.NO, f"There is a {what}, but it does not verify."
    if proofs:
        return Answer.NO, f"There is only a {what} by a {test}."
    return Answer.NO, f"There is no {what}."


def _corroborated(capture: Capture) -> Judged:
    same = {second.same for second in capture.corroborations}
    received = "received" if capture.fidelity is Fidelity.ASSERTED else "recorded"
    if Verdict.PASSED in same:
        return Answer.YES, f"A capture from a second network holds the content {received} here."
    if Verdict.NOT_CHECKED in same:
        return Answer.NOT_CHECKED, "There is a capture from a second network; it was not compared."
    if same:
        return Answer.NO, "A capture from a second network holds other content."
    return Answer.NO, "There is no capture from a second network."


QUESTIONS: dict[str, Callable[[Capture], Judged]] = {
    "Are the bytes unchanged since they were recorded?": _unchanged,
    "Was the record logged?": _logged,
    "Did an outsider stamp the time?": _stamped,
    "Did an outsider countersign the log?": _countersigned,
    "Was it seen from a second network?": _corroborated,
}


def _distinct(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(texts))


def _few(names: list[str]) -> str:
    """Three names at most, and how many more there are."""
    more = len(names) - 3
    return ", ".join(names[:3]) + (f" and {more} more" if more > 0 else "")
