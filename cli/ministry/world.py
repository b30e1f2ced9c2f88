"""The world of the simulated ministry: its postings, and how they are edited between two crawls."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from cli.ministry import postings
from cli.ministry.postings import SECTIONS, Attachment, Posting


class World:
    """Postings that follow from a seed, and from the edits made since.

    Nothing is held but the edits: a posting is made when it is asked for, so a world of 100,000
    postings costs no more than one of forty.
    """

    def __init__(self, seed: int, size: int, attachment_bytes: tuple[int, int]) -> None:
        if size < 1:
            raise ValueError("a ministry has at least one posting")
        self.seed = seed
        self.size = size
        self.edition = 0
        """Grows with every edit."""
        self._attachment_bytes = attachment_bytes
        self._total = size
        self._clauses: dict[int, list[tuple[str, str]]] = {}
        self._swapped: dict[tuple[int, int], int] = {}
        self._deleted: dict[int, bool] = {}
        self._moved: dict[int, str] = {}
        self._old: dict[str, str] = {}

    @property
    def total(self) -> int:
        """Number of postings ever made; their numbers are 0 to `total` - 1, the latest last."""
        return self._total

    def posting(self, number: int) -> Posting:
        """Posting `number` as the ministry has it now. Raises `IndexError` where there is none."""
        if not 0 <= number < self._total:
            raise IndexError(f"the ministry has no posting {number}")
        made = postings.make(self.seed, number, self.size, self._attachment_bytes)
        clauses = made.clauses
        for old, new in self._clauses.get(number, ()):
            clauses = tuple(clause.replace(old, new) for clause in clauses)
        return replace(made, clauses=clauses, path=self._moved.get(number, made.path))

    def postings(self) -> Iterator[Posting]:
        """Every posting that is still up, the latest first."""
        numbers = (n for n in reversed(range(self._total)) if n not in self._deleted)
        return map(self.posting, numbers)

    def listed(self, section: str) -> Sequence[int]:
        """Numbers of the postings that a listing shows, the latest first."""
        sections = tuple(SECTIONS)
        numbers = range(sections.index(section), self._total, len(sections))[::-1]
        if all(self._deleted.values()):
            return numbers
        return [number for number in numbers if self._deleted.get(number, True)]

    def is_up(self, number: int) -> bool:
        """Whether the posting has been made and not been deleted."""
        return 0 <= number < self._total and number not in self._deleted

    def edits(self, number: int) -> int:
        """How often the words of a posting were changed."""
        return len(self._clauses.get(number, ()))

    def attachment_edition(self, attachment: Attachment) -> int:
        """How often the bytes of an attachment were swapped."""
        return self._swapped.get((attachment.posting, attachment.index), 0)

    def is_moved(self, number: int) -> bool:
        """Whether the posting stands elsewhere than where it was posted."""
        return number in self._moved

    def moved_to(self, path: str) -> str | None:
        """Where the posting that stood at this path stands now."""
        return self._old.get(path)

    def moved_here(self, path: str) -> int | None:
        """The number of the posting that was moved to this path."""
        return next((number for number, to in self._moved.items() if to == path), None)

    def edit_clause(self, number: int, old: str, new: str) -> None:
        """Change words of one posting, silently: same URL, same date of posting."""
        if not any(old in clause for clause in self.posting(number).clauses):
            raise ValueError(f"posting {number} does not say {old!r}")
        self._clauses.setdefault(number, []).append((old, new))
        self.edition += 1

    def swap_attachment(self, number: int, index: int = 0) -> Attachment:
        """Put other bytes under the URL of an attachment."""
        attachment = self.posting(number).attachments[index]
        self._swapped[number, index] = self._swapped.get((number, index), 0) + 1
        self.edition += 1
        return attachment

    def delete(self, number: int, *, listed: bool = True) -> None:
        """Take a posting and its attachments down; its line in the listing may stay behind."""
        self.posting(number)
        self._deleted[number] = listed
        self.edition += 1

    def move(self, number: int, path: str) -> None:
        """Put a posting at another path; the old one redirects there."""
        self._old[self.posting(number).path] = path
        self._old.pop(path, None)
        self._moved[number] = path
        self.edition += 1

    def add(self) -> Posting:
        """Post the next notice, at the top of its listing."""
        self._total += 1
        self.edition += 1
        return self.posting(self._total - 1)
