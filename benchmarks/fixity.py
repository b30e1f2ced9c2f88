"""`python -m benchmarks.fixity ARCHIVE DEPTH PROCESSES`: what `verify --all` does, in so many processes.

Prints the seconds that the check itself took, the reading of the catalog included.
"""

from __future__ import annotations

import gc
import sys
import time
from pathlib import Path

from archive.fixity import Depth, check_all
from archive.layout import ArchiveRoot


def main(folder: str, depth: str, processes: str) -> None:
    # As in `muniment verify`, the worker processes, which load this module too, go without these.
    from catalog.database import open_catalog  # noqa: PLC0415
    from catalog.fixity import expected_records  # noqa: PLC0415

    gc.freeze()  # as the command does once its modules are loaded
    started = time.perf_counter()
    root = ArchiveRoot.open(Path(folder))
    wanted = Depth(depth)
    expected = expected_records(open_catalog(root.catalog), layers=wanted is not Depth.STORED)
    checked = list(check_all(root.warc, expected, wanted, processes=int(processes)))
    assert sum(batch.records for batch in checked)
    assert not sum(batch.failed for batch in checked)
    print(time.perf_counter() - started)


if __name__ == "__main__":
    main(*sys.argv[1:])
