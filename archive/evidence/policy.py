"""Policies: which logs count, which cosigners, and how many of them make a quorum (C2SP tlog-policy).

Pure. The format says *witness* where we say cosigner. A name is the text of whatever octets the file
has: those that are not UTF-8 come back as they were.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from archive.errors import DamagedError
from archive.evidence.checkpoint import Checkpoint
from archive.evidence.note import (
    COSIGNATURE,
    ED25519,
    CosignatureVerifier,
    Note,
    NoteError,
    Verifier,
)
from archive.verdict import Check, Verdict

MAX_POLICY = 1_000_000
"""Most bytes of a policy."""
NONE = "none"
"""The quorum that asks for no cosignature."""

_FORBIDDEN = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]")
_THRESHOLD = re.compile(r"[1-9][0-9]{0,8}")


class PolicyError(DamagedError):
    """A policy is malformed, or contradicts itself."""


@dataclass(frozen=True, slots=True)
class KnownLog:
    """A log whose checkpoints count; its key's name is its origin."""

    verifier: Verifier
    url: str | None = None


@dataclass(frozen=True, slots=True)
class KnownCosigner:
    """A cosigner, and the name that it has within the policy."""

    name: str
    verifier: CosignatureVerifier
    url: str | None = None
    """Where it is asked: the submission prefix of tlog-witness."""


