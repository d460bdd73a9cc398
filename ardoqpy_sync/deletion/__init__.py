"""Delete or mark what Ardoq holds and the source no longer has, within the delete guard."""
