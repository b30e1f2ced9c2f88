"""Is a quotation in a text, exactly, and where? Pure: nothing here reads a file or a database."""
