"""`make bench`: measure this program beside its peers and write RESULTS.md."""

from __future__ import annotations

import argparse
import os
import platform
import re
import shutil
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from benchmarks import capture, ingest, log, search, synthetic, verify
from benchmarks.measure import table
from benchmarks.site import site

HERE = Path(__file__).parent
PACKAGES = ("scrapy", "twisted", "selectolax", "isal", "deflate", "blake3", "sqlalchemy")
PEERS = ("warcio", "fastwarc")
PROGRAMS = (
    ("nginx", "nginx", "-v"),
    ("wget", "wget", "--version"),
    ("OpenSSL", "openssl", "version"),
    ("gzip", "gzip", "--version"),
    ("coreutils", "sha256sum", "--version"),
)


def main(words: Sequence[str] | None = None) -> None:
    order = _order(words)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # as Python is, unless somebody set it
    cache = order.cache.resolve()
    work = cache / "bench"
    work.mkdir(parents=True, exist_ok=True)
    keep = work / "archive"
    load = os.getloadavg()[0]
    parts: list[str] = []
    small = site(work / f"pages-{order.pages}", order.pages)
    half = order.pages // 2
    whole = site(work / f"files-{half}-{half // 10}", half, half // 10)
    for title, place, kept in (("small pages", small, None), ("with attachments", whole, keep)):
        print(f"capture, {title}", flush=True)
        parts.append(
            f"## Capture: {title}\n\n{len(place.paths)} URLs, {place.size / 1e6:.0f} MB.\n\n"
            + capture.race(place, order.rounds, cache, kept)
        )
    print("verification", flush=True)
    verify.grow(keep, whole, work)
    parts.append("## Verification\n\n" + verify.race(keep, order.rounds, work))
    print("ingest and look-up", flush=True)
    root = synthetic.archive_of(work / f"captures-{order.captures}", order.captures)
    parts.append("## Ingest and look-up\n\n" + ingest.race(root, order.captures, work))
    print("the log", flush=True)
    parts.append(
        "## The log in a crawl: small pages\n\n" + log.crawl_race(small, order.rounds, work)
    )
    parts.append("## The log: audit and proofs\n\n" + log.audit_race(root, work))
    synthetic.remove(root)
    print("search", flush=True)
    found = work / f"texts-{order.texts}"
    parts.append("## Search\n\n" + search.race(found, order.texts))
    shutil.rmtree(found, ignore_errors=True)
    parts.insert(0, _machine(order, load))
    order.results.write_text("\n".join(parts))
    shutil.rmtree(keep, ignore_errors=True)
    print(f"written to {order.results}")


def _order(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    add = parser.add_argument
    add("--quick", action="store_true", help="a small site, one round, 20,000 captures")
    add(
        "--pages",
        type=int,
        default=5000,
        help="pages of the first site; the second has half, and an attachment to ten",
    )
    add("--captures", type=int, default=1_000_000, help="rows for ingest and look-up")
    add("--texts", type=int, default=50_000, help="texts for search")
    add("--rounds", type=int, default=5, help="alternating runs of each program")
    add("--cache", type=Path, default=HERE.parent / ".cache", help="folder on a real disk")
    add("--results", type=Path, default=HERE / "RESULTS.md")
    order = parser.parse_args(words)
    if order.quick:
        order.pages, order.captures, order.rounds = 100, 20_000, 1
        order.texts = 500
    return order


def _machine(order: argparse.Namespace, load: float) -> str:
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    rows = [
        ["machine", f"{os.cpu_count()} × {model[1] if model else platform.machine()}"],
        ["memory", f"{memory / 1e9:.0f} GB"],
        ["system", f"{_system()}, Linux {platform.release().split('-')[0]}"],
        ["Python", platform.python_version()],
        ["libraries", ", ".join(f"{name} {version(name)}" for name in PACKAGES)],
        ["peers", ", ".join(f"{name} {version(name)}" for name in PEERS)],
        ["programs", ", ".join(f"{name} {_version(*command)}" for name, *command in PROGRAMS)],
        ["muniment", _revision()],
        ["load before, after", f"{load:.1f}, {os.getloadavg()[0]:.1f}"],
    ]
    today = datetime.now(UTC).date()
    return (
        f"# Measured {today}\n\nMade by `make bench`; medians of {order.rounds} alternating runs of "
        "whole processes (least–most), throttle off, eight connections (wget: one), a real disk, "
        "nginx with one worker on the same machine. Peak memory is of the largest process of all "
        "runs. Wall clocks of a shared machine move by a fifth: read the ratios.\n\n"
        + table(["what", "is"], rows).replace("--:", "---")
    )


def _system() -> str:
    return platform.freedesktop_os_release().get("PRETTY_NAME", platform.system())


def _version(program: str, argument: str) -> str:
    found = shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if found is None:
        return "absent"
    done = subprocess.run([found, argument], capture_output=True, text=True, check=False)
    number = re.search(r"\d+(\.\d+)+\w*", done.stdout + done.stderr)
    return number[0] if number else "unknown"


def _revision() -> str:
    git = ["git", "-C", str(HERE), "describe", "--always", "--dirty"]
    done = subprocess.run(git, capture_output=True, text=True, check=False)
    return f"{version('muniment')} ({done.stdout.strip() or 'no revision'})"


if __name__ == "__main__":
    main()
