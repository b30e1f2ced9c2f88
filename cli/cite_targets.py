"""What is to be cited: captures by id, by the bytes of a file, by URL; a URL that is not held is
captured first, so that what is cited is what was read.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

import click

from archive.errors import (
    Error,
    NetworkError,
    NotFoundError,
    StoppedError,
    StorageError,
    UsageError,
)
from archive.ident import printed
from catalog.collections import captures_in
from catalog.holdings import Capture
from catalog.keys import url_key
from catalog.queries import latest
from cli.complaint import complaint
from cli.context import Archive
from cli.exits import Exit, of_error
from cli.find import collection_of, find_capture, is_url
from cli.naming import named_capture
from cli.output import moment, say
from crawler.source import Identity

HOPS = 10
"""Redirects that are followed from one URL."""


@dataclass
class Targets:
    """Finds what is named; of several, one that is not to be had does not keep the others back."""

    archive: Archive
    operator: str
    at: datetime | None
    identity: Identity | None
    """As whom to capture a URL that is not held; `None` not to."""
    exit: Exit | None = field(default=None, init=False)
    """What the first failure means, where not all were found."""

    def captures(self, names: Iterable[str], collection: str | None) -> list[Capture]:
        """The captures that stand for these names and for the members of a collection, each once.

        Raises what was in the way where only one thing is named, and `StorageError`.
        """
        found: dict[str, Capture] = {}
        within = collection_of(self.archive, collection)
        for capture in captures_in(self.archive.engine, within) if within else ():
            found.setdefault(capture.id, capture)
        listed = list(names)
        for name in listed:
            try:
                capture = self._capture(name)
            except StorageError:
                raise
            except Error as error:
                if len(listed) == 1 and not found:
                    raise
                click.echo(complaint(error).line, err=True)
                self.exit = self.exit or of_error(error)
            else:
                found.setdefault(capture.id, capture)
        return list(found.values())

    def _capture(self, name: str) -> Capture:
        if is_url(name):
            found = self._of_url(name)
        elif self.at is not None:
            raise UsageError("--at goes with a URL; an id or a file says which one is meant")
        else:
            found = named_capture(self.archive, name)
        if found.version_id is None:
            id_ = printed(found.id)
            raise NotFoundError(
                f"capture {id_} of {found.url} holds no content: it is {found.outcome}",
                advice=f"see `muniment show {id_}`",
            )
        return found

    def _of_url(self, url: str) -> Capture:
        found = self._held(url)
        if found is None:
            if self.at is not None:
                find_capture(self.archive, url, self.at)  # raises, and says when the first one was
            if self.at is not None or self.identity is None or url.startswith("urn:"):
                raise NotFoundError(f"no capture of {url} holds content")
            found = self._captured(url, self.identity)
        if url_key(found.url) != url_key(url):
            say(f"{url} leads to {found.url}, which is cited")
        return found

    def _held(self, url: str) -> Capture | None:
        """The last capture of a URL that holds content, or of where it leads to."""
        for _ in range(HOPS):
            found = latest(self.archive.engine, url, self.at, holding=True)
            if found is not None:
                return found
            found = latest(self.archive.engine, url, self.at)
            if found is None or found.outcome != "redirect" or not found.location:
                return None
            url = found.location
        return None

    def _captured(self, url: str, identity: Identity) -> Capture:
        from cli.capture import take  # noqa: PLC0415 -- the crawler, which few citations need
        from crawler.run import one_off  # noqa: PLC0415 -- as above

        say(f"{url} is not held; capturing it now, with the {identity.name} identity")
        taken = take(self.archive, self.operator, one_off((url,), identity=identity))
        self.archive.index()
        found = self._held(url)
        if found is not None:
            say(f"captured at {moment(found.time)} as {printed(found.id)}")
            return found
        if taken.exit is Exit.NETWORK:
            raise NetworkError(f"nothing came back from {url}", advice="try again later")
        if taken.report.end != "finished":
            raise StoppedError(f"the capture of {url} did not come to its end")
        outcomes = dict.fromkeys(answer.outcome for answer in taken.answers.values())
        raise NotFoundError(
            f"{url} was captured and holds no content: {', '.join(outcomes) or 'not asked for'}",
            advice="what came is kept; see `muniment list`",
        )
