"""The tables that issue 2 needs: holdings and PREMIS."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from catalog.types import Instant, Json, Key, Outside

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "agency",
        sa.Column("id", Key(), nullable=False),
        sa.Column("name", Outside(), nullable=False),
        sa.Column("detail", Json(), nullable=False),
        sa.Column("crawl_id", Key(), nullable=False),
        sa.Column("time", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "agent",
        sa.Column("id", Key(), nullable=False),
        sa.Column("kind", Key(), nullable=False),
        sa.Column("name", Outside(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "capture",
        sa.Column("id", Key(), nullable=False),
        sa.Column("crawl_id", Key(), nullable=True),
        sa.Column("import_id", Key(), nullable=True),
        sa.Column("document_id", Key(), nullable=True),
        sa.Column("version_id", Key(), nullable=True),
        sa.Column("url", Outside(), nullable=False),
        sa.Column("url_key", Outside(), nullable=False),
        sa.Column("time", Instant(), nullable=False),
        sa.Column("method", Key(), nullable=False),
        sa.Column("outcome", Key(), nullable=False),
        sa.Column("code", Key(), nullable=True),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("fidelity", Key(), nullable=False),
        sa.Column("media_type", Outside(), nullable=True),
        sa.Column("filename", Outside(), nullable=True),
        sa.Column("cause", Key(), nullable=False),
        sa.Column("via", Outside(), nullable=True),
        sa.Column("link_text", Outside(), nullable=True),
        sa.Column("depth", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("truncated", Key(), nullable=True),
        sa.Column("flags", Key(), nullable=False),
        sa.Column("block_length", sa.BigInteger(), nullable=True),
        sa.Column("block_sha256", sa.LargeBinary(), nullable=True),
        sa.Column("block_blake3", sa.LargeBinary(), nullable=True),
        sa.Column("body_length", sa.BigInteger(), nullable=True),
        sa.Column("body_sha256", sa.LargeBinary(), nullable=True),
        sa.Column("body_blake3", sa.LargeBinary(), nullable=True),
        sa.Column("payload_length", sa.BigInteger(), nullable=True),
        sa.Column("payload_sha256", sa.LargeBinary(), nullable=True),
        sa.Column("payload_blake3", sa.LargeBinary(), nullable=True),
        sa.Column("content_length", sa.BigInteger(), nullable=True),
        sa.Column("content_sha256", sa.LargeBinary(), nullable=True),
        sa.Column("content_blake3", sa.LargeBinary(), nullable=True),
        sa.Column("absent", Key(), nullable=False),
        sa.Column("etag", Outside(), nullable=True),
        sa.Column("last_modified", Outside(), nullable=True),
        sa.Column("location", Outside(), nullable=True),
        sa.Column("ip", Outside(), nullable=True),
        sa.Column("tls", Key(), nullable=True),
        sa.Column("record_id", Outside(), nullable=True),
        sa.Column("revisit_of", Outside(), nullable=True),
        sa.Column("revisit_url", Outside(), nullable=True),
        sa.Column("revisit_time", Instant(), nullable=True),
        sa.Column("file", Key(), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("length", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("capture_block_blake3", "capture", ["block_blake3"], unique=False)
    op.create_index("capture_block_sha256", "capture", ["block_sha256"], unique=False)
    op.create_index(
        "capture_content_blake3",
        "capture",
        ["content_blake3"],
        unique=False,
        sqlite_where=sa.text("version_id IS NULL AND content_sha256 IS NOT NULL"),
        postgresql_where=sa.text("version_id IS NULL AND content_sha256 IS NOT NULL"),
    )
    op.create_index(
        "capture_content_sha256",
        "capture",
        ["content_sha256"],
        unique=False,
        sqlite_where=sa.text("version_id IS NULL AND content_sha256 IS NOT NULL"),
        postgresql_where=sa.text("version_id IS NULL AND content_sha256 IS NOT NULL"),
    )
    op.create_index("capture_crawl", "capture", ["crawl_id", "time"], unique=False)
    op.create_index(
        "capture_payload_blake3",
        "capture",
        ["payload_blake3"],
        unique=False,
        sqlite_where=sa.text("payload_sha256 <> content_sha256 OR content_sha256 IS NULL"),
        postgresql_where=sa.text("payload_sha256 <> content_sha256 OR content_sha256 IS NULL"),
    )
    op.create_index(
        "capture_payload_sha256",
        "capture",
        ["payload_sha256"],
        unique=False,
        sqlite_where=sa.text("payload_sha256 <> content_sha256 OR content_sha256 IS NULL"),
        postgresql_where=sa.text("payload_sha256 <> content_sha256 OR content_sha256 IS NULL"),
    )
    op.create_index(
        "capture_pending",
        "capture",
        ["id"],
        unique=False,
        sqlite_where=sa.text("revisit_of IS NOT NULL AND version_id IS NULL"),
        postgresql_where=sa.text("revisit_of IS NOT NULL AND version_id IS NULL"),
    )
    op.create_index(
        "capture_document",
        "capture",
        ["document_id", "time", "version_id"],
        unique=False,
        sqlite_where=sa.text("version_id IS NOT NULL"),
        postgresql_where=sa.text("version_id IS NOT NULL"),
    )
    op.create_index(
        "capture_version",
        "capture",
        ["version_id", "time"],
        unique=False,
        sqlite_where=sa.text("version_id IS NOT NULL"),
        postgresql_where=sa.text("version_id IS NOT NULL"),
    )
    op.create_index("capture_time", "capture", ["time"], unique=False)
    op.create_index("capture_url", "capture", ["url_key", "time"], unique=False)
    op.create_table(
        "crawl",
        sa.Column("id", Key(), nullable=False),
        sa.Column("source_id", Key(), nullable=True),
        sa.Column("source", Outside(), nullable=True),
        sa.Column("started", Instant(), nullable=True),
        sa.Column("operator_id", Key(), nullable=True),
        sa.Column("software_id", Key(), nullable=True),
        sa.Column("configuration", Outside(), nullable=True),
        sa.Column("settings", Json(), nullable=True),
        sa.Column("file", Key(), nullable=True),
        sa.Column("offset", sa.BigInteger(), nullable=True),
        sa.Column("close_id", Key(), nullable=True),
        sa.Column("ended", Instant(), nullable=True),
        sa.Column("end", Key(), nullable=True),
        sa.Column("counts", Json(), nullable=True),
        sa.Column("not_requested", Json(), nullable=True),
        sa.Column("queued", sa.BigInteger(), nullable=True),
        sa.Column("complete", sa.Boolean(), nullable=True),
        sa.Column("shortfall", Json(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("crawl_source_started", "crawl", ["source_id", "started"], unique=False)
    op.create_table(
        "document",
        sa.Column("id", Key(), nullable=False),
        sa.Column("url", Outside(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "event",
        sa.Column("id", Key(), nullable=False),
        sa.Column("type", Outside(), nullable=False),
        sa.Column("time", Instant(), nullable=False),
        sa.Column("operator_id", Key(), nullable=False),
        sa.Column("software_id", Key(), nullable=False),
        sa.Column("outcome", Key(), nullable=True),
        sa.Column("detail", Json(), nullable=False),
        sa.Column("file", Key(), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("event_type_time", "event", ["type", "time"], unique=False)
    op.create_table(
        "event_object",
        sa.Column("object", Outside(), nullable=False),
        sa.Column("event_id", Key(), nullable=False),
        sa.PrimaryKeyConstraint("object", "event_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "record",
        sa.Column("file", Key(), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("type", Outside(), nullable=False),
        sa.Column("role", Key(), nullable=False),
        sa.Column("record_id", Outside(), nullable=False),
        sa.Column("statement_id", Key(), nullable=True),
        sa.Column("stored_length", sa.BigInteger(), nullable=False),
        sa.Column("stored_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("stored_blake3", sa.LargeBinary(), nullable=False),
        sa.Column("plain_length", sa.BigInteger(), nullable=False),
        sa.Column("plain_blake3", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("file", "offset"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "run",
        sa.Column("id", Key(), nullable=False),
        sa.Column("kind", Key(), nullable=False),
        sa.Column("source_id", Key(), nullable=True),
        sa.Column("planned", Instant(), nullable=True),
        sa.Column("started", Instant(), nullable=True),
        sa.Column("ended", Instant(), nullable=True),
        sa.Column("outcome", Key(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "source",
        sa.Column("id", Key(), nullable=False),
        sa.Column("name", Outside(), nullable=False),
        sa.Column("agency_id", Key(), nullable=True),
        sa.Column("settings", Json(), nullable=False),
        sa.Column("crawl_id", Key(), nullable=False),
        sa.Column("time", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "version",
        sa.Column("id", Key(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("blake3", sa.LargeBinary(), nullable=False),
        sa.Column("length", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("version_blake3", "version", ["blake3"], unique=False)
    op.create_table(
        "warc_file",
        sa.Column("name", Key(), nullable=False),
        sa.Column("length", sa.BigInteger(), nullable=False),
        sa.Column("groups", sa.Integer(), nullable=False),
        sa.Column("records", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    # What stands in each capture already is not written down again.
    op.execute(
        "CREATE VIEW sighting AS SELECT document_id, time, id AS capture_id, version_id "
        "FROM capture WHERE version_id IS NOT NULL"
    )
    op.execute(
        "CREATE VIEW link AS SELECT DISTINCT via, url, cause AS kind, link_text AS text "
        "FROM capture WHERE via IS NOT NULL"
    )
    _texts()
    _collections()
    _quotes()
    _publications()
    _search()


def _texts() -> None:
    op.create_table(
        "text",
        sa.Column("version_id", Key(), nullable=False),
        sa.Column("kind", Key(), nullable=False),
        sa.Column("content_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("capture_id", Key(), nullable=False),
        sa.Column("tool", Outside(), nullable=False),
        sa.Column("recipe", Key(), nullable=False),
        sa.Column("code", Key(), nullable=True),
        sa.Column("detail", Outside(), nullable=True),
        sa.Column("declared_type", Outside(), nullable=True),
        sa.Column("real_type", Key(), nullable=False),
        sa.Column("agrees", sa.Boolean(), nullable=False),
        sa.Column("outcome", Key(), nullable=False),
        sa.Column("outcome_reason", Outside(), nullable=True),
        sa.Column("encoding", Key(), nullable=True),
        sa.Column("encoding_rule", Key(), nullable=True),
        sa.Column("encoding_declared", Outside(), nullable=True),
        sa.Column("replaced", sa.Integer(), nullable=True),
        sa.Column("language", Key(), nullable=True),
        sa.Column("text_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("normal_sha256", sa.LargeBinary(), nullable=True),
        sa.Column("normal_recipe", Key(), nullable=True),
        sa.Column("characters", sa.Integer(), nullable=False),
        sa.Column("body", Outside(), nullable=False),
        sa.Column("passages", Json(), nullable=False),
        sa.Column("properties", Json(), nullable=False),
        sa.PrimaryKeyConstraint("version_id", "kind"),
    )
    op.create_index("text_content", "text", ["content_sha256"], unique=False)
    op.create_index("text_normal", "text", ["normal_sha256"], unique=False)
    op.create_index("text_capture", "text", ["capture_id"], unique=False)
    op.create_table(
        "posting",
        sa.Column("version_id", Key(), nullable=False),
        sa.Column("title", Outside(), nullable=True),
        sa.Column("number", Outside(), nullable=True),
        sa.Column("index_number", Outside(), nullable=True),
        sa.Column("agency", Outside(), nullable=True),
        sa.Column("source", Outside(), nullable=True),
        sa.Column("written", Key(), nullable=True),
        sa.Column("posted", Key(), nullable=True),
        sa.PrimaryKeyConstraint("version_id"),
    )
    op.create_index("posting_written", "posting", ["written"], unique=False)
    op.create_index("posting_posted", "posting", ["posted"], unique=False)
    op.create_index("posting_number", "posting", ["number"], unique=False)
    op.create_table(
        "stated",
        sa.Column("version_id", Key(), nullable=False),
        sa.Column("field", Key(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("value", Outside(), nullable=False),
        sa.Column("raw", Outside(), nullable=False),
        sa.Column("place", Outside(), nullable=False),
        sa.Column("why", Outside(), nullable=False),
        sa.PrimaryKeyConstraint("version_id", "field", "rank"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "sketch",
        sa.Column("hash", sa.BigInteger(), nullable=False),
        sa.Column("version_id", Key(), nullable=False),
        sa.PrimaryKeyConstraint("hash", "version_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("sketch_version", "sketch", ["version_id"], unique=False)
    op.create_table(
        "attachment",
        sa.Column("version_id", Key(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("document_id", Key(), nullable=False),
        sa.Column("href", Outside(), nullable=False),
        sa.Column("words", Outside(), nullable=False),
        sa.PrimaryKeyConstraint("version_id", "place"),
        sqlite_with_rowid=False,
    )
    op.create_index("attachment_document", "attachment", ["document_id"], unique=False)


def _collections() -> None:
    op.create_table(
        "collection",
        sa.Column("id", Key(), nullable=False),
        sa.Column("name", Outside(), nullable=False),
        sa.Column("title", Outside(), nullable=True),
        sa.Column("created", Instant(), nullable=False),
        sa.Column("frozen", Instant(), nullable=True),
        sa.Column("manifest_sha256", sa.LargeBinary(), nullable=True),
        sa.Column("freeze_id", Key(), nullable=True),
        sa.Column("orders", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "collection_member",
        sa.Column("collection_id", Key(), nullable=False),
        sa.Column("member_id", Key(), nullable=False),
        sa.Column("kind", Key(), nullable=False),
        sa.Column("document_id", Key(), nullable=True),
        sa.Column("version_id", Key(), nullable=True),
        sa.Column("capture_id", Key(), nullable=True),
        sa.Column("event_id", Key(), nullable=False),
        sa.PrimaryKeyConstraint("collection_id", "member_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("collection_member_version", "collection_member", ["version_id"])
    op.create_index("collection_member_document", "collection_member", ["document_id"])


def _quotes() -> None:
    op.create_table(
        "quote",
        sa.Column("id", Key(), nullable=False),
        sa.Column("time", Instant(), nullable=False),
        sa.Column("quote", Outside(), nullable=False),
        sa.Column("verdict", Key(), nullable=False),
        sa.Column("version_id", Key(), nullable=True),
        sa.Column("capture_id", Key(), nullable=True),
        sa.Column("detail", Json(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("quote_version", "quote", ["version_id"])
    op.create_index("quote_time", "quote", ["time"])


def _publications() -> None:
    op.create_table(
        "publication",
        sa.Column("id", Key(), nullable=False),
        sa.Column("name", Outside(), nullable=False),
        sa.Column("title", Outside(), nullable=True),
        sa.Column("author", Outside(), nullable=True),
        sa.Column("date", Outside(), nullable=True),
        sa.Column("created", Instant(), nullable=False),
        sa.Column("checked", Instant(), nullable=False),
        sa.Column("check_id", Key(), nullable=False),
        sa.Column("checks", sa.Integer(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("collection", Outside(), nullable=True),
        sa.Column("files", Json(), nullable=False),
        sa.Column("counts", Json(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "citation",
        sa.Column("publication_id", Key(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("key", Outside(), nullable=False),
        sa.Column("file", Outside(), nullable=False),
        sa.Column("url", Outside(), nullable=True),
        sa.Column("verdict", Key(), nullable=False),
        sa.Column("reason", Outside(), nullable=False),
        sa.Column("since", Instant(), nullable=False),
        sa.Column("before", Key(), nullable=True),
        sa.Column("capture_id", Key(), nullable=True),
        sa.Column("version_id", Key(), nullable=True),
        sa.Column("document_id", Key(), nullable=True),
        sa.Column("entry", Json(), nullable=False),
        sa.PrimaryKeyConstraint("publication_id", "number"),
        sqlite_with_rowid=False,
    )
    op.create_index("citation_version", "citation", ["version_id"])
    op.create_index("citation_document", "citation", ["document_id"])
    op.create_table(
        "citation_quote",
        sa.Column("publication_id", Key(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("quote_id", Key(), nullable=False),
        sa.PrimaryKeyConstraint("publication_id", "number", "quote_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("citation_quote_quote", "citation_quote", ["quote_id"])


def _search() -> None:
    op.create_table(
        "searchable",
        sa.Column(
            "number",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("version_id", Key(), nullable=False),
        sa.Column("kind", Key(), nullable=False),
        sa.Column("recipe", Key(), nullable=False),
        sa.Column("chunks", sa.Integer(), nullable=False),
        sa.Column("title", Outside(), nullable=True),
        sa.Column("date", Key(), nullable=False),
        sa.Column("outcome", Key(), nullable=False),
        sa.Column("type", Key(), nullable=False),
        sa.Column("code", Key(), nullable=True),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("searchable_text", "searchable", ["version_id", "kind"], unique=True)
    for statement in _SEARCH_INDEX[op.get_bind().dialect.name]:
        op.execute(statement)


_SEARCH_INDEX = {
    "sqlite": [
        (
            "CREATE VIRTUAL TABLE search_index USING fts5"
            "(plain, simplified, content='', columnsize=0, tokenize='ascii')"
        ),
        # More memory, and fewer and larger merges, than FTS5 takes by itself.
        "INSERT INTO search_index (search_index, rank) VALUES ('hashsize', 16777216)",
        "INSERT INTO search_index (search_index, rank) VALUES ('automerge', 8)",
    ],
    "postgresql": [
        (
            "CREATE TABLE search_index (number bigint NOT NULL, chunk integer NOT NULL, "
            "part integer NOT NULL, plain tsvector NOT NULL, simplified tsvector, "
            "PRIMARY KEY (number, chunk, part))"
        ),
        # Positions do not get smaller by packing, and have to be unpacked to be compared.
        (
            "ALTER TABLE search_index ALTER plain SET STORAGE EXTERNAL, "
            "ALTER simplified SET STORAGE EXTERNAL"
        ),
        "CREATE INDEX search_index_plain ON search_index USING gin (plain)",
        "CREATE INDEX search_index_simplified ON search_index USING gin (simplified)",
    ],
}
