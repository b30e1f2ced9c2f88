"""The transparency log and what is proved out of it, offline; each file format is a public standard."""
