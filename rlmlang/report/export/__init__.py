"""A run for other tools: one file a format, each a function from events to lines of text."""
