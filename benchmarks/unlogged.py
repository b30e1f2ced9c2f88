"""`muniment` with its log switched off, which no user can do: `python -m benchmarks.unlogged …`."""

from __future__ import annotations

from cli import crawling, log_keeping
from cli.main import main

if __name__ == "__main__":
    setattr(crawling, "checkpoint_meanwhile", lambda _: None)  # noqa: B010 - replaced, for once
    setattr(log_keeping, "keep_log", lambda *_: None)  # noqa: B010
    main()
