"""Why a time stamp is refused: reason words that stay the same, for scripts and for records."""

from __future__ import annotations

from enum import StrEnum

from archive.errors import DamagedError


class Reason(StrEnum):
    """The reason words; each names the first thing that was found wrong."""

    UNREADABLE = "unreadable"
    """No response of RFC 3161, or one that two readers do not read alike."""
    NOT_GRANTED = "not-granted"
    """The authority answered, and gave no stamp."""
    WRONG_DIGEST = "wrong-digest"
    """It stamps other bytes."""
    WRONG_NONCE = "wrong-nonce"
    """It answers another request."""
    NO_CERTIFICATE = "no-certificate"
    """The certificate that the stamp names is neither inside nor kept beside it."""
    UNKNOWN_AUTHORITY = "unknown-authority"
    """No chain leads from the signer to a root of this authority."""
    WRONG_PURPOSE = "wrong-purpose"
    """The signer's certificate is not for time stamps (RFC 3161, 2.3)."""
    EXPIRED_AT_STAMPING = "expired-at-stamping"
    """A certificate of the chain was not valid at the time that the stamp tells."""
    REVOKED = "revoked"
    """A certificate of the chain was revoked so that the stamp is void (RFC 3161, 4)."""
    BAD_SIGNATURE = "bad-signature"
    """The signature is not the signer's over these bytes."""


class TimeStampError(DamagedError):
    """A time stamp that does not hold; `reason` says why in a word that does not change."""

    def __init__(self, reason: Reason, what: str = "") -> None:
        super().__init__(f"time stamp refused, {reason}: {what}")
        self.reason = reason
        self.detail = what
