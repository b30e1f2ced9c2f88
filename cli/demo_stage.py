"""How the demo speaks, gives orders as a user would, and checks what it has told."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from archive.errors import Error
from cli.exits import Exit

WIDTH = 92
"""Columns of the narration; a narrower terminal wraps sooner."""
PATIENCE = 120.0
"""Seconds after which a command of the demo has hung."""


Row = dict[str, Any]
"""An object of a command's --json."""


class StoryError(Error):
    """Something did not come out as the demo tells it."""


class Stage:
    """A narrator with a shell: tells, runs the program's own commands in `folder`, checks."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._console = Console(highlight=False)
        self._console.width = min(self._console.width, WIDTH)
        self._chapters = 0

    def chapter(self, title: str, text: str) -> None:
        """Begin a scene, and tell what it is about."""
        self._chapters += 1
        self._write(Text(f"\n\n{self._chapters}  {title}", style="bold"))
        self.tell(text)

    def tell(self, text: str) -> None:
        self._write(Text(f"\n{text}"))

    def point(self, place: str, text: str) -> None:
        """One item of a list."""
        self._write(Text(f"  {place}  ").append(text, style="dim"), whole=True)

    def quote(self, when: str, text: str, words: str) -> None:
        """Show what a document says, with `words` marked."""
        line = Text(f"  {when:5} ", style="dim").append(text, style="not dim")
        line.highlight_words([words], "bold not dim yellow")
        self._write(line, whole=True)

    def enter(self, folder: str) -> None:
        """What `cd` does."""
        self._write(Text(f"\n$ cd {folder}", style="cyan"))
        self.folder /= folder

    def order(self, *words: str, ends: Exit = Exit.DONE) -> None:
        """Run a command before the user's eyes; raises `StoryError` where it ends otherwise."""
        self._write(Text(f"\n$ muniment {_line(words)}", style="cyan"), whole=True)
        sys.stdout.flush()
        # On a terminal the command shows its progress there; in a file its talk comes in place.
        talk = None if sys.stdout.isatty() else subprocess.STDOUT
        done = self._run(words, stdout=None, stderr=talk)
        self._expect(words, done.returncode, ends)
        if ends:
            self._write(Text(f"(exit code {ends.value})", style="dim"))

    def shell(self, *words: str, ends: Exit = Exit.DONE) -> None:
        """Run a program of the system before the user's eyes; raises `StoryError` likewise."""
        self._write(Text(f"\n$ {_line(words)}", style="cyan"), whole=True)
        sys.stdout.flush()
        done = self._finished(words, stdout=None, stderr=None)
        if done.returncode != ends:
            raise StoryError(f"`{_line(words)}` ended with {done.returncode}, not {ends.value}")
        if ends:
            self._write(Text(f"(exit code {ends.value})", style="dim"))

    def rows(self, *words: str, ends: Exit = Exit.DONE) -> list[Row]:
        """What a command says with --json, asked behind the scene."""
        words = (*words, "--json")
        done = self._run(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self._expect(words, done.returncode, ends)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def check(self, told: str, holds: bool) -> None:
        """Say a sentence that has been checked. Raises `StoryError` where it is not so."""
        if not holds:
            raise StoryError(f"the demo did not come out as told; not so: {told}")
        self._write(Text("  checked: ", style="green").append(told, style="default"), whole=True)

    def _write(self, text: Text, *, whole: bool = False) -> None:
        """Print, and leave the line whole where a reader may want to copy it."""
        self._console.print(text, soft_wrap=whole)

    def _run(
        self, words: tuple[str, ...], *, stdout: int | None, stderr: int | None
    ) -> subprocess.CompletedProcess[bytes]:
        # -P: a folder of the demo must not be taken for a room of the program.
        return self._finished(
            (sys.executable, "-P", "-m", "cli.main", *words), stdout=stdout, stderr=stderr
        )

    def _finished(
        self, words: tuple[str, ...], *, stdout: int | None, stderr: int | None
    ) -> subprocess.CompletedProcess[bytes]:
        try:
            return subprocess.run(  # noqa: S603 -- words of our own
                words,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                timeout=PATIENCE,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise StoryError(f"`{_line(words)}` ran for {PATIENCE:.0f} s") from error

    def _expect(self, words: tuple[str, ...], code: int, ends: Exit) -> None:
        if code != ends:
            raise StoryError(f"`muniment {_line(words)}` ended with {code}, not {ends.value}")


def _line(words: tuple[str, ...]) -> str:
    """A command as one would type it; Chinese needs no quotes in a shell."""
    plain = re.compile(r"[\w./:@%+=,?：-]+")
    return " ".join(word if plain.fullmatch(word) else shlex.quote(word) for word in words)
