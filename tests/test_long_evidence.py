"""A package of a very large attachment takes no more memory than one of a small page."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.measure import run
from tests.package_judges import check_bag, exhibits
from tests.program import MUNIMENT, archive_of, muniment
from tests.test_long_memory import MIB, endless_site

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]


def test_an_attachment_of_a_gibibyte_takes_less_than_400_mib(tmp_path: Path) -> None:
    with endless_site(1) as (url, _):
        archive = archive_of(tmp_path / "archive", ("large", f"{url}/body/1024"))
        muniment(archive.path, "crawl", "large")
    order = [MUNIMENT, "-C", str(archive.path), "evidence", f"{url}/body/1024", "-o"]
    done = run([*order, str(tmp_path / "package")], tmp_path / "output")
    assert done.code == 0, (tmp_path / "output").read_text()
    print(f"1 GiB exhibit: peak {done.peak / MIB:.0f} MiB, {done.wall:.1f} s")
    (exhibit,) = exhibits(tmp_path / "package")
    assert (tmp_path / "package" / exhibit["content"]).stat().st_size == 1 << 30
    check_bag(tmp_path / "package")
    assert done.peak < 400 * MIB
