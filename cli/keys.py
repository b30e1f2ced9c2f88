"""The keys of `--json`, one meaning each; the reference is made from this table."""

from __future__ import annotations

KEYS = {
    "id": "of the capture, crawl or event, with its check character",
    "url": "as requested, or as the giver of a file states it",
    "time": "when the request began (UTC); for asserted captures the date that the giver asserts",
    "outcome": "`content`, `redirect`, `not-found` … for a command's own work: what it came to",
    "status": "the HTTP status as a number, or null",
    "sha256": "of the content in hex, or null where there is none",
    "blake3": "of the content in hex, or null where there is none",
    "length": "of the content in bytes",
}
