"""`muniment evidence`: what a stranger needs to verify captures, in one package."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import click

from archive.errors import UncheckedError, UsageError, Where
from archive.evidence.log import Signed
from archive.evidence.seal import Seal, sign_detached
from archive.ident import printed
from archive.package.build import build_package
from archive.package.excerpt import secrets_in
from archive.package.facts import LogFacts, PackageFacts
from catalog.custody import EXPORT
from catalog.holdings import Capture
from cli.certifier import Certifier, institution_seal, read_certifier
from cli.checks import place
from cli.clock import software
from cli.context import Archive, operator_option, with_archive
from cli.events import Happening, record_events
from cli.evidence_certificate import certificate
from cli.evidence_facts import Gathering, policy_text, places_of, successions
from cli.evidence_rehash import Rehash, rehash
from cli.evidence_stamps import ask, best, stamp_facts
from cli.exits import VERDICTS, Exit
from cli.find import find_capture
from cli.log_keeping import keep_log
from cli.output import json_option, number, say, write_fields, write_json, write_line
from cli.tending import tend

TEMPLATES = ("international", "us-federal", "eu")
