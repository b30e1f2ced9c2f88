"""The frontier forgets nothing that was committed, and hands out nothing twice."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from archive.errors import StorageError
from crawler.dispatch import Dispatcher
from crawler.frontier import Frontier
from crawler.frontier_rows import Entry, Row
from crawler.robots import Answer
from crawler.source import Politeness, ScopeRules, Source

H = "http://h"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "frontier.sqlite"


def add(frontier: Frontier, *urls: str, cause: str = "link") -> None:
    with frontier.change():
        frontier.add(Entry(url, "page", cause) for url in urls)


def take_all(frontier: Frontier, origin: str = H) -> list[str]:
    found = []
    while (row := frontier.take(origin)) is not None:
        found.append(row.url)
    return found


def test_an_origin_begins_with_its_robots_txt_and_what_completes_a_page_comes_first(
    path: Path,
) -> None:
    with Frontier(path) as frontier:
        add(frontier, f"{H}/1", f"{H}/2")
        add(frontier, f"{H}/a.css", cause="requisite")
        add(frontier, f"{H}/moved", cause="redirect")
        assert take_all(frontier) == [
            f"{H}/{name}" for name in ("robots.txt", "moved", "a.css", "1", "2")
        ]
        assert frontier.waiting == 0


def test_a_url_is_queued_once_whatever_its_cause(path: Path) -> None:
    with Frontier(path) as frontier:
        add(frontier, f"{H}/1", f"{H}/1")
        add(frontier, f"{H}/1", f"{H}/robots.txt", cause="requisite")
        assert take_all(frontier) == [f"{H}/robots.txt", f"{H}/1"]


def test_what_was_out_of_scope_may_be_a_requisite_later(path: Path) -> None:
    with Frontier(path) as frontier:
        url = "http://cdn/x.png"
        with frontier.change():
            frontier.add([Entry(url, "", "link", reason="scope", detail="host")])
        assert frontier.known(url)
        assert not frontier.known(url, requisite=True)
        with frontier.change():
            frontier.add([Entry(url, "requisite", "requisite")])
            frontier.add([Entry(url, "", "link", reason="scope", detail="host")])
        assert take_all(frontier, "http://cdn") == ["http://cdn/robots.txt", url]


def test_what_is_in_flight_when_the_process_dies_is_queued_again(path: Path) -> None:
    with Frontier(path) as frontier:
        add(frontier, *(f"{H}/{number}" for number in range(300)))
        rows = [frontier.take(H) for _ in range(150)]
        with frontier.change():
            for row in rows[:100]:
                assert row is not None
                frontier.done(row, "content", None)
    with Frontier(path) as frontier:
        assert frontier.waiting == 201
        assert take_all(frontier) == [f"{H}/{number}" for number in range(99, 300)]
        assert frontier.known(f"{H}/5")


def test_a_transaction_that_fails_changes_nothing(path: Path) -> None:
    with Frontier(path) as frontier, pytest.raises(ValueError, match="none"), frontier.change():
        frontier.add(_broken())
    with Frontier(path) as frontier:
        assert frontier.waiting == 0


def _broken() -> Iterator[Entry]:
    yield Entry(f"{H}/1", "page", "link")
    raise ValueError("none")


def test_robots_promises_and_counts_are_kept(path: Path) -> None:
    with Frontier(path) as frontier, frontier.change():
        frontier.answer_robots(f"{H}/robots.txt", Answer("rules", "User-agent: *"))
        frontier.promise([f"{H}/1", f"{H}/1"], f"{H}/sitemap.xml")
        frontier.count("scheme", 2)
        frontier.count("scheme", 3)
    with Frontier(path) as frontier:
        assert frontier.robots == {f"{H}/robots.txt": Answer("rules", "User-agent: *")}
        assert list(frontier.query("SELECT * FROM promised")) == [(f"{H}/1", f"{H}/sitemap.xml")]
        assert list(frontier.query("SELECT * FROM counted")) == [("scheme", 5)]


def test_a_full_disk_is_a_storage_error_that_names_the_file(path: Path) -> None:
    with Frontier(path) as frontier:
        add(frontier, f"{H}/1")
        frontier._database.execute("PRAGMA max_page_count = 12")
        with pytest.raises(StorageError, match=r"frontier\.sqlite"):
            add(frontier, *(f"{H}/{'x' * 500}{number}" for number in range(1000)))


WRITER = """
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from crawler.frontier import Frontier
from crawler.frontier_rows import Entry
frontier = Frontier(Path(sys.argv[1]))
number = 0
while True:
    with frontier.change():
        frontier.add(Entry(f"http://h/{number}-{link}", "page", "link") for link in range(10))
    number += 1
    print(number, flush=True)
