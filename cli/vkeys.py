"""Verifier keys as options of a command."""

from __future__ import annotations

from typing import Any

import click

from archive.evidence.note import NoteError, Verifier


class VerifierKey(click.ParamType[Verifier]):
    """`NAME+HEX+BASE64` (C2SP signed-note), the key of a log or of a cosigner."""

    name = "vkey"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Verifier:
        try:
            return value if isinstance(value, Verifier) else Verifier.parse(str(value))
        except NoteError as error:
            self.fail(error.what, param, ctx)
