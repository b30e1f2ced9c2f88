"""The bytes, and what proves them: no database, no socket, no terminal, no clock."""
