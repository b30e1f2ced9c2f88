"""What `doctor` and `status` look at of the log: its head, its keys, its stamps, the clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

from archive.evidence.log import Log, closed_logs
from archive.evidence.stamps import Waiting, pending, stamp_folders
from archive.stored import OPEN, sealed_name
from catalog.custody import CLOCK_CHECK, Told, events
from cli.context import Archive
from cli.finding import FAILED, NOT_CHECKED, PASSED, Finding
from cli.log_keeping import seen_elsewhere
from cli.output import moment, number, span
from cli.stamping import GAP_LIMIT, renewals_due

CLOCK_LIMIT = timedelta(seconds=1)
"""A clock that is off by more says little of the order of things."""


def _log(archive: Archive) -> Iterator[Finding]:
    """Whether the log is signed as far as it goes, and nothing sealed is left out of it."""
    log = archive.log
    if log.is_restored:
        advice = "`muniment log succeed --reason …`"
        yield Finding("log", FAILED, "it was restored from a backup and is not signed", advice)
        return
    if log.head is None:
        if closed_logs(archive.root):
            yield Finding(
                "log", FAILED, "the last was closed, none took over", _SUCCEED, damage=True
            )
        else:
            yield Finding("log", NOT_CHECKED, "it has no entry yet")
        return
    signed = log.signed()
    if signed is None or signed.checkpoint != log.head.checkpoint:
        size = signed.checkpoint.size if signed else 0
        found = f"{log.size} entries are committed to, {size} are signed"
        yield Finding("log", FAILED, found, "`muniment log checkpoint`")
        return
    left = list(_left_out(archive, log))
    if left:
        found = f"{number(len(left), 'file')} not in it, {left[0]} among them"
        yield Finding("log", FAILED, found, "`muniment log checkpoint`")
        return
    yield Finding("log", PASSED, f"{log.size} entries of {log.head.origin}, all signed")


_SUCCEED = "give the order `muniment log succeed` again"


def _left_out(archive: Archive, log: Log) -> Iterator[str]:
    """Sealed files that no log holds to their end."""
    orders = [each.order for each in (log, *closed_logs(archive.root))]
    for path in archive.root.warc.glob("*.warc.gz*"):
        name = sealed_name(path.name)
        held = max(order.end_of(name) for order in orders)
        if not path.name.endswith(OPEN) and held < path.stat().st_size:
            yield name


def _published_checkpoints(archive: Archive) -> Iterator[Finding]:
    """Whether the log is as large as what lies elsewhere of it."""
    places = archive.config.log.publish
    if not places:
        yield Finding("published checkpoints", NOT_CHECKED, "none is published elsewhere")
        return
    seen = list(seen_elsewhere(archive))
    largest = max((one.checkpoint.size for one in seen), default=0)
    if largest > archive.log.size:
        found = f"one of {largest} entries was signed, and the log has {archive.log.size}"
        advice = "bring log/ back, or `muniment log succeed --reason …`"
        yield Finding("published checkpoints", FAILED, found, advice, damage=True)
    else:
        found = f"{number(len(seen), 'place')} of {len(places)}, the latest of {largest} entries"
        verdict = PASSED if len(seen) == len(places) else FAILED
        yield Finding("published checkpoints", verdict, found, "see that the places can be reached")


def _time_stamps(archive: Archive) -> Iterator[Finding]:
    """Whether outsiders stamped the log lately; a long gap lets its times be doubted."""
    configured = archive.config.authority
    if not configured:
        yield Finding("time stamps", NOT_CHECKED, "no authority is configured")
        return
    if all(authority.test for authority in configured):
        yield Finding("time stamps", NOT_CHECKED, "test authority, proves nothing")
        return
    waiting = [
        one for one in pending(archive.root) if one.authority in {a.name for a in configured}
    ]
    late = [one for one in waiting if _age(archive, one) > GAP_LIMIT]
    if late:
        found = (
            f"{number(len(late), 'stamp')} waiting for more than {span(GAP_LIMIT)}; {_why(late[0])}"
        )
        yield Finding("time stamps", FAILED, found, "see the reason; each order asks again")
        return
    if waiting:
        yield Finding("time stamps", PASSED, f"{len(waiting)} waiting; {_why(waiting[0])}")
    else:
        folders = stamp_folders(archive.root)
        yield Finding("time stamps", PASSED, f"{number(len(folders), 'checkpoint')}, none waits")


def _age(archive: Archive, waiting: Waiting) -> timedelta:
    made = (waiting.folder / "checkpoint").stat().st_mtime
    return timedelta(seconds=archive.clock().timestamp() - made)


def _why(waiting: Waiting) -> str:
    return f"{waiting.authority}: {waiting.last_reason}"


def _renewals(archive: Archive) -> Iterator[Finding]:
    """Whether a stamp's certificates end before anything was built upon it."""
    due = renewals_due(archive)
    if due:
        found = f"{number(len(due), 'stamp')} should be renewed, {due[0][0]} among them"
        advice = "name an authority in muniment.toml whose certificates last longer"
        yield Finding("renewals", FAILED, found, advice)
    else:
        yield Finding("renewals", PASSED, "no stamp's certificates end soon")


def _outside_clock(archive: Archive) -> Iterator[Finding]:
    """What time servers last said of this machine's clock."""
    if not archive.config.clock.servers:
        yield Finding("outside clock", NOT_CHECKED, "no time server is configured")
        return
    last: Told | None = None
    for last in events(archive.engine, CLOCK_CHECK):  # noqa: B007 - the last one is wanted
        pass
    offsets = [one["offset_ms"] for one in last.detail["servers"]] if last else []
    known = [offset for offset in offsets if offset is not None]
    if last is None or not known:
        yield Finding("outside clock", NOT_CHECKED, "no time server has answered yet")
        return
    off = min(known, key=abs)
    found = f"off by {-off:+d} ms on {moment(last.time)}"
    verdict = PASSED if abs(off) <= CLOCK_LIMIT / timedelta(milliseconds=1) else FAILED
    yield Finding("outside clock", verdict, found, "set the clock of this machine, keep it by NTP")


LOG_CHECKS: tuple[Callable[[Archive], Iterator[Finding]], ...] = (
    _log,
    _published_checkpoints,
    _time_stamps,
    _renewals,
    _outside_clock,
)
