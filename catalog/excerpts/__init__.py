"""Excerpts: a stretch of an archived file as a picture, with what it takes to find and draw it again."""
