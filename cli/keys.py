"""The keys of `--json`, one meaning each; the reference is made from this table."""

from __future__ import annotations

KEYS = {
    "id": "of the capture, crawl or event, with its check character",
    "url": "as requested, or as the giver of a file states it",
    "time": "when the request began (UTC); for an asserted capture the date that its giver asserts",
    "outcome": "what the capture is: `content`, `redirect`, `not-found`, `error` …",
    "status": "the HTTP status as a number, or null",
    "sha256": "of the content in hex, or null where there is none",
    "blake3": "of the content in hex, or null where there is none",
    "length": "of the content in bytes, or null where there is none",
    "name": "of the source",
    "agency": "the body that posts, or null",
    "seeds": "list of URLs where a crawl begins",
    "robots": "`obey` or `record-only`",
    "tls": "of a source: its policy; of a capture: the verdict on the certificate chain, or null",
    "file": "path or name of the file spoken of",
    "settings": "the source with all its defaults filled in, as a crawl's plan keeps it",
    "source": "name of the source, `capture` for single URLs",
    "check": "what was looked at",
    "verdict": "`passed`, `failed` or `not checked`",
    "found": "what was found, in words",
    "advice": "what to do, or null",
}
