"""Captures in plain words: where one comes from, why it was asked for, what its connection was worth."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from archive.digest import Absent, Layer
from archive.statement import Capture, Tls

CAUSES = {
    "seed": "a seed of its source",
    "link": "a link",
    "requisite": "part of a page",
    "redirect": "a redirect",
    "robots": "robots.txt, asked for before anything else of the host",
    "sitemap": "a sitemap",
    "feed": "a feed",
    "retry": "another try after a failure",
    "import": "an import",
}

TLS_VERDICTS = {
    "valid": "the certificate chain was valid for this host at that time",
    "expired": "a certificate had expired",
    "not-yet-valid": "a certificate was not valid yet",
    "wrong-name": "the certificate names another host",
    "unknown-issuer": "the issuer of the certificate is not known here",
    "self-signed": "the certificate vouches for itself alone",
    "invalid-issuer": "a certificate was issued by one that may not issue any",
    "wrong-purpose": "the certificate was made for another purpose",
    "bad-signature": "a signature in the certificate chain is wrong",
    "weak-key": "a key was too weak",
    "weak-signature": "a signature was made by a method too weak",
    "old-protocol": "the protocol was too old to protect",
    "malformed": "the certificates could not be read",
    "no-certificate": "no certificate was sent",
    "not-checked": "the certificate chain was not checked: no trusted roots on this machine",
}


def origin(asserted: Mapping[str, Any] | None) -> str | None:
    """What stands wherever an asserted capture is shown; nothing for one from the wire."""
    if asserted is None:
        return None
    giver = asserted.get("obtained_by") or "somebody who is not named"
    day = str(asserted.get("obtained_on") or "a day that is not known")
    day = day.removesuffix("T00:00:00.000000Z")
    return f"received from {giver} on {day}; origin asserted, not observed"


def cause(capture: Capture) -> str:
    """Why the request was made, in the words of the page that led to it."""
    words = CAUSES.get(capture.cause, capture.cause)
    if capture.link_text:
        words += f" “{capture.link_text}”"
    return f"{words} on {capture.via}" if capture.via else words


def far_side(capture: Capture) -> str:
    """Which address answered, over what."""
    if capture.proxy:
        return f"through the proxy {capture.proxy}, which hides the server's address"
    if capture.ip is None:
        return "nobody: no connection was made"
    host = f"[{capture.ip}]" if ":" in capture.ip else capture.ip
    return f"{host} port {capture.port}" + (
        ", on a connection used before" if capture.reused else ""
    )


def tls(session: Tls | None) -> str:
    """The connection's worth in plain words."""
    if session is None:
        return "none: anybody on the way could have read and changed it"
    verdict = "; ".join(TLS_VERDICTS.get(code, code) for code in session.verdict)
    return f"{session.version}, {session.cipher}: {verdict}"


def outcome(capture: Capture) -> str:
    words = [capture.outcome]
    if capture.code:
        words.append(f"({capture.code})")
    if capture.detail:
        words.append(f"- {capture.detail}")
    return " ".join(words)


def digests(layer: Layer | None) -> list[str]:
    """A layer's length and digests, one a line, or why it has none."""
    if layer is None:
        return ["none"]
    if isinstance(layer, Absent):
        return [f"none: {layer.reason}"]
    return [
        f"{layer.length} bytes",
        f"sha256 {layer.sha256.hex()}",
        f"blake3 {layer.blake3.hex()}",
    ]
