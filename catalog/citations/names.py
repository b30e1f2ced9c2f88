"""Who wrote it: persons, whose names each style turns its own way, and bodies, whose names none turns."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af]")
INITIAL = re.compile(r"[^\W\d_]")


class Author(NamedTuple):
    """A person, or a body, which has no `given` name."""

    name: str
    given: str | None = None

    @classmethod
    def of(cls, text: str) -> Author:
        """`Lovelace, Ada` is a person; what has no comma stands as it is written."""
        family, comma, given = (part.strip() for part in text.partition(","))
        return cls(family, given) if comma and family and given else cls(text.strip())

    @property
    def full(self) -> str:
        """`Ada Lovelace`, 王伟."""
        return self._joined(f"{self.given} {self.name}")

    @property
    def inverted(self) -> str:
        """`Lovelace, Ada`, 王伟."""
        return self._joined(f"{self.name}, {self.given}")

    @property
    def initialled(self) -> str:
        """`Lovelace, A. K.`, 王伟."""
        return self._joined(f"{self.name}, {' '.join(f'{i}.' for i in self._initials)}")

    @property
    def capitalled(self) -> str:
        """`LOVELACE A K`, 王伟 (GB/T 7714)."""
        return self._joined(f"{self.name.upper()} {' '.join(self._initials)}")

    @property
    def _initials(self) -> list[str]:
        parts = re.split(r"[\s.-]+", self.given or "")
        return [found.group().upper() for part in parts if (found := INITIAL.search(part))]

    def _joined(self, latin: str) -> str:
        if self.given is None:
            return self.name
        return self.name + self.given if HAN.match(self.name) else latin


def listed(names: Sequence[str], last: str = " and ") -> str:
    """`A`, `A and B`, `A, B, and C`, with `last` before the last of them."""
    if len(names) < 3:
        return last.join(names)
    return ", ".join(names[:-1]) + "," + last + names[-1]


def first_inverted(authors: Sequence[Author]) -> str:
    """`Lovelace, Ada, and Charles Babbage`: as the lists of Chicago and the MLA begin."""
    names = [authors[0].inverted, *(author.full for author in authors[1:])]
    return listed(names, ", and " if len(names) == 2 else " and ")


def shortened(
    authors: Sequence[Author], form: Callable[[Author], str], last: str, most: int, rest: str
) -> str:
    """The authors; where there are more than `most`, the first and `rest`."""
    if len(authors) > most:
        return form(authors[0]) + rest
    return listed([form(author) for author in authors], last)


def family(authors: Sequence[Author], last: str, most: int = 2) -> str:
    """How a passage of the text names them: `Lovelace and Babbage`, `Lovelace et al.`"""
    return shortened(authors, lambda author: author.name, last, most, " et al.")
