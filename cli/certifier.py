"""Who certifies and for which case, and the institution's certificate: what no record can say."""

from __future__ import annotations

import os
import sys
import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import click

from archive.errors import UsageError, Where, reading
from archive.evidence.certification import Case, Person
from archive.evidence.seal import Seal, seal_from_pem, seal_from_pkcs12
from cli.context import Archive


@dataclass(frozen=True)
class Certifier:
    """What only a person can say; what they leave out is a ruled line to be filled in by hand."""

    person: Person = field(default_factory=Person)
    case: Case = field(default_factory=Case)


def read_certifier(path: Path) -> Certifier:
    """A TOML file with the tables `person` and `case`. Raises `UsageError`."""
    where = Where(path)
    try:
        with reading(path):
            given = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot be read as TOML: {error}", where=where) from error
    unknown = given.keys() - {"person", "case"}
    if unknown:
        raise UsageError(
            f"unknown table {min(unknown)!r}", where=where, advice="known: person, case"
        )
    return Certifier(
        Person(**_texts(given.get("person", {}), Person, "person", where)),
        Case(**_texts(given.get("case", {}), Case, "case", where)),
    )


def _texts(table: Any, kind: type, name: str, where: Where) -> dict[str, str]:
    known = [each.name for each in fields(kind)]
    if not isinstance(table, dict) or not all(isinstance(text, str) for text in table.values()):
        raise UsageError(f"{name} must be a table of texts", where=where)
    for key in table:
        if key not in known:
            advice = f"known: {', '.join(known)}"
            raise UsageError(f"unknown key {name}.{key}", where=where, advice=advice)
    return table


def institution_seal(archive: Archive) -> Seal | None:
    """The certificate of muniment.toml with its key; `None` where there is none."""
    configured = archive.config.certificate
    if configured is None:
        return None
    path = archive.root.path / configured.file
    with reading(path):
        data = path.read_bytes()
    secret = os.environ.get("MUNIMENT_CERTIFICATE_PASSPHRASE")
    if secret is None and sys.stdin.isatty():
        secret = click.prompt(f"Passphrase of {path.name}", hide_input=True, err=True, default="")
    passphrase = secret.encode() if secret else None
    if b"-----BEGIN" in data:
        return seal_from_pem(data, data, passphrase)
    return seal_from_pkcs12(data, passphrase)