"""


def test_a_kill_loses_no_committed_link(path: Path) -> None:
    for _ in range(3):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path)],
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[1],
        )
        assert process.stdout is not None
        told = [int(process.stdout.readline()) for _ in range(30)][-1]
        os.kill(process.pid, signal.SIGKILL)
        told = max([told, *map(int, process.stdout.read().split())])
        process.wait()
        process.stdout.close()
        with Frontier(path) as frontier:
            for number in range(told):
                assert frontier.known(f"http://h/{number}-9")
        with closing(sqlite3.connect(path)) as database:
            assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


class Handing(RuleBasedStateMachine):
    """Whatever the order of finding, asking and finishing: each URL once, never too many, none for ever."""

    def __init__(self) -> None:
        super().__init__()
        self.frontier = Frontier(Path(":memory:"))
        self.source = Source(
            name="a",
            seeds=(f"{H}/",),
            scope=ScopeRules(max_pages=20),
            politeness=Politeness(delay=0, concurrency=2),
        )
        self.dispatcher = Dispatcher(self.source, self.frontier, "muniment")
        self.now = 0.0
        self.flying: list[Row] = []
        self.handed: list[tuple[str, int]] = []

    @rule(origin=st.sampled_from("abc"), number=st.integers(0, 30))
    def find(self, origin: str, number: int) -> None:
        add(self.frontier, f"http://{origin}/{number}")

    @rule()
    def ask(self) -> None:
        due = self.dispatcher.next(self.now)
        if due:
            self.flying.append(due.row)
            self.handed.append((due.row.url, due.row.attempt))
        elif self.dispatcher.pending and not self.flying:
            # The scheduler sleeps until then: nothing else would wake it.
            assert self.dispatcher.wakes_at(self.now) is not None

    @rule(data=st.data(), again=st.booleans())
    def finish(self, data: st.DataObject, again: bool) -> None:
        if not self.flying:
            return
        row = self.flying.pop(data.draw(st.integers(0, len(self.flying) - 1)))
        self.dispatcher.finished(row)
        with self.frontier.change():
            if again and row.attempt < 3:
                self.dispatcher.retry(self.frontier.retry(row, self.now + 5), self.now + 5)
                return
            self.frontier.done(row, "content", None)
            if row.role == "robots":
                self.frontier.answer_robots(row.url, Answer("rules", "User-agent: *\nDisallow: /7"))

    @rule(seconds=st.integers(1, 10))
    def wait(self, seconds: int) -> None:
        self.now += seconds

    @rule(origin=st.sampled_from("abc"))
    def rest(self, origin: str) -> None:
        self.dispatcher.rest(f"http://{origin}", self.now + 3)

    @invariant()
    def each_attempt_once_and_within_the_rules(self) -> None:
        assert len(set(self.handed)) == len(self.handed)
        pages = {url for url, _ in self.handed if not url.endswith("robots.txt")}
        assert len(pages) <= 20
        assert not any(url.endswith("/7") for url in pages)
        for origin in "abc":
            assert sum(row.origin == f"http://{origin}" for row in self.flying) <= 2
        for url in pages:
            assert (url.rpartition("/")[0] + "/robots.txt", 1) in self.handed

    def teardown(self) -> None:
        self.frontier.close()


TestHanding = Handing.TestCase
TestHanding.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


def test_rules_that_allow_nothing_drop_all_and_say_why(path: Path) -> None:
    source = Source(name="a", seeds=(f"{H}/",), politeness=Politeness(delay=0))
    with Frontier(path) as frontier:
        add(frontier, *(f"{H}/{number}" for number in range(3_500)))
        dispatcher = Dispatcher(source, frontier, "muniment")
        due = dispatcher.next(0)
        assert due is not None
        with frontier.change():
            frontier.done(due.row, "error", "http-500")
            frontier.answer_robots(due.row.url, Answer("unreachable", "http-500"))
        dispatcher.finished(due.row)
        woken = []
        while dispatcher.pending:
            assert dispatcher.next(0) is None
            woken.append(dispatcher.wakes_at(0))
        assert woken == [0, 0, 0, None]
        found = list(frontier.query("SELECT reason, detail, count(*) FROM urls WHERE state = 2"))
        assert found == [("robots", "http-500", 3_500)]


def test_a_crawl_delay_is_kept(path: Path) -> None:
    source = Source(name="a", seeds=(f"{H}/",), politeness=Politeness(delay=1))
    with Frontier(path) as frontier:
        add(frontier, f"{H}/1", f"{H}/2")
        dispatcher = Dispatcher(source, frontier, "muniment")
        due = dispatcher.next(0)
        assert due is not None
        with frontier.change():
            frontier.done(due.row, "content", None)
            frontier.answer_robots(due.row.url, Answer("rules", "User-agent: *\nCrawl-delay: 7"))
        dispatcher.finished(due.row)
        assert dispatcher.next(0) is not None
        assert dispatcher.next(6) is None
        assert dispatcher.wakes_at(6) == 7
        assert dispatcher.next(7) is not None
