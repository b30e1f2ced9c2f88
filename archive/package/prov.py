"""Custody as W3C PROV (PROV-JSON, W3C Member Submission): entities, activities, agents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from archive.digest import Digests
from archive.ident import ident
from archive.package.facts import Exhibit, Logged
from archive.statement import Event
from archive.times import to_text

PREFIXES = {
    "capture": "urn:muniment:capture:",
    "event": "urn:muniment:event:",
    "agent": "urn:muniment:agent:",
    "file": "urn:muniment:file:",
    "muniment": "urn:muniment:term:",
}
Relations = dict[str, dict[str, Any]]


def prov_json(exhibits: Sequence[Exhibit], events: Sequence[Logged]) -> bytes:
    """The document: exhibits and the files made of them, what was done with them, and by whom."""
    graph: dict[str, Relations] = {
        kind: {}
        for kind in ("entity", "activity", "agent", "wasDerivedFrom", "used", "wasAssociatedWith")
    }
    for number, exhibit in enumerate(exhibits, 1):
        graph["entity"][f"capture:{exhibit.id}"] = _capture(exhibit)
        if exhibit.file is not None:
            graph["entity"][f"file:{number}"] = {"prov:location": exhibit.file}
            graph["wasDerivedFrom"][f"_:content{number}"] = {
                "prov:generatedEntity": f"file:{number}",
                "prov:usedEntity": f"capture:{exhibit.id}",
            }
    for logged in events:
        _add_event(graph, logged)
    written = {"prefix": PREFIXES, **{kind: found for kind, found in graph.items() if found}}
    return orjson.dumps(written, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _capture(exhibit: Exhibit) -> dict[str, Any]:
    capture = exhibit.capture
    content = capture.digests.content if capture.digests else None
    told: dict[str, Any] = {
        "prov:label": capture.url,
        "muniment:time": to_text(capture.time),
        "muniment:outcome": capture.outcome,
        "muniment:fidelity": capture.fidelity,
    }
    if isinstance(content, Digests):
        told["muniment:sha256"] = content.sha256.hex()
    return told


def _add_event(graph: Mapping[str, Relations], logged: Logged) -> None:
    event = logged.at.group.statement
    assert isinstance(event, Event), "custody is made of events"
    id_, time = f"event:{logged.id}", to_text(event.time)
    graph["activity"][id_] = {
        "prov:startTime": time,
        "prov:endTime": time,
        "prov:type": event.type,
        **({"muniment:outcome": event.outcome} if event.outcome else {}),
    }
    for kind, name in (("operator", event.operator), ("software", event.software)):
        agent = f"agent:{ident(kind, name)}"
        type_ = {"$": "prov:SoftwareAgent", "type": "prov:QUALIFIED_NAME"}
        graph["agent"][agent] = {
            "prov:label": name,
            **({"prov:type": type_} if kind == "software" else {}),
        }
        graph["wasAssociatedWith"][f"_:{logged.id}-{kind}"] = {
            "prov:activity": id_,
            "prov:agent": agent,
        }
    for number, name in enumerate(event.objects):
        entity = f"capture:{name}"
        if entity in graph["entity"]:
            graph["used"][f"_:{logged.id}-{number}"] = {
                "prov:activity": id_,
                "prov:entity": entity,
            }
