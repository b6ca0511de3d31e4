"""Logs of other programs, read as the events of a run: one file a format."""
