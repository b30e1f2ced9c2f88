"""One exchange: what we sent, what came back or failed instead, and what was found on the way."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from archive.digest import Digests
from archive.http1 import Head
from archive.statement import Layers
from archive.warc import Block, Spool


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an exchange did not come to its end: a stable code, and what the system said of it."""

    code: str
    detail: str = ""


class WireError(Exception):
    """An exchange cannot go on; what came before is kept."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.failure = Failure(code, detail)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the resolver said: the addresses of a host, in its order."""

    host: str
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TlsFacts:
    """The TLS session of a connection: version as `tls/1.3`, chain as sent (DER), and the verdict."""

    version: str
    cipher: str
    chain: tuple[bytes, ...]
    verdict: tuple[str, ...]


@dataclass(kw_only=True, slots=True)
class Exchange:
    """Filled as it happens, so that a failure at any step keeps all that came before it."""

    url: str
    method: str
    started: datetime
    sent: bytes = b""
    """The request as it is recorded: the wire's bytes less what `redacted` names."""
    redacted: tuple[str, ...] = ()
    block: Block = b""
    """Every byte that came, as it came."""
    head: Head | None = None
    layers: Layers | None = None
    """`None` where no byte came."""
    content: bytes | None = None
    """What a reader saves; `None` for a spooled block."""
    complete: bool = False
    truncated: str | None = None
    """`disconnect`, `length` or `time` (WARC-Truncated)."""
    trailing: int = 0
    flaws: tuple[str, ...] = ()
    failure: Failure | None = None
    timings: dict[str, float] = field(default_factory=dict)
    """Milliseconds: `dns connect tls first_byte end`, each from the step before it."""
    ip: str | None = None
    port: int | None = None
    local: str | None = None
    proxy: str | None = None
    """Without its credentials."""
    connection: int | None = None
    reused: bool = False
    tls: TlsFacts | None = None
    dns: Answer | None = None

    @property
    def status(self) -> int | None:
        return self.head.status if self.head else None

    @property
    def is_http(self) -> bool:
        """Whether the block begins as a reader of HTTP expects (else it is stored as a resource)."""
        return self.head is not None and (self.head.version != b"" or self.head.start > 0)

    @property
    def block_digests(self) -> Digests | None:
        if self.layers is None:
            return None
        assert isinstance(self.layers.block, Digests)  # every stored block has its digests
        return self.layers.block

    def discard(self) -> None:
        """Remove the spooled block; call it once the block is stored."""
        if isinstance(self.block, Spool):
            Path(self.block.path).unlink(missing_ok=True)
