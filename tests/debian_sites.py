"""Whole sites that somebody else wrote: the manuals in three Debian packages."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import warnings
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

from tests.shared import shared

Walk = tuple[dict[str, str], set[str], set[str], set[str], set[str]]
CACHE = Path(__file__).parent.parent / ".cache/sites"


@dataclass(frozen=True)
class DebianSite:
    package: str
    below: str
    start: str

    @property
    def root(self) -> Path:
        """Folder to serve. Skips the test where the package cannot be had."""
        return _unpacked(self.package) / self.below

    def walk(self) -> Walk:
        """What an independent walk counts: reachable, broken, redirects, listings, outside."""
        return _walk(self)


SITES = (
    DebianSite("sqlite3-doc", "usr/share/doc/sqlite3", "/index.html"),
    DebianSite("apache2-doc", "usr/share/doc/apache2-doc/manual", "/"),
    DebianSite("debian-handbook", "usr/share/doc/debian-handbook/html", "/zh-CN/index.html"),
)


def _unpacked(package: str) -> Path:
    folder = CACHE / package
    if folder.is_dir():
        return folder
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        pytest.skip("no Debian packages can be fetched here: apt-get or dpkg-deb is missing")
    downloads = CACHE / "packages"
    downloads.mkdir(parents=True, exist_ok=True)
    fetched = subprocess.run(
        ["apt-get", "download", package],
        check=False,
        cwd=downloads,
        capture_output=True,
        text=True,
        timeout=200,
    )
    files = list(downloads.glob(f"{package}_*.deb"))
    if fetched.returncode or not files:
        pytest.skip(f"the package {package} cannot be fetched: {fetched.stderr.strip()[-200:]}")
    partial = CACHE / f"{package}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    subprocess.run(["dpkg-deb", "-x", str(files[0]), str(partial)], check=True)
    partial.rename(folder)
    return folder


@cache
def _walk(site: DebianSite) -> Walk:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # it leaves the closing of files to Python
        found: Walk = _oracle().walk(str(site.root), site.start)
    return found


def _oracle() -> ModuleType:
    spec = importlib.util.spec_from_file_location("site_oracle", shared("tools/site_oracle.py"))
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
