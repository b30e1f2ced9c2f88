"""From groups to rows: what each statement says, as tuples in the order of the tables' columns.

Pure: nothing here reads a file or a database, and one group always gives the same rows.
"""

from __future__ import annotations

from collections import defaultdict

from archive.statement import Capture, Crawl, CrawlClose, Event
from archive.stored import StoredGroup, StoredRecord
from catalog.capture_rows import Row, capture_row, role, seen
from catalog.keys import KEY_LENGTH, name_id

Rows = dict[str, list[Row]]
"""Rows by the insert that they are for (`catalog.inserts`)."""


class RowBuilder:
    """Collects the rows of groups; `take` hands them over and begins again."""

    def __init__(self) -> None:
        self._rows: Rows = defaultdict(list)

    def take(self) -> Rows:
        rows, self._rows = self._rows, defaultdict(list)
        return rows

    def add(self, group: StoredGroup) -> None:
        """Raises `RecordError` where the group's statement is malformed."""
        statement = group.statement
        if isinstance(statement, Capture):
            self._add_capture(group, statement)
            return
        for record in group.records:
            role = "statement" if record.type == "metadata" else "attachment"
            self.add_record(record, role, group.id)
        if isinstance(statement, Crawl):
            self._add_crawl(group, statement)
        elif isinstance(statement, CrawlClose):
            self._add_close(group, statement)
        else:
            self._add_event(group, statement)

    def add_record(self, record: StoredRecord, role: str, statement_id: str | None) -> None:
        stored = record.stored
        self._rows["record"].append(
            (
                record.file,
                record.offset,
                record.type,
                role,
                record.id,
                statement_id,
                stored.length,
                stored.sha256,
                stored.blake3,
                record.plain_length,
                record.plain_blake3,
            )
        )

    def _add_capture(self, group: StoredGroup, capture: Capture) -> None:
        for record in group.records:
            self.add_record(record, role(record, group), group.id)
        found = seen(capture)
        if found:
            document, version = found
            self._rows["document"].append(document)
            self._rows["version"].append(version)
        self._rows["capture"].append(capture_row(group, capture, found))

    def _add_crawl(self, group: StoredGroup, crawl: Crawl) -> None:
        source_id = name_id("source", crawl.source)
        agency_id = self._add_agency(group, crawl)
        self._rows["source"].append(
            (source_id, crawl.source, agency_id, crawl.settings, group.id, crawl.time)
        )
        self._rows["crawl"].append(
            (
                group.id,
                source_id,
                crawl.source,
                crawl.time,
                self._add_agent("operator", crawl.operator),
                self._add_agent("software", crawl.software),
                crawl.configuration,
                crawl.settings,
                group.file,
                group.offset,
            )
        )
        self._rows["run"].append((group.id, "crawl", source_id, crawl.time))

    def _add_agency(self, group: StoredGroup, crawl: Crawl) -> str | None:
        agency = crawl.settings.get("agency")
        name = agency.get("name") if isinstance(agency, dict) else None
        if not isinstance(name, str) or not name:
            return None
        agency_id = name_id("agency", name)
        self._rows["agency"].append((agency_id, name, agency, group.id, crawl.time))
        return agency_id

    def _add_close(self, group: StoredGroup, close: CrawlClose) -> None:
        self._rows["close"].append(
            (
                close.crawl,
                group.id,
                close.time,
                close.end,
                close.counts,
                close.not_requested,
                close.queued,
                close.complete,
                close.shortfall,
            )
        )
        self._rows["run_end"].append((close.crawl, "crawl", close.time, close.end))

    def _add_event(self, group: StoredGroup, event: Event) -> None:
        self._rows["event"].append(
            (
                group.id,
                event.type,
                event.time,
                self._add_agent("operator", event.operator),
                self._add_agent("software", event.software),
                event.outcome,
                event.detail,
                group.file,
                group.offset,
            )
        )
        for name in event.objects:
            self._rows["event_object"].append((name[:KEY_LENGTH], group.id))

    def _add_agent(self, kind: str, name: str) -> str:
        agent_id = name_id(kind, name)
        self._rows["agent"].append((agent_id, kind, name))
        return agent_id
