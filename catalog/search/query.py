"""What is looked for: the words of a person, parsed by ourselves.

    商务部 老挝              both (AND may stand between)
    老挝 OR 柬埔寨           one of them
    研修班 NOT 招聘          the first without the second
    "business seminar"       these words in a row; `""` is a quotation mark in it
    (老挝 OR 柬埔寨) 研修班   brackets

NOT binds first, then AND, then OR. AND, OR and NOT are capital letters outside quotation marks.
Quotation marks are " " or “ ”; brackets ( ), for （ ） stand in many a title.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from archive.errors import UsageError
from catalog.search.normal import normal
from catalog.search.simplified import simplified
from catalog.types import visible

MOST_TERMS = 30
"""A database joins no more than some sixty tables."""
_DEEPEST = 30

_LEXEME = re.compile(r'\s*(?:("|“)|([()])|([^\s()"“]+))')


@dataclass(frozen=True, slots=True)
class Term:
    """Characters that stand together in a text, under `catalog.search.normal`."""

    normal: str


@dataclass(frozen=True, slots=True)
class Not:
    operand: Query


@dataclass(frozen=True, slots=True)
class And:
    operands: tuple[Query, ...]


@dataclass(frozen=True, slots=True)
class Or:
    operands: tuple[Query, ...]


Query = Term | Not | And | Or


def parse(words: str, *, fold: bool = False) -> Query:
    """The query that `words` write; with `fold`, in simplified characters.

    Raises `UsageError` where they write none, or one that only says what must not be there.
    """
    query = _Parser(words, fold=fold).parse()
    if _lacks(query):
        raise UsageError(
            f"the query only says what must not be there: {words.strip()}",
            advice="add a word that must be there, to each side of an OR",
        )
    return query


def term(text: str, *, fold: bool = False) -> Term:
    """Exactly these characters. Raises `UsageError` where nothing of them is looked for."""
    found = normal(visible(text))
    if not found:
        raise UsageError(
            f"nothing to look for in {text!r}",
            advice="give a word; spaces, accents by themselves and invisible characters are none",
        )
    return Term(simplified(found) if fold else found)


def terms(query: Query) -> Iterator[Term]:
    """All terms, in their order."""
    match query:
        case Term():
            yield query
        case Not(operand):
            yield from terms(operand)
        case And(operands) | Or(operands):
            for each in operands:
                yield from terms(each)


def wanted(query: Query) -> Iterator[Term]:
    """The terms that may stand in what is found, in their order."""
    match query:
        case Term():
            yield query
        case And(operands) | Or(operands):
            for operand in operands:
                yield from wanted(operand)


def _lacks(query: Query) -> bool:
    """Whether a text may be found for what it lacks alone."""
    match query:
        case Not(operand):
            return not _lacks(operand)
        case And(operands):
            return all(map(_lacks, operands))
        case Or(operands):
            return any(map(_lacks, operands))
    return False


@dataclass(frozen=True, slots=True)
class _Lexeme:
    kind: str
    """`(`, `)`, `AND`, `OR`, `NOT`, `term`, or `` at the end."""
    text: str = ""


_END = _Lexeme("", "the end")


class _Parser:
    def __init__(self, words: str, *, fold: bool) -> None:
        self._fold = fold
        self._lexemes = _lexemes(words)
        self._next = next(self._lexemes, _END)
        self._terms = 0
        self._depth = 0

    def parse(self) -> Query:
        query = self._or()
        if self._next is not _END:
            raise UsageError(f"a {self._next.text} too many in the query")
        return query

    def _or(self) -> Query:
        operands = [self._and()]
        while self._take("OR"):
            operands.append(self._and())
        return operands[0] if len(operands) == 1 else Or(tuple(operands))

    def _and(self) -> Query:
        operands = [self._not()]
        while self._take("AND") or self._next.kind in {"term", "(", "NOT"}:
            operands.append(self._not())
        return operands[0] if len(operands) == 1 else And(tuple(operands))

    def _not(self) -> Query:
        negated = False
        while self._take("NOT"):
            negated = not negated
        operand = self._operand()
        if not negated:
            return operand
        return operand.operand if isinstance(operand, Not) else Not(operand)

    def _operand(self) -> Query:
        if self._take("("):
            self._depth += 1
            if self._depth > _DEEPEST:
                raise UsageError(f"more than {_DEEPEST} brackets within each other in the query")
            query = self._or()
            if not self._take(")"):
                raise UsageError("a bracket is not closed in the query")
            self._depth -= 1
            return query
        if self._next.kind != "term":
            raise UsageError(
                f"a word is missing before {self._next.text} in the query",
                advice='put what is to be looked for as it is into quotation marks: "AND"',
            )
        found = term(self._next.text, fold=self._fold)
        self._terms += 1
        if self._terms > MOST_TERMS:
            raise UsageError(f"more than {MOST_TERMS} words in the query")
        self._next = next(self._lexemes, _END)
        return found

    def _take(self, kind: str) -> bool:
        if self._next.kind != kind:
            return False
        self._next = next(self._lexemes, _END)
        return True


def _lexemes(words: str) -> Iterator[_Lexeme]:
    place = 0
    while found := _LEXEME.match(words, place):
        quote, bracket, word = found.groups()
        place = found.end()
        if quote:
            text, place = _quoted(words, place, "”" if quote == "“" else '"')
            yield _Lexeme("term", text)
        elif bracket:
            yield _Lexeme(bracket, bracket)
        else:
            yield _Lexeme(word if word in {"AND", "OR", "NOT"} else "term", word)


def _quoted(words: str, start: int, close: str) -> tuple[str, int]:
    """What stands up to the closing quotation mark, and where it goes on."""
    text = ""
    while (end := words.find(close, start)) >= 0:
        text += words[start:end]
        if words[end + 1 : end + 2] != close:
            return text, end + 1
        text += close
        start = end + 2
    raise UsageError("a quotation mark is not closed in the query")
