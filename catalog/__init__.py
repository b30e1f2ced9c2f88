"""What we hold and what happened to it: an index that can be rebuilt from the archive."""
