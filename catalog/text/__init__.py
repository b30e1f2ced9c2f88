"""Text out of what ministries post: one file a format, none of them knows of a database."""
