"""Works and what they cite: reading bibliographies, and saying of each entry whether it holds."""
