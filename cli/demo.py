"""`muniment demo`: a small simulated ministry is recorded twice, checked, and tampered with.

The story is told to a person and checks itself: each sentence that says what was found is compared
with what the ministry knows it sent. Where one does not hold, the demo ends there and says so.
"""

from __future__ import annotations

import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from archive.digest import Digests
from archive.errors import UncheckedError, UsageError, Where
from cli.authority import LocalAuthority
from cli.demo_stage import Row, Stage, StoryError
from cli.exits import Exit
from cli.ministry import Ministry

SEED = 2021
POSTINGS = 40
EDITED, SWAPPED, DELETED, MOVED = 39, 36, 33, 30
"""Postings that the ministry changes between the crawls, each in its own way."""
CLAUSE = ("须提交一份报告", "可自愿提交一份报告")
NEW_PLACE = "/art/2021/art_30.html"
OPERATOR = "Demo Archivist"
SOURCE = "ministry"


@click.command("demo")
@click.option(
    "--keep",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Leave the archive and the saved files in DIR, a new folder.",
)
def command(keep: Path | None) -> None:
    """Record a small simulated ministry twice, verify a document, and watch forgeries fail.

    The ministry does not exist; it is served on this machine alone, and nothing else is asked.

    \b
    Example:
      muniment demo --keep my-demo
    """
    began = time.monotonic()
    with _workplace(keep) as folder, _authority() as authority:
        story = Story(Stage(folder), Ministry(SEED, POSTINGS), authority)
        with story.ministry.serve() as url:
            story.open(url)
            story.crawl()
            story.save()
            story.change()
            story.crawl_again()
        story.read()
        story.verify()
        story.forge()
        story.damage()
        story.rewrite()
        story.hand_over()
        story.stage.tell(f"All came out as told, in {time.monotonic() - began:.0f} seconds.")
        if keep:
            story.stage.tell(f"The archive is in {folder / 'archive'}.")


@contextmanager
def _workplace(keep: Path | None) -> Iterator[Path]:
    """A folder for the archive and the saved files, gone afterwards where nobody keeps it."""
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="muniment-demo-") as folder:
            yield Path(folder)
        return
    if keep.exists() and any(keep.iterdir()):
        raise UsageError("not an empty folder", where=Where(keep), advice="name a new one")
    keep.mkdir(parents=True, exist_ok=True)
    yield keep.resolve()


@contextmanager
def _authority() -> Iterator[LocalAuthority | None]:
    """A time-stamp authority of this machine's own; none where openssl is not installed."""
    with tempfile.TemporaryDirectory(prefix="muniment-demo-") as folder:
        try:
            authority = LocalAuthority(Path(folder))
        except UncheckedError:
            yield None
            return
        with authority:
            yield authority


