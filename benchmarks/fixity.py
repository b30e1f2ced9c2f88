"""`python -m benchmarks.fixity ARCHIVE DEPTH PROCESSES`: what `verify --all` does, in so many processes.

Prints the seconds that the check itself took, the reading of the catalog included.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from archive.fixity import Depth, check_all
from archive.layout import ArchiveRoot
from catalog.database import open_catalog
from catalog.fixity import expected_records


def main(folder: str, depth: str, processes: str) -> None:
    started = time.perf_counter()
    root = ArchiveRoot.open(Path(folder))
    expected = expected_records(open_catalog(root.catalog))
    checked = list(check_all(root.warc, expected, Depth(depth), processes=int(processes)))
    assert sum(batch.records for batch in checked)
    assert not sum(batch.failed for batch in checked)
    print(time.perf_counter() - started)


if __name__ == "__main__":
    main(*sys.argv[1:])