@dataclass(frozen=True, slots=True)
class Group:
    """Counts as a cosigner if `threshold` of its members do, cosigners or earlier groups."""

    name: str
    threshold: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a policy says of a checkpoint, and who signed it."""

    check: Check
    logs: tuple[Verifier, ...] = ()
    cosigners: tuple[tuple[str, int], ...] = ()
    """Names within the policy, each with the time it states, in seconds since 1970."""


@dataclass(frozen=True, slots=True)
class Policy:
    """Whom to believe. Only `parse` and `of` make one that is sure to hold together."""

    logs: tuple[KnownLog, ...]
    cosigners: tuple[KnownCosigner, ...]
    groups: tuple[Group, ...]
    quorum: str

    @classmethod
    def parse(cls, data: bytes) -> Policy:
        """Read the text of a policy. Raises `PolicyError`, which names the line."""
        if len(data) > MAX_POLICY:
            raise PolicyError(f"a policy of more than {MAX_POLICY} bytes")
        if _FORBIDDEN.search(data):
            raise PolicyError("a policy with control characters")
        *lines, rest = data.decode("utf-8", "surrogateescape").split("\n")
        if rest.strip(" \t"):
            raise PolicyError("the last line of the policy does not end")
        reader = _Reader()
        for number, line in enumerate(lines, 1):
            try:
                reader.take(line)
            except (PolicyError, NoteError) as error:
                raise PolicyError(f"line {number} of the policy: {error.what}") from error
        return reader.policy()

    @classmethod
    def of(
        cls, logs: Iterable[KnownLog], cosigners: Iterable[KnownCosigner] = (), threshold: int = 0
    ) -> Policy:
        """The policy that asks for `threshold` of these cosigners. Raises `PolicyError`."""
        known = tuple(cosigners)
        group = Group("quorum", threshold, tuple(each.name for each in known))
        groups = (group,) if threshold else ()
        policy = cls(tuple(logs), known, groups, group.name if threshold else NONE)
        return cls.parse(policy.to_bytes())

    def to_bytes(self) -> bytes:
        """The text, which `parse` reads. Raises `PolicyError` for what it would not read back."""
        lines: list[tuple[str | None, ...]] = [
            *(("log", each.verifier.vkey, each.url) for each in self.logs),
            *(("witness", each.name, each.verifier.vkey, each.url) for each in self.cosigners),
            *(("group", each.name, str(each.threshold), *each.members) for each in self.groups),
            ("quorum", self.quorum),
        ]
        text = "".join(f"{' '.join(item for item in line if item)}\n" for line in lines)
        data = text.encode("utf-8", "surrogateescape")
        if Policy.parse(data) != self:
            raise PolicyError("a policy with a name that cannot be written")
        return data

    def judge(self, data: bytes) -> Judgement:
        """Whether a signed checkpoint is by a known log and cosigned by the quorum.

        One false signature by any known key fails it (signed-note, "Signatures"). A policy without
        logs cannot say whose it is: then the answer is *failed* or *not checked*. Never raises.
        """
        logs = [each.verifier for each in self.logs]
        cosigners = [each.verifier for each in self.cosigners]
        try:
            note = Note.parse(data)
            origin = Checkpoint.parse(note.text).origin
            by = note.verified_by([*logs, *cosigners])
            times = [(each.name, each.verifier.stated_time(note)) for each in self.cosigners]
        except NoteError as error:
            return Judgement(Check("policy", Verdict.FAILED, error.what))
        signed = tuple(key for key in by if key in logs and key.name == origin)
        cosigned = tuple((name, time) for name, time in times if time is not None)
        return Judgement(self._check(origin, bool(signed), cosigned), signed, cosigned)

    def _check(self, origin: str, signed: bool, cosigned: Sequence[tuple[str, int]]) -> Check:
        names = [name for name, _ in cosigned]
        if self.logs and not signed:
            return Check("policy", Verdict.FAILED, f"no known key of {origin} signed")
        if not self._has_quorum(names):
            told = ", ".join(names) or "nobody"
            return Check("policy", Verdict.FAILED, f"cosigned by {told}: no quorum")
        if not self.logs:
            return Check("policy", Verdict.NOT_CHECKED, "the policy names no log")
        told = f", cosigned by {', '.join(names)}" if names else ""
        return Check("policy", Verdict.PASSED, f"signed by {origin}{told}")

    def _has_quorum(self, names: Iterable[str]) -> bool:
        """Groups name only what stands before them, so one pass in their order settles all."""
        met = {NONE, *names}
        for group in self.groups:
            if len(met.intersection(group.members)) >= group.threshold:
                met.add(group.name)
        return self.quorum in met


class _Reader:
    """Takes a policy line by line, and refuses each line that does not fit those before it."""

    def __init__(self) -> None:
        self._logs: list[KnownLog] = []
        self._cosigners: list[KnownCosigner] = []
        self._groups: list[Group] = []
        self._quorum: str | None = None
        self._keys: set[tuple[str, bytes]] = set()
        self._names: set[str] = set()
        self._members: set[str] = set()

    def take(self, line: str) -> None:
        items = re.findall(r"[^ \t]+", line)
        if not items or items[0].startswith("#"):
            return
        kind, *rest = items
        if kind not in _LINES:
            raise PolicyError(f"it begins with none of {', '.join(_LINES)}")
        least, most, read = _LINES[kind]
        if not least <= len(rest) <= (most or len(rest)):
            raise PolicyError(f"a {kind} has another number of items")
        read(self, *rest)

    def policy(self) -> Policy:
        if self._quorum is None:
            raise PolicyError("the policy has no quorum")
        return Policy(tuple(self._logs), tuple(self._cosigners), tuple(self._groups), self._quorum)

    def log(self, vkey: str, url: str | None = None) -> None:
        verifier = self._key("log", vkey)
        if verifier.algorithm != ED25519:
            raise PolicyError("not the key of a log")
        self._logs.append(KnownLog(verifier, url))

    def witness(self, name: str, vkey: str, url: str | None = None) -> None:
        verifier = self._key("witness", vkey)
        if not isinstance(verifier, CosignatureVerifier):
            raise PolicyError(f"not a key for cosignatures, of type {COSIGNATURE:#04x}")
        self._define(name)
        self._cosigners.append(KnownCosigner(name, verifier, url))

    def group(self, name: str, threshold: str, *members: str) -> None:
        for member in members:
            if member not in self._names:
                raise PolicyError(f"nothing before it has the name {_shown(member)}")
            if member in self._members:
                raise PolicyError(f"{_shown(member)} is a member twice")
            self._members.add(member)
        self._groups.append(Group(name, _count(threshold, len(members)), members))
        self._define(name)

    def quorum(self, name: str) -> None:
        if self._quorum is not None:
            raise PolicyError("a second quorum")
        if name != NONE and name not in self._names:
            raise PolicyError(f"nothing before it has the name {_shown(name)}")
        self._quorum = name

    def _key(self, kind: str, vkey: str) -> Verifier:
        verifier = Verifier.parse(vkey)
        if (kind, verifier.public_key) in self._keys:
            raise PolicyError(f"the key of a {kind} that stands there already")
        self._keys.add((kind, verifier.public_key))
        return verifier

    def _define(self, name: str) -> None:
        if name in self._names or name == NONE:
            raise PolicyError(f"the name {_shown(name)} is taken")
        self._names.add(name)


_LINES: dict[str, tuple[int, int | None, Callable[..., None]]] = {
    "log": (1, 2, _Reader.log),
    "witness": (2, 3, _Reader.witness),
    "group": (3, None, _Reader.group),
    "quorum": (1, 1, _Reader.quorum),
}
"""How many items follow the word, at least and at most, and what they mean."""


def _count(threshold: str, members: int) -> int:
    if threshold in {"all", "any"}:
        return members if threshold == "all" else 1
    if not _THRESHOLD.fullmatch(threshold) or int(threshold) > members:
        raise PolicyError(f"{_shown(threshold)} of {members} members cannot be asked for")
    return int(threshold)


def _shown(text: str) -> str:
    return ascii(text[:200])