class Story:
    """The demo's scenes, in the order in which they are played."""

    def __init__(
        self, stage: Stage, ministry: Ministry, authority: LocalAuthority | None = None
    ) -> None:
        self.stage = stage
        self.ministry = ministry
        self.authority = authority
        self.saved = stage.folder / "saved"
        self.file = self.saved / ministry.posting(SWAPPED).attachments[0].name
        self.first: dict[str, Row] = {}
        """Captures of the first crawl, by URL."""
        self.second: dict[str, Row] = {}

    def open(self, url: str) -> None:
        files = sum(len(posting.attachments) for posting in self.ministry.postings())
        self.stage.tell(
            f"This is a ministry that does not exist: {POSTINGS} postings in Chinese with {files} "
            f"attachments, served on this machine alone, at {url} . As real ones do, it states "
            "wrong encodings, sends file names as raw GBK, refuses some requests, and breaks one "
            "answer off."
        )
        self.stage.chapter(
            "An archive, and what to watch",
            "An archive is a folder. A source is what we watch; scope and pace have defaults.",
        )
        self.stage.order("init", "archive", "--operator", OPERATOR)
        self.stage.enter("archive")
        self._name_authority()
        self.stage.order("source", "add", SOURCE, url)

    def _name_authority(self) -> None:
        """Where a real archive names outsiders, the demo has an authority that proves nothing."""
        if self.authority is None:
            self.stage.tell(
                "openssl is not installed here, so nobody stamps the time in this demo."
            )
            return
        told = self.authority.authority
        roots = self.stage.folder / "keys/test-roots.pem"
        roots.write_bytes(self.authority.root.pem)
        with (self.stage.folder / "muniment.toml").open("a", encoding="utf-8") as file:
            file.write(
                f'\n[[authority]]\nname = "{told.name}"\nurl = "{told.url}"\n'
                f'roots = "keys/{roots.name}"\ntest = true\n'
            )
        self.stage.tell(
            "In muniment.toml a time-stamp authority is named. A real archive names two outsiders; "
            "this one runs on this machine, and what it stamps proves nothing."
        )

    def crawl(self) -> None:
        self.stage.chapter(
            "The first crawl",
            "Every request and every answer is kept as it crossed the wire, failures too.",
        )
        self.first = self._crawl()
        self.stage.tell("The last of what was captured:")
        self.stage.order("list", "--limit", "6")

    def save(self) -> None:
        """A reader keeps a file from the ministry's own site, with nothing of ours in between."""
        self.stage.chapter(
            "A researcher saves a file",
            f"With a browser, from the ministry's own site: {self.file.name}\n"
            "That copy has nothing to do with the archive.",
        )
        self.saved.mkdir()
        self.file.write_bytes(self.ministry.answer(self._swapped).content)

    def change(self) -> None:
        edited, deleted = self.ministry.posting(EDITED), self.ministry.posting(DELETED)
        self.stage.chapter("The ministry changes what it has posted", "Without a word, it has:")
        self.ministry.edit_clause(EDITED, *CLAUSE)
        self.ministry.swap_attachment(SWAPPED)
        self.ministry.delete(DELETED)
        self.ministry.move(MOVED, NEW_PLACE)
        self.stage.point("edited a clause of ", edited.path)
        self.stage.point("put other bytes at ", self._swapped)
        self.stage.point("taken down         ", deleted.path)
        self.stage.point("moved a posting to ", NEW_PLACE)

    def crawl_again(self) -> None:
        self.stage.chapter(
            "The second crawl, and what it shows",
            "What has not changed is kept as a reference to the first crawl's bytes.",
        )
        self.second = self._crawl()
        self._show_edited()
        self._show_swapped()
        self._show_deleted()
        self._show_moved()

    def read(self) -> None:
        """The words of a clause: found, compared, quoted and cited."""
        url = self.ministry.url(self.ministry.posting(EDITED).path)
        self.stage.chapter(
            "Words, and what became of them",
            "Every page and file is read: HTML, PDF, Word, Excel, OFD. A word is found from one "
            "character on.",
        )
        self.stage.order("search", CLAUSE[0], "--limit", "2")
        self.stage.tell("What the ministry changed in the posting that it edited:")
        self.stage.order("diff", url)
        self.stage.tell(
            "A quotation holds where every character of it stands in the text, and not otherwise. "
            "What a researcher wrote down from the first crawl is still verified there, and altered "
            "in what the ministry shows now."
        )
        then, now = self.first[url]["id"], self.second[url]["id"]
        self.stage.order("quote", CLAUSE[0], "--in", then)
        self.stage.order("quote", f"参加人员{CLAUSE[0]}", "--in", now, ends=Exit.FAILED)
        self.stage.tell("And so it is cited, with the copy and its digest:")
        self.stage.order("cite", then, "--quote", CLAUSE[0], "--format", "text")

    def verify(self) -> None:
        self.stage.chapter(
            "The researcher's file, checked",
            "The ministry has other bytes under that address now. A saved file is looked for by "
            "its own bytes, under whatever name.",
        )
        name = f"../saved/{self.file.name}"
        self.stage.order("verify", name)
        found = self.first[self.ministry.url(self._swapped)]["id"]
        self.stage.check(
            "it equals what the first crawl received, and nothing else",
            [row["id"] for row in self.stage.rows("verify", name)] == [found],
        )
        self.stage.tell("What the archive knows of these bytes:")
        self.stage.order("show", found)

    def forge(self) -> None:
        forged = self.file.with_name(f"forged-{self.file.name}")
        data = bytearray(self.file.read_bytes())
        data[len(data) // 2] ^= 0xFF
        forged.write_bytes(data)
        self.stage.chapter("A forgery", f"Now one byte of a copy is changed, of {len(data):,}.")
        self.stage.order("verify", f"../saved/{forged.name}", ends=Exit.FAILED)

    def damage(self) -> None:
        copy = self.stage.folder.with_name("damaged")
        shutil.copytree(self.stage.folder, copy)
        file = min((copy / "warc").glob(f"{SOURCE}-*"), key=lambda path: path.stat().st_mtime)
        data = bytearray(file.read_bytes())
        at = len(data) // 2
        data[at] ^= 1
        file.chmod(0o644)
        file.write_bytes(data)
        self.stage.chapter(
            "Damage to the archive itself",
            f"Now the archive is copied, and in the copy one bit is turned, in byte {at:,} of\n"
            f"{file.name}",
        )
        order = ("-C", "../damaged", "verify", "--all")
        self.stage.order(*order, ends=Exit.FAILED)
        self._check_damage(self.stage.rows(*order, ends=Exit.FAILED), file.name, at)
        self.stage.tell("The archive that was copied is whole:")
        self.stage.order("verify", "--all")

    def rewrite(self) -> None:
        """Somebody who can write to the archive takes out what it should never have seen."""
        copy = self.stage.folder.with_name("rewritten")
        shutil.copytree(self.stage.folder, copy)
        second = max((copy / "warc").glob(f"{SOURCE}-*"), key=lambda path: path.stat().st_mtime)
        second.unlink()
        self.stage.chapter(
            "History, rewritten",
            "Every record is an entry of a log that is signed after each order, the plan of a crawl "
            "before its first request. Now, in another copy, somebody who may do anything there takes "
            "the second crawl out, as if the ministry had never changed a thing.",
        )
        self.stage.order("-C", "../rewritten", "log", "audit", ends=Exit.FAILED)
        verdicts = {
            row["check"]: row["verdict"]
            for row in self.stage.rows("-C", "../rewritten", "log", "audit", ends=Exit.FAILED)
        }
        self.stage.check(
            "the log is still signed, and its entries tell of records that are gone",
            (verdicts["signed"], verdicts["entries"]) == ("passed", "failed"),
        )
        self.stage.tell("The archive that was copied:")
        self.stage.order("log", "audit")
        self.stage.order("status")

    def hand_over(self) -> None:
        """A package for somebody who trusts neither the archive nor its program."""
        found = self.first[self.ministry.url(self._swapped)]["id"]
        self.stage.chapter(
            "A package for a stranger",
            "Whoever cites a document can hand over all that it takes to check it. The digests are "
            "computed afresh first, and that is an entry of the log as well.",
        )
        self.stage.order("evidence", found, "-o", "../package")
        self.stage.tell(
            "In it is a shell script that needs nothing of ours: a shell, coreutils and OpenSSL."
        )
        self.stage.shell("sh", "../package/verify.sh")
        self.stage.tell("Now one byte of the file in a copy of the package is changed.")
        copy = self.stage.folder.with_name("forged-package")
        shutil.copytree(self.stage.folder.with_name("package"), copy)
        file = next((copy / "data/files").iterdir())
        data = bytearray(file.read_bytes())
        data[len(data) // 2] ^= 0xFF
        file.write_bytes(data)
        self.stage.shell("sh", "../forged-package/verify.sh", ends=Exit.FAILED)

    @property
    def _swapped(self) -> str:
        """Path of the attachment that is swapped."""
        return self.ministry.posting(SWAPPED).attachments[0].path

    def _crawl(self) -> dict[str, Row]:
        """Crawl, compare with the truth; gives the captures by URL, of several the last."""
        self.stage.order("crawl", SOURCE)
        listed = self.stage.rows("list")
        this = listed[0]["crawl"]
        captures = {row["url"]: row for row in reversed(listed) if row["crawl"] == this}
        self._check_against_truth(captures)
        return captures

    def _check_against_truth(self, captures: dict[str, Row]) -> None:
        """The ministry knows what it has; each URL must be there with its status and its bytes."""
        expected = {self.ministry.url(path): answer for path, answer in self.ministry.expected()}
        self.stage.check(
            f"each of the ministry's {len(expected)} URLs has its capture, with the status sent",
            all(u in captures and captures[u]["status"] == a.status for u, a in expected.items()),
        )
        whole = {u: a for u, a in expected.items() if a.status == 200 and a.cut is None}
        self.stage.check(
            f"each of {len(whole)} pages and files is kept byte for byte",
            all(captures[u]["sha256"] == _sha256(a.content) for u, a in whole.items()),
        )

    def _check_damage(self, rows: list[Row], file: str, at: int) -> None:
        *failures, summary = rows
        places = {(failure["file"], failure["offset"]) for failure in failures}
        self.stage.check(
            "one record is named, by its file and the byte at which it begins",
            summary["failed"] == 1 and [name for name, at_ in places if at_ <= at] == [file],
        )
        self.stage.check(
            "both digests are told, and they differ",
            all(f["expected"] and f["found"] and f["expected"] != f["found"] for f in failures),
        )

    def _show_edited(self) -> None:
        url = self.ministry.url(self.ministry.posting(EDITED).path)
        self.stage.tell(
            "The posting whose clause was edited. Participants had to hand in a report on their "
            "country; now they may."
        )
        self.stage.order("list", url)
        self._show_clause("then", self.first[url], CLAUSE[0])
        self._show_clause("now", self.second[url], CLAUSE[1])

    def _show_clause(self, when: str, capture: Row, words: str) -> None:
        file = self.saved / f"{when}.html"
        self.stage.order("get", capture["id"], "-o", f"../saved/{file.name}")
        found = re.search(f"<p>([^<，]*{words})", file.read_bytes().decode("gb18030"))
        if found is None:
            raise StoryError(f"the page as it was {when} does not say {words}", where=Where(file))
        self.stage.quote(when, found[1], words)

    def _show_swapped(self) -> None:
        url = self.ministry.url(self._swapped)
        self.stage.tell("The attachment that was swapped:")
        self.stage.order("list", url)
        self.stage.check(
            "under one address, two files", self.first[url]["sha256"] != self.second[url]["sha256"]
        )

    def _show_deleted(self) -> None:
        url = self.ministry.url(self.ministry.posting(DELETED).path)
        self.stage.tell("The posting that was taken down:")
        self.stage.order("list", url)
        outcomes = [captures[url]["outcome"] for captures in (self.first, self.second)]
        self.stage.check(
            "it was content, and is not found now", outcomes == ["content", "not-found"]
        )

    def _show_moved(self) -> None:
        url = self.ministry.url(NEW_PLACE)
        self.stage.tell("The posting that stands elsewhere:")
        self.stage.order("list", url)
        same = [
            row["url"] for row in self.first.values() if row["sha256"] == self.second[url]["sha256"]
        ]
        self.stage.check(
            "its bytes are those of one posting of the first crawl, at another address",
            len(same) == 1 and same != [url],
        )


def _sha256(content: bytes) -> str:
    return Digests.of(content).sha256.hex()
