"""The wire: connections of our own that keep each exchange as it crossed them (design 5)."""
