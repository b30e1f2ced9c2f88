"""A simulated ministry: a deterministic site of postings that tests and the demo crawl and edit.

    ministry = Ministry(seed=7, postings=40)
    with ministry.serve() as url:
        ...                              # crawl url
        ministry.edit_clause(12, "须", "可")
        ...                              # crawl it again
    truth = dict(ministry.expected())    # path -> Answer: what a crawler must have found

All text is made here from small lists of words; the ministry and its programmes do not exist.
"""

from cli.ministry.answer import Answer
from cli.ministry.ministry import Ministry
from cli.ministry.postings import Attachment, Posting
from cli.ministry.server import Asked

__all__ = ["Answer", "Asked", "Attachment", "Ministry", "Posting"]
