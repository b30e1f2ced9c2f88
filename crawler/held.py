"""What earlier crawls hold of a URL, as the crawler may ask without knowing the catalog."""

from archive.held import Held, HeldCapture, NothingHeld

__all__ = ["Held", "HeldCapture", "NothingHeld"]
