"""RTF (version 1.9.1): paragraphs, cells, headers, notes, comments, boxes.

Text that tracked changes delete is out, as in `docx`. Pictures and objects are passed over unread.
"""

from __future__ import annotations

from importlib.metadata import version

from catalog.text.extraction import Extraction
from catalog.text.formats import Content
from catalog.text.rtf_reader import Reader

TOOL = f"muniment {version('muniment')}"
RECIPE = "rtf/1"


def extract(content: Content) -> Extraction:
    """Read an RTF file, which nothing in it can keep from being read to its end."""
    reader = Reader()
    reader.read(content.path.read_bytes())
    passages = tuple(reader.passages())
    return Extraction(
        tool=TOOL,
        recipe=RECIPE,
        passages=passages,
        code=None if passages else "no-text",
        detail=None if passages else "the document has no text",
        properties=tuple(reader.properties),
        links=tuple(reader.links),
    )
