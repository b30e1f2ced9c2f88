"""What a capture is, judged by the wire and the status alone (design 2, *outcome*).

Only `content` counts as held. Judging a 200 by what it says (`challenge`, `soft-404`) is the work of
the site families, beside this and never instead of it.
"""

from __future__ import annotations

BY_STATUS = {
    **dict.fromkeys((301, 302, 303, 307, 308), "redirect"),
    **dict.fromkeys((404, 410), "not-found"),
    **dict.fromkeys((401, 407, 511), "login"),
    **dict.fromkeys((403, 412, 418, 429, 444, 451, 503, 521), "blocked"),
    **dict.fromkeys((204, 205), "error"),
}
"""412 and 521 are how two Chinese site shields refuse a script, 444 is nginx's way."""

RETRIED_STATUSES = frozenset({408, 425, 429, *range(500, 600)} - {501, 505, 511, 521})
RETRIED_FAILURES = (
    *("dns-servfail", "dns-timeout", "dns-failure", "our-network-", "proxy-unreachable"),
    *("connect-", "timeout-", "reset-", "stale-connection", "empty-answer"),
    *("truncated-disconnect", "truncated-time"),
)
"""Codes, or the beginnings of codes, of failures that another try may cure."""


def classify(
    status: int | None,
    *,
    failure: str | None = None,
    truncated: str | None = None,
    conditional: bool = False,
) -> tuple[str, str | None]:
    """The outcome of an attempt and its stable code.

    `failure` is the wire's own code where no whole answer came, `truncated` the WARC-Truncated
    reason, `conditional` whether the request carried validators (a 304 is an answer only to those).
    The code is `None` where the outcome says all.
    """
    if status is None:
        return "error", failure or "not-http"
    code = f"http-{status}"
    outcome = BY_STATUS.get(status)
    if outcome is not None:
        return outcome, None if outcome == "redirect" else code
    if status == 304 and conditional:
        return "not-modified", None
    if not 200 <= status < 300:
        return "error", code
    if truncated or failure:
        return "truncated", failure or f"truncated-{truncated}"
    # we never ask for a part, so a part is not the document
    return ("truncated", code) if status == 206 else ("content", None)


def worth_retrying(outcome: str, code: str | None, status: int | None) -> bool:
    """Whether another attempt may bring what this one did not."""
    if status is not None and outcome != "truncated":
        return status in RETRIED_STATUSES
    return (code or "").startswith(RETRIED_FAILURES)
