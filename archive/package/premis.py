"""Custody as PREMIS 3: the exhibits as objects, what happened to them, and who acted.

Only what the records say; rights are left out, for the archive knows nothing of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lxml import etree

from archive.digest import Digests
from archive.ident import ident
from archive.package.facts import Exhibit, Logged
from archive.statement import Event
from archive.times import to_text

NAMESPACE = "http://www.loc.gov/premis/v3"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
CAPTURE, EVENT, AGENT = "Muniment capture", "Muniment event", "Muniment agent"


def premis(exhibits: Sequence[Exhibit], events: Sequence[Logged]) -> bytes:
    """The XML document. Raises `RecordError` for a group that is none of these."""
    root = etree.Element(f"{{{NAMESPACE}}}premis", nsmap={None: NAMESPACE, "xsi": XSI})
    root.set("version", "3.0")
    for exhibit in exhibits:
        _object(root, exhibit)
    agents: dict[str, tuple[str, str]] = {}
    for logged in events:
        _event(root, logged, {exhibit.id for exhibit in exhibits}, agents)
    for id_, (kind, name) in agents.items():
        agent = _add(root, "agent")
        _identifier(agent, "agent", AGENT, id_)
        _add(agent, "agentName", name)
        _add(agent, "agentType", kind)
    written: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return written


def _object(root: Any, exhibit: Exhibit) -> None:
    """A capture as an intellectual thing kept in one stream of bytes: its content, or its answer."""
    capture = exhibit.capture
    element = _add(root, "object")
    element.set(f"{{{XSI}}}type", "file")
    _identifier(element, "object", CAPTURE, exhibit.id)
    characteristics = _add(element, "objectCharacteristics")
    layers = capture.digests
    layer = (layers.content or layers.block) if layers else None
    if isinstance(layer, Digests):
        for algorithm, value in (("SHA-256", layer.sha256), ("BLAKE3", layer.blake3)):
            fixity = _add(characteristics, "fixity")
            _add(fixity, "messageDigestAlgorithm", algorithm)
            _add(fixity, "messageDigest", value.hex())
            _add(fixity, "messageDigestOriginator", "computed when the bytes were received")
        _add(characteristics, "size", str(layer.length))
    designation = _add(_add(characteristics, "format"), "formatDesignation")
    _add(designation, "formatName", capture.media_type or "unknown")
    _add(element, "originalName", exhibit.original_name or capture.url)
    location = _add(_add(element, "storage"), "contentLocation")
    _add(location, "contentLocationType", "path in this package")
    _add(location, "contentLocationValue", exhibit.file or "data/warc/excerpt.warc")


def _event(
    root: Any, logged: Logged, exhibits: set[str], agents: dict[str, tuple[str, str]]
) -> None:
    statement = logged.at.group.statement
    assert isinstance(statement, Event), "custody is made of events"
    element = _add(root, "event")
    _identifier(element, "event", EVENT, logged.id)
    _add(element, "eventType", statement.type)
    _add(element, "eventDateTime", to_text(statement.time))
    detail = _add(element, "eventDetailInformation")
    _add(
        detail, "eventDetail", f"entry {logged.proof.index} of the log; custody/events/{logged.id}"
    )
    if statement.outcome:
        outcome = _add(element, "eventOutcomeInformation")
        _add(outcome, "eventOutcome", statement.outcome)
    for kind, name in (("operator", statement.operator), ("software", statement.software)):
        id_ = ident(kind, name)
        agents.setdefault(id_, (kind, name))
        link = _identifier(element, "linkingAgent", AGENT, id_)
        _add(link, "linkingAgentRole", "executing program" if kind == "software" else "implementer")
    for name in statement.objects:
        if name in exhibits:
            _identifier(element, "linkingObject", CAPTURE, name)


def _identifier(parent: Any, of: str, kind: str, value: str) -> Any:
    element = _add(parent, f"{of}Identifier")
    _add(element, f"{of}IdentifierType", kind)
    _add(element, f"{of}IdentifierValue", value)
    return element


def _add(parent: Any, name: str, text: str = "") -> Any:
    element = etree.SubElement(parent, f"{{{NAMESPACE}}}{name}")
    if text:
        element.text = _visible(text)
    return element


def _visible(text: str) -> str:
    """What XML 1.0 cannot hold, as its escape."""
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)
